import { describeWindow } from "../../logging/describe.ts";
import { Checkpoint } from "./checkpoint.ts";
import { PartialInstants } from "./partial-instants.ts";
import { type StreamProgress } from "./stream-progress.ts";
import { type CursorOfStream, writeStreamState } from "./stream-state.ts";
import { type SyncRange } from "./sync-range.ts";

/** How much of a time range one stream has put out. */
export class RangeProgress implements StreamProgress {
  readonly range: SyncRange;
  readonly #cursor: CursorOfStream;
  /** What is out of instants that are not finished. */
  readonly partial: PartialInstants;
  readonly #settled: number | undefined;
  readonly #checkpoint: Checkpoint;
  readonly #total: number;
  #covered = 0;

  /** @param settled up to here rows have shown up for good, which the state says too; undefined if it does not, ms UTC */
  constructor(
    cursor: CursorOfStream,
    range: SyncRange,
    settled?: number,
    partial = new PartialInstants(undefined, -Infinity),
  ) {
    this.range = range;
    this.#cursor = cursor;
    this.#settled = settled;
    this.partial = partial;
    this.#checkpoint = new Checkpoint(range.start, range.done);
    const done = range.done.reduce(
      (sum, [lo, hi]) => sum + Math.max(0, Math.min(hi, range.end) - Math.max(lo, range.start)),
      0,
    );
    this.#total = Math.max(0, range.end - range.start - done);
  }

  get plan(): string {
    return this.#total === 0
      ? "nothing to read"
      : `reading ${describeWindow(this.range.start, this.range.end)}`;
  }

  get done(): number {
    return this.#total === 0 ? 1 : Math.min(1, this.#covered / this.#total);
  }

  /** Whether every row at this instant (ms UTC) is out already, or not wanted. */
  covers(at: number): boolean {
    const { start, end, done } = this.range;
    return at < start || at >= end || done.some(([lo, hi]) => at >= lo && at < hi);
  }

  /** Notes that every row of `[lo, hi)` is out. */
  finish(lo: number, hi: number): void {
    this.#covered += hi - lo;
    this.#checkpoint.finish(lo, hi);
  }

  state(): { state: Record<string, unknown>; isComplete: boolean } {
    const { settled, floor, end } = this.range;
    const { cursor, ahead } = this.#checkpoint.promise(settled);
    const progress = { cursor: Math.max(cursor, floor ?? 0), ahead };
    const state = { ...writeStreamState(this.#cursor, progress), ...this.partial.state() };
    if (this.#settled !== undefined) state["settled"] = this.#cursor.cursor.format(this.#settled);
    return { state, isComplete: progress.cursor >= end };
  }
}
