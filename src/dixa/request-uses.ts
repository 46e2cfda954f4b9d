import { type Wait } from "../http/request.ts";

/**
 * Counts how often Dixa may have answered one request: as often as it was sent, but for what a rate limit refused. What
 * was not heard may have been answered all the same, and may have used up a page key that is good for one use.
 */
export class RequestUses {
  count = 0;
  #isRefused = false;

  /** The request is about to leave. */
  requested(): void {
    if (!this.#isRefused) this.count++;
    this.#isRefused = false;
  }

  /** The request has to wait. */
  waiting({ reason }: Wait): void {
    if (reason === "rate_limited") this.#isRefused = true;
  }
}
