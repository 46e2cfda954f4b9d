import { type Interval, mergeIntervals } from "./intervals.ts";

/** How far a stream is: all of `[…, cursor)` is out, and so are the intervals of `ahead`. All in ms UTC. */
export interface Progress {
  readonly cursor: number;
  /** Finished slices beyond the first unfinished one: disjoint, ascending, all above `cursor`. */
  readonly ahead: readonly Interval[];
}

/** What a stream's STATE messages say: the unbroken run of finished slices, and those that finished early. */
export class Checkpoint {
  #cursor: number;
  #ahead: Interval[];

  /** @param start first instant that this sync reads; everything before it counts as out */
  constructor(start: number, ahead: readonly Interval[] = []) {
    this.#cursor = start;
    this.#ahead = [];
    this.#absorb(ahead);
  }

  get progress(): Progress {
    return { cursor: this.#cursor, ahead: this.#ahead };
  }

  /** Notes that every row of `[lo, hi)` has been put out. */
  finish(lo: number, hi: number): void {
    this.#absorb([[lo, hi]]);
  }

  /**
   * What may be promised to the next sync. Rows near the end of a sync may still show up late, and a slice in
   * `ahead` is never read again, so `ahead` stops at `settled`; the part after it is read again.
   *
   * @param settled the sync's end less the lookback, ms UTC
   */
  promise(settled: number): Progress {
    const ahead = this.#ahead
      .map(([lo, hi]): Interval => [lo, Math.min(hi, settled)])
      .filter(([lo, hi]) => lo < hi);
    return { cursor: this.#cursor, ahead };
  }

  #absorb(intervals: readonly Interval[]): void {
    const merged = mergeIntervals([...this.#ahead, ...intervals]);
    while (merged[0] !== undefined && merged[0][0] <= this.#cursor) {
      this.#cursor = Math.max(this.#cursor, merged[0][1]);
      merged.shift();
    }
    this.#ahead = merged;
  }
}
