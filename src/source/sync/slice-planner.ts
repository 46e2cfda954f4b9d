import { type Interval } from "./intervals.ts";

/** One piece of a stream that is read by one request, or one run of pages: rows with `lo ≤ cursor < hi`, ms UTC. */
export interface Slice {
  readonly lo: number;
  readonly hi: number;
}

/** Windows narrower than twice this are not divided any more (ms). */
export const NARROWEST_WINDOW_MS = 60_000;
/**
 * So many windows in a row must go well before the width grows again. The number doubles when the width that it grew to
 * proves too large again: where a limit is here to stay, trying it over and over would cost more than small windows do.
 */
const SUCCESSES_TO_GROW = 2;
const MOST_SUCCESSES_TO_GROW = 64;

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
 * The width adapts: it shrinks when a window proved too large, and doubles again after some slices that went well, so that one busy month neither stalls a sync nor slows the rest of the years down.
 */
export class SlicePlanner {
  readonly #end: number;
  readonly #maxWidth: number;
  readonly #done: Interval[];
  #position: number;
  #width: number;
  #successes = 0;
  #successesToGrow = SUCCESSES_TO_GROW;
  #hasGrown = false;

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

  /** Whether a slice is wide enough to be read in pieces. */
  canDivide(slice: Slice): boolean {
    return slice.hi - slice.lo >= 2 * NARROWEST_WINDOW_MS;
  }

  /** Notes that a slice proved too large: what comes next is not wider than half of it. */
  shrink(slice: Slice): void {
    this.#width = Math.min(this.#width, Math.ceil((slice.hi - slice.lo) / 2));
    this.#successes = 0;
    if (this.#hasGrown) this.#successesToGrow = Math.min(this.#successesToGrow * 2, MOST_SUCCESSES_TO_GROW);
    this.#hasGrown = false;
  }

  /** Notes that it was not for their width that slices were refused. */
  widen(): void {
    this.#width = this.#maxWidth;
    this.#successes = 0;
  }

  /** The two halves of a slice, in ascending order. */
  divide({ lo, hi }: Slice): [Slice, Slice] {
    const middle = lo + Math.ceil((hi - lo) / 2);
    return [
      { lo, hi: middle },
      { lo: middle, hi },
    ];
  }

  /** Notes that a window was read as a whole and with time to spare; one much narrower than the others proves nothing. */
  succeeded({ lo, hi }: Slice): void {
    if ((hi - lo) * 2 < this.#width) return;
    if (++this.#successes < this.#successesToGrow) return;
    this.#successes = 0;
    this.#width = Math.min(this.#width * 2, this.#maxWidth);
    this.#hasGrown = true;
  }
}
