import { setImmediate } from "node:timers/promises";

import { type Clock } from "../../src/http/clock.ts";

interface Sleeper {
  until: number;
  wake: () => void;
}

/** A clock that stands still until the test lets time pass. Sleepers wake in the order of their instants. */
export class VirtualClock implements Clock {
  /** Lengths of all sleeps that were asked for, ms. */
  readonly slept: number[] = [];
  #now: number;
  #sleepers: Sleeper[] = [];

  constructor(now = Date.UTC(2025, 0, 1)) {
    this.#now = now;
  }

  get sleepers(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    await new Promise<void>((resolve, reject) => {
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  /** Sets the clock without waking anybody, as a change of the system's time does. */
  jumpTo(instant: number): void {
    this.#now = instant;
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await setImmediate();
      this.#sleepers.sort((a, b) => a.until - b.until);
      const next = this.#sleepers[0];
      if (next === undefined || next.until > end) break;
      this.#sleepers.shift();
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
    this.#now = end;
  }

  /** Lets time pass, as much as needed, until the promise is settled. */
  async passUntil<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    settled.catch(() => undefined);
    for (;;) {
      await setImmediate();
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- changed by the callback
      if (isSettled) return settled;
      const next = this.#sleepers.sort((a, b) => a.until - b.until).shift();
      if (next === undefined) continue;
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
  }
}
