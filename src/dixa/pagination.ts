import { ConnectorError } from "../airbyte/protocol/failure.ts";
import { BodyError, isHttpStatusError } from "../http/errors.ts";
import { type PageRows, PageWatch } from "./page-watch.ts";
import { type RowReading } from "./row-reading.ts";

/**
 * More pages than any list has: at a hundred rows a page, which is the fewest that anybody has seen, ten million rows.
 * Empty pages in the middle are no end, so that a list which never ends must be known by its length.
 */
export const MOST_PAGES = 100_000;

/** By these Dixa may say that a page key means nothing to it any more; what it really says is not documented. */
const LOST_KEYS: ReadonlySet<number> = new Set([400, 404, 410, 422]);

/** Whether an answer says that a page key means nothing to Dixa any more. */
export function isLostKey(error: unknown): boolean {
  return isHttpStatusError(error) && LOST_KEYS.has(error.status);
}

/** The failure of a list that can't be read to its end. */
export function endless(path: string, pages: number, rows: number, what: string): ConnectorError {
  return new ConnectorError(
    "transient_error",
    `Dixa's list ${path} can't be read to its end: after ${pages} pages with ${rows} rows it ${what}. ` +
      "What was read may not be all of it.",
  );
}

/** Reads the page of a key, or the first one, as {@link RowReading} says; after a failure again from its start. */
export type ReadPage = (
  pageKey: string | undefined,
  reading: RowReading,
) => Promise<{ rows: number; next: string | undefined }>;

export interface PaginationOptions {
  path: string;
  readPage: ReadPage;
  /** The lists whose keys were used twice and gave the same rows both times, by {@link endpointOf}; shared by a sync. */
  lastingKeys: Set<string>;
  /** More pages than any list has. */
  mostPages: number;
  /** So often the list is begun. */
  mostPasses: number;
}

interface Page {
  key: string | undefined;
  rows: PageRows;
  count: number;
  next: string | undefined;
  /** Whether its key was used more than once. */
  isRetried: boolean;
  /** Of a page that was retried: whether it began with the rows of its first answer; undefined if none had come. */
  isSame: boolean | undefined;
}

/**
 * Reads a list page by page, each once, and row by row as they arrive.
 *
 * Whether a page key may be used twice is not documented. The keys in Dixa's documents look like places in the list, and
 * then a page that broke off can be asked for again by its key. A key that is good for one use would be answered the
 * second time with the next page, an empty one or a refusal, and rows would be lost without a word. So a retry is
 * believed if it begins with the rows that came the first time, or if keys of this list are known to last: one that was
 * used before is used again, once a sync, and must give the same rows. What can't be proved so is read anew from the
 * first page, which needs no key. Without a failure all this costs no request.
 */
export class Pagination {
  readonly #options: PaginationOptions;
  readonly #endpoint: string;

  constructor(options: PaginationOptions) {
    this.#options = options;
    this.#endpoint = endpointOf(options.path);
  }

  /**
   * @param reading gets rows more than once where something failed
   * @throws HttpError; BodyError paging if a link leads back to a page that was read, or keys are used up again and
   *   again; ConnectorError transient_error if pages come without end
   */
  async read(reading: RowReading): Promise<void> {
    for (let pass = 1; ; pass++) {
      reading.onStart?.();
      const doubt = await this.#pass(reading);
      if (doubt === undefined) return;
      if (pass >= this.#options.mostPasses) throw this.#unreadable(`${doubt}, ${pass} times`);
    }
  }

  /** @returns why the list must be begun anew; undefined if it is read */
  async #pass(reading: RowReading): Promise<string | undefined> {
    const { path, mostPages } = this.#options;
    const keys = new Set<string>();
    const seen = new Set<string>();
    let rows = 0;
    let before: Page | undefined;
    let key: string | undefined;
    for (;;) {
      const number = keys.size + 1;
      const page = await this.#readPage(key, reading);
      if (typeof page === "number") return `the key of page ${number} was refused (${page})`;
      if (page.isRetried && !(await this.#isProved(page, before, reading)))
        return `page ${number} had to be asked for again, and its key may have been used up`;
      rows += page.count;
      const read = `after ${number} pages with ${rows} rows it`;
      const { size } = seen;
      if (page.rows.count > 0 && seen.add(`${page.rows.count} ${page.rows.hash}`).size === size)
        throw this.#unreadable(`${read} has come to rows that were read before`);
      key = page.next;
      if (key === undefined) return undefined;
      if (keys.has(key)) throw this.#unreadable(`${read} links to a page that was read before`);
      if (number >= mostPages) throw endless(path, number, rows, "still links to a next page");
      keys.add(key);
      before = page;
    }
  }

  /** @returns the page, or the status by which its key was refused */
  async #readPage(key: string | undefined, reading: RowReading): Promise<Page | number> {
    const watch = new PageWatch(reading);
    try {
      // The first page needs no key, so that nothing has to be known of its rows.
      const { next, rows } = await this.#options.readPage(
        key,
        key === undefined ? withoutStart(reading) : watch.reading,
      );
      return { key, rows: watch.rows, count: rows, next, isRetried: watch.isRetried, isSame: watch.isSame };
    } catch (error) {
      if (key !== undefined && isHttpStatusError(error) && isLostKey(error)) return error.status;
      throw error;
    }
  }

  /** Whether a page that was retried is the one that was asked for. */
  async #isProved(page: Page, before: Page | undefined, reading: RowReading): Promise<boolean> {
    const { lastingKeys } = this.#options;
    const isProved =
      page.isSame ?? (lastingKeys.has(this.#endpoint) || (await this.#isLasting(before, reading)));
    if (isProved) lastingKeys.add(this.#endpoint);
    else lastingKeys.delete(this.#endpoint);
    return isProved;
  }

  /** Uses a key again that has given a page already. */
  async #isLasting(before: Page | undefined, reading: RowReading): Promise<boolean> {
    if (before?.key === undefined || before.rows.count === 0) return false;
    const again = await this.#readPage(before.key, { ...reading, onElement: () => undefined });
    return (
      typeof again !== "number" &&
      again.rows.count === before.rows.count &&
      again.rows.hash === before.rows.hash
    );
  }

  #unreadable(what: string): BodyError {
    return new BodyError(
      "paging",
      `the list ${this.#options.path} can't be read to its end: ${what}. What was read may not be all of it.`,
    );
  }
}

/** The path without the conversation that it names: what holds for the keys of one conversation's list holds for all. */
function endpointOf(path: string): string {
  return path.replace(/\/\d+(?=\/|$)/g, "/*");
}

/** Where a page begins anew, the list does not. */
function withoutStart({ onStart: _, ...reading }: RowReading): RowReading {
  return reading;
}
