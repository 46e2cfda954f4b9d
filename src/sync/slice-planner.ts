import { type Interval } from "./intervals.ts";

/** One piece of a stream that is read by one request, or one run of pages: rows with `lo ≤ cursor < hi`, ms UTC. */
export interface Slice {
  readonly lo: number;
  readonly hi: number;
}

/** A window narrower than this is not halved any more (ms). */
export const NARROWEST_WINDOW_MS = 60_000;
/** So many slices in a row must go well before the width grows again. */
const SUCCESSES_TO_GROW = 3;

export interface SlicePlan {
  /** First instant to read, ms UTC. */
  start: number;
  /** First instant not to read, ms UTC. */
  end: number;
  /** Widest slice that the API accepts, ms. */
  maxWidth: number;
  /** What an earlier attempt has already put out. */
  done: readonly Interval[];
}

/**
 * Hands out the slices of `[start, end)` in ascending order, without gap or overlap, leaving out what is done.
 *
 * The width adapts: it shrinks to what worked when a window had to be halved, and doubles again after a few slices
 * that went well, so that one busy month neither stalls a sync nor slows the rest of the years down.
 */
export class SlicePlanner {
  readonly #end: number;
  readonly #maxWidth: number;
  readonly #done: Interval[];
  #position: number;
  #width: number;
  #successes = 0;

  constructor({ start, end, maxWidth, done }: SlicePlan) {
    this.#position = start;
    this.#end = end;
    this.#maxWidth = this.#width = maxWidth;
    this.#done = [...done];
  }

  /** Width of the next slices, ms. */
  get width(): number {
    return this.#width;
  }

  /** The next slice, or undefined when all of the range is handed out. */
  next(): Slice | undefined {
    for (;;) {
      const ahead = this.#done[0];
      if (ahead === undefined) break;
      if (this.#position < ahead[0]) break;
      this.#position = Math.max(this.#position, ahead[1]);
      this.#done.shift();
    }
    if (this.#position >= this.#end) return undefined;
    const lo = this.#position;
    const hi = Math.min(lo + this.#width, this.#end, this.#done[0]?.[0] ?? Infinity);
    this.#position = hi;
    return { lo, hi };
  }

  /** Whether a slice is wide enough to be read in halves. */
  canHalve(slice: Slice): boolean {
    return slice.hi - slice.lo >= 2 * NARROWEST_WINDOW_MS;
  }

  /**
   * Splits a slice that proved too large and shrinks the slices to come.
   *
   * @param slice one that {@link canHalve}
   */
  halve(slice: Slice): [Slice, Slice] {
    const middle = slice.lo + Math.ceil((slice.hi - slice.lo) / 2);
    this.#width = Math.min(this.#width, middle - slice.lo);
    this.#successes = 0;
    return [
      { lo: slice.lo, hi: middle },
      { lo: middle, hi: slice.hi },
    ];
  }

  /** Notes that a slice of full width was read as a whole and with time to spare. */
  succeeded(): void {
    if (++this.#successes < SUCCESSES_TO_GROW) return;
    this.#successes = 0;
    this.#width = Math.min(this.#width * 2, this.#maxWidth);
  }
}
