import { type Clock } from "../../http/clock.ts";
import { type RateBudget } from "../../http/rate-budget.ts";
import { type SharedLimits } from "../store/shared-limits.ts";
import { type Store } from "../store/store.ts";

/** Airbyte's request budget as the HTTP client knows budgets, kept in the store for all replicas. */
export class SharedRateBudget implements RateBudget {
  readonly windowMs = 1000;
  readonly #store: Pick<Store, "takeRequest" | "pauseUntil">;
  readonly #limits: SharedLimits;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #pausedUntil = 0;

  constructor(options: {
    store: Pick<Store, "takeRequest" | "pauseUntil">;
    limits: SharedLimits;
    clock: Clock;
    /** Told when the other replicas could not be told of a pause. */
    onError: (error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#onError = options.onError;
  }

  async take(signal?: AbortSignal, onWait?: (untilMs: number) => void): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const now = this.#clock.now();
      const wait = Math.max(this.#pausedUntil - now, await this.#store.takeRequest(this.#limits));
      if (wait <= 0) return;
      onWait?.(now + wait);
      await this.#clock.sleep(wait, signal);
    }
  }

  pauseUntil(instant: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, instant);
    this.#store.pauseUntil(Math.ceil(instant)).catch(this.#onError);
  }
}
