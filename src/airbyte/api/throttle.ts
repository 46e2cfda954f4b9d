import { type Clock } from "../../http/clock.ts";
import { AirbyteApiError } from "./errors.ts";

/** Airbyte's 429 is an operator's switch against one user, and deliberately names no time. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 900_000;

/** Keeps all requests back for a while after Airbyte has answered 429, longer each time in a row. */
export class Throttle {
  readonly #clock: Clock;
  #untilMs = 0;
  #refusals = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws AirbyteApiError `throttled` during a pause */
  check(): void {
    if (this.#isPaused(this.#clock.now())) throw this.#refusal();
  }

  /**
   * @param retryAfterMs what a gateway in between may have asked for
   * @returns the error to throw
   */
  refused(retryAfterMs: number | undefined): AirbyteApiError {
    const now = this.#clock.now();
    // Requests that were under way when the pause began are refused too, and must not make it longer.
    if (!this.#isPaused(now)) {
      const usual = Math.min(FIRST_PAUSE_MS * 2 ** this.#refusals, LONGEST_PAUSE_MS);
      this.#refusals++;
      this.#untilMs = now + Math.min(Math.max(retryAfterMs ?? 0, usual), LONGEST_PAUSE_MS);
    }
    return this.#refusal();
  }

  accepted(): void {
    this.#refusals = 0;
  }

  #isPaused(now: number): boolean {
    const leftMs = this.#untilMs - now;
    // A pause that ends later than any pause can is one from before the clock was set back.
    return leftMs > 0 && leftMs <= LONGEST_PAUSE_MS;
  }

  #refusal(): AirbyteApiError {
    return new AirbyteApiError(
      "throttled",
      `Airbyte is limiting this user's requests (429); next try at ${new Date(this.#untilMs).toISOString()}`,
      { untilMs: this.#untilMs },
    );
  }
}
