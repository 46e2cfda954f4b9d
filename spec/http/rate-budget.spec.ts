import { setImmediate } from "node:timers/promises";

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { type RateBudget, slidingWindowBudget, tokenBucketBudget } from "../../src/http/rate-budget.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

/** Takes `count` times at once, and says when each got through (ms since the start), in the order of the asking. */
async function takeAll(clock: VirtualClock, budget: RateBudget, count: number): Promise<number[]> {
  const start = clock.now();
  return clock.passUntil(
    Promise.all(
      Array.from({ length: count }, async () => {
        await budget.take();
        return clock.now() - start;
      }),
    ),
  );
}

/** The largest number of instants in any half-open span of this length. */
function mostInAnySpan(instants: readonly number[], length: number): number {
  return Math.max(
    0,
    ...instants.map((from) => instants.filter((at) => at >= from && at < from + length).length),
  );
}

/** When requests arrive: after so many milliseconds of nothing, so many at once. */
const arrivals = fc.array(
  fc.record({ after: fc.integer({ min: 0, max: 90_000 }), count: fc.integer({ min: 1, max: 8 }) }),
  { minLength: 1, maxLength: 10 },
);

async function play(
  clock: VirtualClock,
  budget: RateBudget,
  groups: readonly { after: number; count: number }[],
): Promise<number[]> {
  const passed: number[] = [];
  const order: number[] = [];
  const takes: Promise<void>[] = [];
  for (const { after, count } of groups) {
    await clock.pass(after);
    for (let i = 0; i < count; i++) {
      const place = takes.length;
      takes.push(
        budget.take().then(() => {
          passed.push(clock.now());
          order.push(place);
        }),
      );
    }
  }
  await clock.passUntil(Promise.all(takes));
  expect(order).toEqual([...order.keys()]);
  return passed;
}

describe("a sliding window", () => {
  const make = (clock: VirtualClock) => slidingWindowBudget({ limit: 3, windowMs: 60_000, clock });

  test("lets so many through at once, and the next ones when the window has moved on", async () => {
    const clock = new VirtualClock();
    expect(await takeAll(clock, make(clock), 7)).toEqual([0, 0, 0, 60_000, 60_000, 60_000, 120_000]);
  });

  test("never lets more than its limit through in any span, and serves in order, whatever comes when", async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async (groups) => {
        const clock = new VirtualClock();
        const passed = await play(clock, make(clock), groups);
        expect(mostInAnySpan(passed, 60_000)).toBeLessThanOrEqual(3);
      }),
      { numRuns: 60 },
    );
  });

  test("makes nobody wait while there is room", async () => {
    const clock = new VirtualClock();
    const budget = make(clock);
    for (let i = 0; i < 10; i++) {
      await budget.take();
      await clock.pass(20_001);
    }
    expect(clock.slept).toEqual([]);
  });

  test("is not frozen when the system's clock is set back", async () => {
    const clock = new VirtualClock();
    const budget = make(clock);
    await takeAll(clock, budget, 3);
    clock.jumpTo(clock.now() - 3_600_000);
    expect(await takeAll(clock, budget, 1)).toEqual([60_000]);
  });
});

describe("a token bucket", () => {
  const make = (clock: VirtualClock) => tokenBucketBudget({ perSecond: 10, burst: 3, clock });

  test("lets its burst through at once, and the next ones one by one", async () => {
    const clock = new VirtualClock();
    expect(await takeAll(clock, make(clock), 7)).toEqual([0, 0, 0, 100, 200, 300, 400]);
  });

  test("has its burst again after a pause, and not more after a long one", async () => {
    const clock = new VirtualClock();
    const budget = make(clock);
    await takeAll(clock, budget, 3);
    await clock.pass(3_600_000);
    expect(await takeAll(clock, budget, 5)).toEqual([0, 0, 0, 100, 200]);
  });

  test("never lets more than burst and rate through in any span, and serves in order", async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, fc.integer({ min: 50, max: 5000 }), async (groups, span) => {
        const clock = new VirtualClock();
        const passed = await play(
          clock,
          make(clock),
          groups.map(({ after, count }) => ({ after: after % 400, count })),
        );
        expect(mostInAnySpan(passed, span)).toBeLessThanOrEqual(3 + Math.ceil(span / 100));
      }),
      { numRuns: 60 },
    );
  });

  test("keeps to a rate below one a second", async () => {
    const clock = new VirtualClock();
    const budget = tokenBucketBudget({ perSecond: 0.5, burst: 1, clock });
    expect(await takeAll(clock, budget, 3)).toEqual([0, 2000, 4000]);
  });

  test("gives nothing away when the system's clock is set back", async () => {
    const clock = new VirtualClock();
    const budget = make(clock);
    await takeAll(clock, budget, 3);
    clock.jumpTo(clock.now() - 3_600_000);
    expect(await takeAll(clock, budget, 2)).toEqual([100, 200]);
  });
});

describe("a pause", () => {
  test("holds everybody back until its end, also those who wait already", async () => {
    const clock = new VirtualClock();
    const budget = slidingWindowBudget({ limit: 2, windowMs: 10_000, clock });
    const start = clock.now();
    await takeAll(clock, budget, 2);
    const waiting = budget.take();
    await setImmediate();
    expect(clock.sleepers).toBe(1);
    budget.pauseUntil(start + 45_000);
    await clock.passUntil(waiting);
    expect(clock.now() - start).toBe(45_000);
  });

  test("is never shortened by a later, shorter one", async () => {
    const clock = new VirtualClock();
    const budget = slidingWindowBudget({ limit: 5, windowMs: 10_000, clock });
    budget.pauseUntil(clock.now() + 30_000);
    budget.pauseUntil(clock.now() + 1000);
    expect(await takeAll(clock, budget, 1)).toEqual([30_000]);
  });
});

describe("who waits", () => {
  test("is told until when, also behind others in the queue", async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const budget = slidingWindowBudget({ limit: 1, windowMs: 60_000, clock });
    const told: [string, number][] = [];
    const take = (name: string) => budget.take(undefined, (until) => told.push([name, until - start]));
    await take("first");
    const others = [take("second"), take("third")];
    await setImmediate();
    others.push(take("fourth"));
    expect(told).toEqual([
      ["second", 60_000],
      ["third", 60_000],
      ["fourth", 60_000],
    ]);
    await clock.passUntil(Promise.all(others));
    expect(told.slice(3)).toEqual([
      ["third", 120_000],
      ["fourth", 180_000],
    ]);
  });

  test("may leave: it ends with the signal's reason, uses nothing up and blocks nobody", async () => {
    const clock = new VirtualClock();
    const budget = slidingWindowBudget({ limit: 1, windowMs: 60_000, clock });
    await budget.take();
    const first = new AbortController();
    const behind = new AbortController();
    const sleeping = budget.take(first.signal);
    const queued = budget.take(behind.signal);
    const last = budget.take();
    await setImmediate();
    behind.abort(new Error("queued leaves"));
    await expect(queued).rejects.toThrow("queued leaves");
    first.abort(new Error("first leaves"));
    await expect(sleeping).rejects.toThrow("first leaves");
    const start = clock.now();
    await clock.passUntil(last);
    expect(clock.now() - start).toBe(60_000);
  });

  test("is not let in with a signal that was aborted before", async () => {
    const clock = new VirtualClock();
    const budget = slidingWindowBudget({ limit: 1, windowMs: 60_000, clock });
    await expect(budget.take(AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
    expect(await takeAll(clock, budget, 1)).toEqual([0]);
  });
});
