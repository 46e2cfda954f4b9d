import { type Clock } from "../../src/http/clock.ts";

/** A clock that stands still until it is told otherwise, and on which every sleep is over at once; it notes how long each would have been (ms). */
export class SkippingClock implements Clock {
  readonly slept: number[] = [];
  #now: number;

  constructor(now = Date.UTC(2025, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** @param ms may be negative: clocks are set back, too */
  advance(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    this.slept.push(ms);
    this.#now += ms;
    return Promise.resolve();
  }
}
