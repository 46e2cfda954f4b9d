import { hash, shuffled, unit } from "../random.ts";
import { type RowTemplate, type RowValues } from "./template.ts";

/** A half-open span of cursors, ms UTC. */
export interface Span {
  lo: number;
  hi: number;
}

/** Key and cursor of a row: what a reader must have got. */
export interface RowTruth {
  id: string;
  /** ms UTC. */
  cursor: number;
}

/** A row outside the pattern: added or changed while the simulator runs, or odd on purpose. */
export interface OwnRow extends RowTruth {
  /** The row as JSON. */
  text: string;
}

export interface StreamDataOptions {
  seed: number;
  /** First and last instant of the data, ms UTC, half-open. */
  span: Span;
  rows: number;
  templates: readonly RowTemplate[];
  /** What differs in row `index`; its cursor is given. */
  values: (index: number, cursor: number) => RowValues;
}

/** Rows are gathered into pieces of about this size before they are sent. */
const CHUNK_BYTES = 128 * 1024;

/**
 * The rows of one stream. They are computed when they are asked for: row `index` lies in the `index`-th of equal
 * parts of the span, so a window is a range of indexes, and no size of the data costs memory.
 */
export class StreamData {
  readonly #options: StreamDataOptions;
  readonly #largestTemplate: number;
  /** Rows by index that were changed: they have left the pattern and are among {@link #own}. */
  readonly #gone = new Set<number>();
  readonly #own = new Map<string, OwnRow>();

  constructor(options: StreamDataOptions) {
    this.#options = options;
    this.#largestTemplate = Math.max(...options.templates.map(({ bytes }) => bytes.length));
  }

  /** Rows of the pattern. */
  get size(): number {
    return this.#options.rows;
  }

  /** ms UTC. */
  cursor(index: number): number {
    const { seed, span, rows } = this.#options;
    return Math.floor(span.lo + ((index + unit(seed, index, 1)) * (span.hi - span.lo)) / rows);
  }

  /** Row `index` of the pattern as JSON. */
  text(index: number): string {
    const buffer = Buffer.allocUnsafe(this.#largestTemplate);
    return buffer.toString("utf8", 0, this.#write(index, buffer, 0));
  }

  /** All rows as JSON, as they are now. */
  *texts(): Generator<string, void, undefined> {
    for (let index = 0; index < this.size; index++) if (!this.#gone.has(index)) yield this.text(index);
    for (const { text } of this.#own.values()) yield text;
  }

  /** The rows outside the pattern. */
  owns(): Iterable<OwnRow> {
    return this.#own.values();
  }

  idOf(index: number): string {
    const { id, uuid } = this.#options.values(index, 0);
    return uuid ?? String(id);
  }

  /** Adds a row, or takes the place of the row that has the same id. */
  put(row: OwnRow): void {
    this.#own.set(row.id, row);
  }

  own(id: string): OwnRow | undefined {
    return this.#own.get(id);
  }

  /** All rows outside the pattern. */
  ownRows(): Iterable<OwnRow> {
    return this.#own.values();
  }

  /** Whether row `index` is part of the pattern and still in it. */
  has(index: number): boolean {
    return index >= 0 && index < this.size && !this.#gone.has(index);
  }

  /** Takes row `index` out of the pattern, since a changed one takes its place. */
  remove(index: number): void {
    this.#gone.add(index);
  }

  /** How many rows lie in the span. */
  count(span: Span): number {
    const [from, to] = this.#range(span);
    let count = to - from;
    for (const index of this.#gone) if (index >= from && index < to) count--;
    for (const { cursor } of this.#own.values()) if (cursor >= span.lo && cursor < span.hi) count++;
    return count;
  }

  /** Key and cursor of all rows of the span. */
  *truth(span: Span): Generator<RowTruth, void, undefined> {
    const [from, to] = this.#range(span);
    for (let index = from; index < to; index++) {
      if (!this.#gone.has(index)) yield { id: this.idOf(index), cursor: this.cursor(index) };
    }
    for (const { id, cursor } of this.#own.values()) {
      if (cursor >= span.lo && cursor < span.hi) yield { id, cursor };
    }
  }

  /**
   * The rows of the span as JSON with commas between them, in pieces that are the receiver's to keep.
   *
   * @param skip rows at the start that are left out, and `take` how many may follow: pages
   */
  *pieces(
    span: Span,
    { isShuffled, skip = 0, take = Infinity }: { isShuffled: boolean; skip?: number; take?: number },
  ): Generator<Buffer, void, undefined> {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES + this.#largestTemplate);
    let at = 0;
    let isFirst = true;
    let left = skip;
    let room = take;
    for (const index of this.#indexes(span, isShuffled)) {
      if (this.#gone.has(index)) continue;
      if (left-- > 0) continue;
      if (room-- <= 0) break;
      if (!isFirst) buffer[at++] = 0x2c;
      isFirst = false;
      at = this.#write(index, buffer, at);
      if (at < CHUNK_BYTES) continue;
      yield buffer.subarray(0, at);
      buffer = Buffer.allocUnsafe(CHUNK_BYTES + this.#largestTemplate);
      at = 0;
    }
    if (at > 0) yield buffer.subarray(0, at);
    for (const row of this.#own.values()) {
      if (row.cursor < span.lo || row.cursor >= span.hi) continue;
      if (left-- > 0) continue;
      if (room-- <= 0) break;
      yield Buffer.from(isFirst ? row.text : `,${row.text}`);
      isFirst = false;
    }
  }

  *#indexes(span: Span, isShuffled: boolean): Generator<number, void, undefined> {
    const [from, to] = this.#range(span);
    if (isShuffled) for (const offset of shuffled(to - from, this.#options.seed)) yield from + offset;
    else for (let index = from; index < to; index++) yield index;
  }

  /** The indexes of the pattern whose cursors lie in the span. */
  #range({ lo, hi }: Span): [from: number, to: number] {
    const from = this.#firstAtOrAfter(lo);
    return [from, Math.max(from, this.#firstAtOrAfter(hi))];
  }

  #firstAtOrAfter(instant: number): number {
    const { span, rows } = this.#options;
    if (rows === 0) return 0;
    const width = (span.hi - span.lo) / rows;
    const near = Math.floor((instant - span.lo) / width);
    let index = Math.min(rows, Math.max(0, near - 1));
    while (index < rows && this.cursor(index) < instant) index++;
    return index;
  }

  #write(index: number, buffer: Buffer, at: number): number {
    const { seed, templates, values } = this.#options;
    const template = templates[hash(seed, index, 2) % templates.length];
    if (template === undefined) throw new Error("a stream needs templates");
    return template.write(buffer, at, values(index, this.cursor(index)));
  }
}
