import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { coverSpans } from "../../../src/source/sync/erasure-windows.ts";
import { type Interval, mergeIntervals } from "../../../src/source/sync/intervals.ts";

const span = fc
  .tuple(fc.nat({ max: 5000 }), fc.integer({ min: 1, max: 400 }))
  .map(([lo, width]): Interval => [lo, lo + width]);

describe("the windows of erased conversations", () => {
  test("hold every instant of them, each once, and are never too wide", () => {
    fc.assert(
      fc.property(fc.array(span, { maxLength: 60 }), fc.integer({ min: 1, max: 500 }), (spans, width) => {
        const windows = coverSpans(spans, width);
        const wrong = windows.filter(
          ([lo, hi], index) => hi <= lo || hi - lo > width || lo < (windows[index - 1]?.[1] ?? 0),
        );
        expect(wrong).toEqual([]);
        const merged = mergeIntervals(spans);
        const covered = merged.map(([lo, hi]) =>
          mergeIntervals(windows.map(([from, to]): Interval => [Math.max(from, lo), Math.min(to, hi)])),
        );
        expect(covered).toEqual(merged.map((each) => [each]));
      }),
    );
  });

  test("are no more than one pass over their months takes, wherever its windows begin", () => {
    fc.assert(
      fc.property(
        fc.array(span, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 10, max: 500 }),
        fc.nat(),
        (spans, width, offset) => {
          const first = -(offset % width);
          const touched = new Set<number>();
          for (const [lo, hi] of spans) {
            const to = Math.floor((hi - 1 - first) / width);
            for (let at = Math.floor((lo - first) / width); at <= to; at++) touched.add(at);
          }
          expect(coverSpans(spans, width).length).toBeLessThanOrEqual(touched.size);
        },
      ),
    );
  });
});
