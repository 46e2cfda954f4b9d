import { type Dixa } from "../../dixa/dixa.ts";
import { RequestUses } from "../../dixa/request-uses.ts";
import { readListPage, requestOf, type RowShape } from "../../dixa/streams/list-request.ts";
import { type List, type Parameters, type Row } from "../../dixa/streams/stream.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { type ReadingReport } from "./reading-report.ts";

/** What a list is asked for. */
export interface Target {
  parameters: Parameters;
  /** The row that the parameters come from; empty if there is none. */
  parent: Row;
}

/** A page that is out with all before it: where to go on from. */
export interface Place {
  /** Key of the page; undefined for the first. */
  key: string | undefined;
  /** Key of its last row. */
  last: string;
}

/** Rows that are out, or were handed over. */
export interface SeenRows {
  /** @returns false if it was there already */
  add(key: string): boolean;
}

export interface ListReadingOptions {
  dixa: Dixa;
  list: List;
  target: Target;
  shape: RowShape;
  /** The key of a row in its shape. */
  keyOf: (row: JsonElement) => string;
  seen: SeenRows;
  /** Takes each row once. */
  put: (row: JsonElement) => void;
  drained: () => Promise<void> | undefined;
  report: ReadingReport;
}

/** A page, as the keys of its rows. */
export interface Page {
  key: string | undefined;
  rows: readonly string[];
  next: string | undefined;
  /** Whether its key was sent more than once: the first answer may have used it up. */
  isRetried: boolean;
}

/** Reads single pages of one list, and hands each row over once. */
export class PageReader {
  readonly path: string;
  readonly #options: ListReadingOptions;
  #rows = 0;

  constructor(options: ListReadingOptions) {
    this.#options = options;
    this.path = requestOf(options.list, options.target.parameters).path;
  }

  /** How many rows were handed over. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * @param key undefined for the first page
   * @param after the key of a row: those up to it are out already
   * @throws HttpError; PlaceLost if there is no such row on the page
   */
  async read(key: string | undefined, signal: AbortSignal, after?: string): Promise<Page> {
    const { dixa, list, target, shape, keyOf, seen, put, drained, report } = this.#options;
    let rows: string[] = [];
    let isBefore = after !== undefined;
    const uses = new RequestUses();
    const next = await readListPage(dixa, list, target, shape, key, {
      signal,
      drained,
      onRequest: () => {
        uses.requested();
        report.requested();
      },
      onWait: (wait) => {
        uses.waiting(wait);
        report.waiting(wait);
      },
      onStart: () => {
        rows = [];
        isBefore = after !== undefined;
      },
      onElement: (row) => {
        const rowKey = keyOf(row);
        rows.push(rowKey);
        if (seen.add(rowKey) && !isBefore) {
          this.#rows++;
          put(row);
        }
        if (rowKey === after) isBefore = false;
      },
    });
    if (isBefore) throw new PlaceLost();
    return { key, rows, next, isRetried: uses.count > 1 };
  }
}

/** The row at which an interrupted list was to go on is not on its page any more. Nothing was handed over. */
export class PlaceLost extends Error {
  override readonly name = "PlaceLost";
}
