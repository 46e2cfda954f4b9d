/** A half-open span `[lo, hi)` of cursor values in milliseconds since the Unix epoch, UTC. */
export type Interval = readonly [lo: number, hi: number];

/** The same set of instants as disjoint, non-touching intervals in ascending order; empty ones vanish. */
export function mergeIntervals(intervals: Iterable<Interval>): Interval[] {
  const sorted = [...intervals].filter(([lo, hi]) => lo < hi).sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [lo, hi] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && lo <= last[1]) last[1] = Math.max(last[1], hi);
    else merged.push([lo, hi]);
  }
  return merged;
}

/** The instants that are in both, each given as disjoint intervals in ascending order. */
export function intersectIntervals(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const shared = a.flatMap(([lo, hi]) =>
    b.map(([from, to]): Interval => [Math.max(lo, from), Math.min(hi, to)]),
  );
  return mergeIntervals(shared);
}
