import { type Clock } from "../../http/clock.ts";
import { type AirbyteJobs } from "../coalescer/airbyte.ts";
import { type Effect, type Note } from "../coalescer/inputs.ts";
import { type Applied, type Connection } from "../store/connection.ts";
import { type SharedLimits, type Slot } from "../store/shared-limits.ts";
import { type Store } from "../store/store.ts";
import { callAirbyte } from "./call-airbyte.ts";

export interface DispatcherOptions {
  store: Pick<Store, "take" | "apply" | "acquireSlot" | "releaseSlot">;
  airbyte: AirbyteJobs;
  clock: Clock;
  /** Names this replica in claims; must differ between replicas, and between two lives of one. */
  owner: string;
  limits: SharedLimits;
  /** Between two questions to the store whether there is something to do, ms. Default 1000. */
  tick?: number | undefined;
  /** Told of everything that happens to connections, after it has been kept. */
  onNote?: ((connection: Connection, note: Note) => void) | undefined;
  /** Told of errors that nobody expects, and of a store that can't be reached. The dispatcher goes on. */
  onError?: ((error: unknown) => void) | undefined;
}

interface PendingCall {
  readonly connection: Connection;
  readonly effect: Extract<Effect, { type: "call" }>;
}

const TICK = 1000;

/**
 * Takes connections that are due from the store, asks Airbyte what the coalescer wants to know, and reports what it
 * said. Holds no state of its own: any number may run, and any may die at any point.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #tick: number;
  readonly #stopping = new AbortController();
  /** Ends the requests in flight. */
  readonly #abandon = new AbortController();
  readonly #naps = new Set<AbortController>();
  #workers: Promise<unknown> | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#tick = options.tick ?? TICK;
  }

  start(): void {
    const workers = Array.from({ length: this.#options.limits.concurrency }, () => this.#work());
    this.#workers ??= Promise.all(workers);
  }

  /** Looks at once whether there is something to do, instead of at the next tick. */
  wake(): void {
    for (const nap of this.#naps) nap.abort();
  }

  /**
   * Takes nothing new, and resolves when the requests in flight have been answered, or `drain` ms have passed. What
   * was not answered then is reported as such, so another replica needn't wait for the lease. Never cancels a job.
   */
  async stop(drain: number): Promise<void> {
    this.#stopping.abort();
    const over = new AbortController();
    const timer = this.#options.clock.sleep(drain, over.signal).then(
      () => {
        this.#abandon.abort(new Error("the relay was stopped"));
      },
      () => undefined,
    );
    await this.#workers;
    over.abort();
    await timer;
  }

  /** Does what there is to do at one connection; false if there is nothing, or Airbyte has requests enough. */
  async workOnce(): Promise<boolean> {
    const { store, owner } = this.#options;
    const [taken] = await store.take(owner, 1);
    if (taken === undefined) return false;
    let pending = this.#next(taken);
    if (pending === undefined) return true;
    const slot = await this.#slot(pending);
    if (slot === undefined) return false;
    try {
      for (; pending !== undefined; pending = await this.#run(pending));
    } finally {
      await store.releaseSlot(slot);
    }
    return true;
  }

  async #work(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      let isBusy = false;
      try {
        isBusy = await this.workOnce();
      } catch (error) {
        this.#options.onError?.(error);
      }
      if (!isBusy) await this.#nap();
    }
  }

  async #nap(): Promise<void> {
    const nap = new AbortController();
    this.#naps.add(nap);
    try {
      await this.#options.clock.sleep(this.#tick, AbortSignal.any([nap.signal, this.#stopping.signal]));
    } catch {
      // Woken.
    } finally {
      this.#naps.delete(nap);
    }
  }

  async #run({ connection, effect }: PendingCall): Promise<PendingCall | undefined> {
    const { airbyte, store, clock, onError } = this.#options;
    const { call, fence } = effect;
    const { connectionId } = connection;
    // Tries that follow each other, and a token that comes late, must not take a request beyond its lease.
    const late = new AbortController();
    const over = new AbortController();
    const signal = AbortSignal.any([this.#abandon.signal, late.signal]);
    void clock.sleep(effect.lease, over.signal).then(
      () => {
        late.abort(new Error("its lease ended"));
      },
      () => undefined,
    );
    const answer = await callAirbyte(airbyte, connectionId, call, fence, { signal, clock, onError });
    over.abort();
    const applied = await store.apply(connectionId, answer);
    return applied === undefined ? undefined : this.#next(applied);
  }

  /** Passes on what has happened, and returns the next request to Airbyte if there is one. */
  #next({ connection, effects }: Applied): PendingCall | undefined {
    let pending: PendingCall | undefined;
    for (const effect of effects) {
      if (effect.type === "note") this.#options.onNote?.(connection, effect.note);
      if (effect.type === "call") pending = { connection, effect };
    }
    return pending;
  }

  /** A place for a request in flight. Gives the claim back when there is none in good time, or the relay stops. */
  async #slot({ connection, effect }: PendingCall): Promise<Slot | undefined> {
    const { store, clock, owner, limits } = this.#options;
    const { connectionId } = connection;
    const giveUpAt = clock.now() + effect.lease / 2;
    for (let hasWaited = false; ; hasWaited = true) {
      const slot = await store.acquireSlot(owner, limits);
      if (slot !== undefined) {
        if (!hasWaited) return slot;
        // The request must not outlive the lease by the time that was spent waiting.
        const renewed = await store.apply(connectionId, { type: "renew", fence: effect.fence });
        if (renewed !== undefined && renewed.effects.length > 0) return slot;
        await store.releaseSlot(slot);
        return undefined;
      }
      if (this.#stopping.signal.aborted || clock.now() >= giveUpAt) {
        await store.apply(connectionId, { type: "release", fence: effect.fence });
        return undefined;
      }
      await this.#nap();
    }
  }
}
