import { type Interval, mergeIntervals } from "./intervals.ts";

/**
 * The fewest windows of at most `maxWidth` ms that hold all of the spans: disjoint, ascending, each beginning and ending
 * with what it is read for. However many spans there are, they cost no more requests than one pass over their months.
 *
 * @param spans half-open, ms UTC, in any order
 */
export function coverSpans(spans: Iterable<Interval>, maxWidth: number): Interval[] {
  const windows: [number, number][] = [];
  for (const [lo, hi] of mergeIntervals(spans)) {
    let from = lo;
    const last = windows.at(-1);
    if (last !== undefined && last[0] + maxWidth > from) {
      last[1] = Math.min(hi, last[0] + maxWidth);
      from = last[1];
    }
    for (; from < hi; from += maxWidth) windows.push([from, Math.min(hi, from + maxWidth)]);
  }
  return windows;
}
