import { abortable } from "./abortable.ts";
import { type Clock } from "./clock.ts";

/** How many requests an API allows in a time, shared by all who ask it. */
export interface RateBudget {
  /**
   * Resolves when a request may be sent; waiters are served in the order in which they came.
   *
   * @param onWait told the time (ms UTC) at which the wait will probably end, if there is one; who has others before
   *   it in the queue is told when the first of them may go, and again when its own turn has come
   * @throws the signal's reason; an aborted waiter uses up nothing
   */
  take(signal?: AbortSignal, onWait?: (untilMs: number) => void): Promise<void>;
  /** Lets nobody through before this instant (ms UTC), because the API has said so. */
  pauseUntil(instant: number): void;
  /** Length of the API's window, ms: how long to wait when it refuses and doesn't say for how long. */
  readonly windowMs: number;
}

/** At most `limit` requests in any span of `windowMs`. */
export function slidingWindowBudget(options: { limit: number; windowMs: number; clock: Clock }): RateBudget {
  const { limit, windowMs, clock } = options;
  const taken: number[] = [];
  return new QueuedBudget(clock, windowMs, {
    freeAt: (now) => {
      while (taken[0] !== undefined && taken[0] <= now - windowMs) taken.shift();
      // The system's clock may have been set back meanwhile: not a wait until it gets there again.
      for (let last = taken.length - 1; last >= 0 && (taken[last] ?? now) > now; last--) taken[last] = now;
      const oldest = taken.at(-limit);
      return oldest === undefined ? now : oldest + windowMs;
    },
    take: (now) => taken.push(now),
  });
}

/** `perSecond` requests a second on average, and `burst` at once after a pause. */
export function tokenBucketBudget(options: { perSecond: number; burst: number; clock: Clock }): RateBudget {
  const { perSecond, burst, clock } = options;
  let tokens = burst;
  let filledAt = clock.now();
  const fill = (now: number) => {
    tokens = Math.min(burst, tokens + (Math.max(0, now - filledAt) * perSecond) / 1000);
    filledAt = now;
  };
  return new QueuedBudget(clock, 1000, {
    freeAt: (now) => {
      fill(now);
      // A hair less than a whole token: sums of fractions don't reach 1 exactly.
      return tokens > 1 - 1e-9 ? now : now + Math.ceil(((1 - tokens) * 1000) / perSecond);
    },
    take: () => (tokens = Math.max(0, tokens - 1)),
  });
}

interface Allowance {
  /** When the next request may go, ms UTC; `now` or earlier means at once. */
  freeAt(now: number): number;
  take(now: number): unknown;
}

interface Waiter {
  tell: ((untilMs: number) => void) | undefined;
  isTold: boolean;
}

/** Tells somebody in the queue once that the first in it waits. */
function tell(waiter: Waiter, untilMs: number, now: number): void {
  if (waiter.isTold || untilMs <= now) return;
  waiter.isTold = true;
  waiter.tell?.(untilMs);
}

class QueuedBudget implements RateBudget {
  readonly windowMs: number;
  readonly #clock: Clock;
  readonly #allowance: Allowance;
  #pausedUntil = 0;
  /** Who has asked and not got through yet, the first in the queue included. */
  readonly #queue = new Set<Waiter>();
  /** When the first in the queue may probably go, ms UTC. */
  #firstFree = 0;
  #last: Promise<undefined> = Promise.resolve(undefined);

  constructor(clock: Clock, windowMs: number, allowance: Allowance) {
    this.#clock = clock;
    this.windowMs = windowMs;
    this.#allowance = allowance;
  }

  async take(signal?: AbortSignal, onWait?: (untilMs: number) => void): Promise<void> {
    const before = this.#last;
    const turn = Promise.withResolvers<undefined>();
    this.#last = before.then(() => turn.promise);
    const waiter: Waiter = { tell: onWait, isTold: false };
    if (this.#queue.size > 0) tell(waiter, this.#firstFree, this.#clock.now());
    this.#queue.add(waiter);
    try {
      await abortable(before, signal);
      for (;;) {
        signal?.throwIfAborted();
        const now = this.#clock.now();
        const free = Math.max(this.#allowance.freeAt(now), this.#pausedUntil);
        if (free <= now) {
          this.#allowance.take(now);
          return;
        }
        this.#firstFree = free;
        onWait?.(free);
        waiter.isTold = true;
        for (const behind of this.#queue) tell(behind, free, now);
        await this.#clock.sleep(free - now, signal);
      }
    } finally {
      this.#queue.delete(waiter);
      turn.resolve(undefined);
    }
  }

  pauseUntil(instant: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, instant);
  }
}
