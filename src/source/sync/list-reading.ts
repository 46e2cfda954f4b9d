import { ConnectorError } from "../../airbyte/protocol/failure.ts";
import { type Dixa } from "../../dixa/dixa.ts";
import { endless, MOST_PAGES } from "../../dixa/dixa-api.ts";
import { readListPage, requestOf, type RowShape } from "../../dixa/streams/list-request.ts";
import { type List, type Parameters, type Row } from "../../dixa/streams/stream.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import { hasOnlyMovedUp, isSame, overlaps } from "./page-seam.ts";
import { type ReadingReport } from "./reading-report.ts";

/** So often two neighbouring pages are read again before a list counts as one that changes too fast. */
const MOST_LOOKS = 6;
/** So many pages in a row without a row that was not seen before are no list any more. */
const MOST_PAGES_WITHOUT_ROWS = 500;

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

interface Page {
  key: string | undefined;
  rows: readonly string[];
  next: string | undefined;
}

/**
 * Reads one list from its first page to its last, and hands each row over once.
 *
 * Page keys stand for places in the list (the one in Dixa's documents says `pageLimit=50&page=1`), so that a row that is
 * deleted before a place moves the first row behind it out of sight. So after each page the one before it is read again,
 * and both until they agree: a row that stays is missed only if between the same three or four requests a row before it
 * is deleted and another one inserted. A list of a single page costs one request, others two a page.
 */
export class ListReading {
  readonly #options: ListReadingOptions;
  readonly #path: string;
  #rows = 0;

  constructor(options: ListReadingOptions) {
    this.#options = options;
    this.#path = requestOf(options.list, options.target.parameters).path;
  }

  /**
   * Reads page after page, and gives the place after each that is out for certain.
   *
   * @param from goes on after this place, whose rows are not handed over again
   * @throws HttpError; ConnectorError transient_error if the list has no end or changes faster than it can be read;
   *   PlaceLost if the list has changed so much that it must be read from the start
   */
  async *pages(signal: () => AbortSignal, from?: Place): AsyncGenerator<Place | undefined, void, undefined> {
    const read = (key: string | undefined) => this.#read(key, signal());
    const keys = new Set<string>();
    let page = from === undefined ? await read(undefined) : await this.#readFrom(from, signal());
    let withoutRows = 0;
    for (;;) {
      const last = page.rows.at(-1);
      yield last === undefined ? undefined : { key: page.key, last };
      const { next } = page;
      if (next === undefined) return;
      if (keys.has(next)) throw this.#endless(keys.size + 1, "links to a page that was read before");
      keys.add(next);
      const rowsBefore = this.#rows;
      page = await this.#join(page, await read(next), read);
      withoutRows = this.#rows === rowsBefore ? withoutRows + 1 : 0;
      if (withoutRows >= MOST_PAGES_WITHOUT_ROWS || keys.size >= MOST_PAGES) {
        throw this.#endless(keys.size + 1, "still links to a next page");
      }
    }
  }

  /** Reads all pages. Throws as {@link pages}. */
  async all(signal: () => AbortSignal): Promise<void> {
    const pages = this.pages(signal);
    while ((await pages.next()).done !== true);
  }

  /** Makes sure that nothing lies between two pages. */
  async #join(page: Page, next: Page, read: (key: string | undefined) => Promise<Page>): Promise<Page> {
    for (let look = 0; look < MOST_LOOKS; look++) {
      if (page.rows.length === 0 || overlaps(page.rows, next.rows)) return next;
      const pageAgain = await read(page.key);
      if (isSame(page.rows, pageAgain.rows)) return next;
      const nextAgain = await read(next.key);
      if (hasOnlyMovedUp(page.rows, pageAgain.rows) && hasOnlyMovedUp(next.rows, nextAgain.rows)) {
        return nextAgain;
      }
      page = pageAgain;
      next = nextAgain;
    }
    throw new ConnectorError(
      "transient_error",
      `Dixa's list ${this.#path} changes faster than it can be read: after ${MOST_LOOKS} looks at two neighbouring ` +
        "pages rows still move between them, so that some could be missed. Try again when fewer rows are added and deleted.",
    );
  }

  async #read(key: string | undefined, signal: AbortSignal, after?: string): Promise<Page> {
    const { dixa, list, target, shape, keyOf, seen, put, drained, report } = this.#options;
    let rows: string[] = [];
    let isBefore = after !== undefined;
    const next = await readListPage(dixa, list, target, shape, key, {
      signal,
      drained,
      onRequest: () => {
        report.requested();
      },
      onWait: (wait) => {
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
    return { key, rows, next };
  }

  /** Reads a page of which all rows up to a place are out already. */
  async #readFrom({ key, last }: Place, signal: AbortSignal): Promise<Page> {
    return this.#read(key, signal, last);
  }

  #endless(pages: number, what: string): ConnectorError {
    return endless(this.#path, pages, this.#rows, what);
  }
}

/** The row at which an interrupted list was to go on is not on its page any more. Nothing was handed over. */
export class PlaceLost extends Error {
  override readonly name = "PlaceLost";
}
