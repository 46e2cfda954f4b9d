import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { type Interval, mergeIntervals } from "../../../src/source/sync/intervals.ts";
import { NARROWEST_WINDOW_MS, type Slice, SlicePlanner } from "../../../src/source/sync/slice-planner.ts";

const DAY = 86_400_000;

function all(planner: SlicePlanner): Slice[] {
  return [
    ...{
      *[Symbol.iterator]() {
        for (let slice = planner.next(); slice !== undefined; slice = planner.next()) yield slice;
      },
    },
  ];
}

const instant = fc.integer({ min: 0, max: 4_000_000_000_000 });
const range = fc
  .tuple(instant, fc.integer({ min: 1, max: 4000 * DAY }))
  .map(([start, length]) => ({ start, end: start + length }));

describe("slices", () => {
  test("tile the range without gap or overlap, none wider than asked", () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 90 }), ({ start, end }, days) => {
        const slices = all(new SlicePlanner({ start, end, maxWidth: days * DAY, done: [] }));
        expect(slices[0]!.lo).toBe(start);
        expect(slices.at(-1)!.hi).toBe(end);
        const wrong = slices.filter(
          ({ lo, hi }, i) => hi <= lo || hi - lo > days * DAY || (i > 0 && lo !== slices[i - 1]!.hi),
        );
        expect(wrong).toEqual([]);
      }),
    );
  });

  test("leave out exactly what is done", () => {
    const done = fc.array(fc.tuple(instant, fc.integer({ min: 1, max: 400 * DAY })), { maxLength: 5 });
    fc.assert(
      fc.property(range, done, ({ start, end }, spans) => {
        const ahead = mergeIntervals(spans.map(([lo, length]): Interval => [lo, lo + length]));
        const slices = all(new SlicePlanner({ start, end, maxWidth: 31 * DAY, done: ahead }));
        const again = slices.filter(({ lo, hi }) => ahead.some(([from, to]) => from < hi && lo < to));
        expect(again).toEqual([]);
        const together = mergeIntervals([...slices.map(({ lo, hi }): Interval => [lo, hi]), ...ahead]);
        expect(together.some(([lo, hi]) => lo <= start && hi >= end)).toBe(true);
      }),
    );
  });

  test("don't notice a change of the clocks: all of it is UTC milliseconds", () => {
    const start = Date.UTC(2024, 2, 30);
    const slices = all(new SlicePlanner({ start, end: start + 3 * DAY, maxWidth: DAY, done: [] }));
    expect(slices.map(({ lo }) => new Date(lo).toISOString())).toEqual([
      "2024-03-30T00:00:00.000Z",
      "2024-03-31T00:00:00.000Z",
      "2024-04-01T00:00:00.000Z",
    ]);
  });

  test("of an empty range are none", () => {
    expect(new SlicePlanner({ start: 5, end: 5, maxWidth: DAY, done: [] }).next()).toBeUndefined();
    expect(new SlicePlanner({ start: 9, end: 5, maxWidth: DAY, done: [] }).next()).toBeUndefined();
  });
});

describe("a slice that proved too large", () => {
  test("is halved without gap or overlap", () => {
    const width = fc.integer({ min: 2 * NARROWEST_WINDOW_MS, max: 31 * DAY });
    fc.assert(
      fc.property(instant, width, (lo, length) => {
        const planner = new SlicePlanner({ start: lo, end: lo + 2 * length, maxWidth: length, done: [] });
        const slice = planner.next()!;
        planner.shrink(slice);
        const [first, second] = planner.divide(slice);
        expect([first.lo, first.hi, second.hi]).toEqual([slice.lo, second.lo, slice.hi]);
        for (const { lo: from, hi: to } of [first, second]) {
          expect(to).toBeGreaterThan(from);
          expect(to - from).toBeLessThanOrEqual(planner.width);
        }
      }),
    );
  });

  test("makes the next ones as small", () => {
    const planner = new SlicePlanner({ start: 0, end: 100 * DAY, maxWidth: 31 * DAY, done: [] });
    planner.shrink(planner.next()!);
    expect(planner.next()).toEqual({ lo: 31 * DAY, hi: 31 * DAY + 15.5 * DAY });
  });

  test("is not divided for ever", () => {
    const planner = new SlicePlanner({ start: 0, end: 31 * DAY, maxWidth: 31 * DAY, done: [] });
    let slice = planner.next()!;
    let divisions = 0;
    while (planner.canDivide(slice)) {
      planner.shrink(slice);
      slice = planner.divide(slice)[1]!;
      divisions++;
    }
    expect(slice.hi - slice.lo).toBeGreaterThanOrEqual(NARROWEST_WINDOW_MS / 2);
    expect(divisions).toBe(15);
  });

  test("makes the slices grow again after some that went well, and after more once that proved wrong", () => {
    const planner = new SlicePlanner({ start: 0, end: 1000 * DAY, maxWidth: 32 * DAY, done: [] });
    const full = () => ({ lo: 0, hi: planner.width });
    const successesUntilGrowth = () => {
      const { width } = planner;
      let successes = 0;
      while (planner.width === width) {
        planner.succeeded(full());
        successes++;
      }
      return successes;
    };
    for (let times = 0; times < 4; times++) planner.shrink(full());
    expect(planner.width).toBe(2 * DAY);
    expect(successesUntilGrowth()).toBe(2);
    planner.shrink(full());
    expect(successesUntilGrowth()).toBe(4);
    for (let times = 0; times < 300; times++) planner.succeeded({ lo: 0, hi: DAY });
    expect(planner.width).toBe(4 * DAY);
    for (let times = 0; times < 300; times++) planner.succeeded(full());
    expect(planner.width).toBe(32 * DAY);
  });
});
