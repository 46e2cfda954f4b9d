import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { Checkpoint } from "../../../src/source/sync/checkpoint.ts";
import { type Interval, mergeIntervals } from "../../../src/source/sync/intervals.ts";

describe("merged intervals", () => {
  const intervals = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 })));

  test("hold the same instants, are disjoint, ascending and never touch", () => {
    fc.assert(
      fc.property(intervals, (spans) => {
        const merged = mergeIntervals(spans);
        const holds = (set: readonly Interval[], at: number) => set.some(([lo, hi]) => lo <= at && at < hi);
        const instants = Array.from({ length: 61 }, (_, at) => at);
        expect(instants.filter((at) => holds(merged, at) !== holds(spans, at))).toEqual([]);
        expect(merged.filter(([lo], i) => i > 0 && lo <= merged[i - 1]![1])).toEqual([]);
      }),
    );
  });
});

describe("a checkpoint", () => {
  test("promises exactly what is finished, in whatever order the slices finish", () => {
    const orders = fc.shuffledSubarray([...Array(12).keys()]);
    fc.assert(
      fc.property(orders, (order) => {
        const checkpoint = new Checkpoint(100);
        for (const index of order) checkpoint.finish(100 + index * 10, 110 + index * 10);
        const { cursor, ahead } = checkpoint.progress;
        let unbroken = 0;
        while (order.includes(unbroken)) unbroken++;
        expect(cursor).toBe(100 + unbroken * 10);
        const promised = (at: number) => at < cursor || ahead.some(([lo, hi]) => lo <= at && at < hi);
        for (let index = 0; index < 12; index++)
          expect(promised(105 + index * 10)).toBe(order.includes(index));
      }),
    );
  });

  test("takes up where an earlier attempt stopped", () => {
    const checkpoint = new Checkpoint(0, [
      [10, 20],
      [30, 40],
    ]);
    checkpoint.finish(0, 10);
    expect(checkpoint.progress).toEqual({ cursor: 20, ahead: [[30, 40]] });
    checkpoint.finish(20, 30);
    expect(checkpoint.progress).toEqual({ cursor: 40, ahead: [] });
  });

  test("does not promise what may still change behind it", () => {
    const checkpoint = new Checkpoint(0);
    checkpoint.finish(50, 100);
    checkpoint.finish(20, 30);
    expect(checkpoint.promise(90)).toEqual({
      cursor: 0,
      ahead: [
        [20, 30],
        [50, 90],
      ],
    });
    expect(checkpoint.promise(40)).toEqual({ cursor: 0, ahead: [[20, 30]] });
  });
});
