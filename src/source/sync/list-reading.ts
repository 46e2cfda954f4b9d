import { ConnectorError } from "../../airbyte/protocol/failure.ts";
import { endless, isLostKey, MOST_PAGES } from "../../dixa/pagination.ts";
import { type ListReadingOptions, type Page, PageReader, type Place } from "./page-reader.ts";
import { hasOnlyMovedUp, isSame, overlaps, sharesNone } from "./page-seam.ts";
import { MOST_PAGES_WITHOUT_ROWS, repeatedReading } from "./repeated-reading.ts";

/** So often two neighbouring pages are read again before looking at them again proves nothing. */
const MOST_LOOKS = 6;

type Signal = () => AbortSignal;

/**
 * Reads one list from its first page to its last, and hands each row over once.
 *
 * Page keys stand for places in the list (the one in Dixa's documents says `pageLimit=50&page=1`), so that a row that is
 * deleted before a place moves the first row behind it out of sight. So after each page the one before it is read again,
 * and both until they agree: a row that stays is missed only if between the same three or four requests a row before it
 * is deleted and another one inserted. A list of a single page costs one request, others two a page.
 *
 * Page keys may also be good for one use only, which is not documented. Where a second use is refused or answered with
 * other rows, the whole list is read again and again, each key once, until one reading has every row of the one before
 * it: then nothing had been deleted, so that the one before it has missed nothing.
 */
export class ListReading {
  readonly #options: ListReadingOptions;
  readonly #reader: PageReader;
  /** Whether a page key was used twice and both answers had the same rows. */
  #haveKeysLasted = false;

  constructor(options: ListReadingOptions) {
    this.#options = options;
    this.#reader = new PageReader(options);
  }

  /**
   * Reads page after page, and gives the place after each that is out for certain.
   *
   * @param from goes on after this place, whose rows are not handed over again
   * @throws HttpError; ConnectorError transient_error if the list has no end or changes faster than it can be read;
   *   PlaceLost if the list has changed so much that it must be read from the start
   */
  async *pages(signal: Signal, from?: Place): AsyncGenerator<Place | undefined, void, undefined> {
    try {
      yield* this.#joined(signal, from);
    } catch (error) {
      if (!(error instanceof PagesApart)) throw error;
      this.#options.report.warned(
        `two looks at pages of ${this.#reader.path} do not agree, so it is read as a whole until two readings do`,
      );
      yield* repeatedReading(this.#reader, signal, error.reason);
    }
  }

  /** Reads each page twice, and throws PagesApart where that proves nothing. */
  async *#joined(signal: Signal, from?: Place): AsyncGenerator<Place | undefined, void, undefined> {
    const read = (key: string | undefined) => this.#read(key, signal());
    const keys = new Set<string>();
    let page =
      from === undefined ? await read(undefined) : await this.#reader.read(from.key, signal(), from.last);
    let withoutRows = 0;
    for (;;) {
      const last = page.rows.at(-1);
      yield last === undefined ? undefined : { key: page.key, last };
      const { next } = page;
      if (next === undefined) return;
      if (keys.has(next)) {
        throw this.#endless(keys.size + 1, "links to a page that was read before");
      }
      keys.add(next);
      const rowsBefore = this.#reader.rows;
      page = await this.#join(page, await read(next), read);
      withoutRows = this.#reader.rows === rowsBefore ? withoutRows + 1 : 0;
      if (withoutRows >= MOST_PAGES_WITHOUT_ROWS || keys.size >= MOST_PAGES) {
        throw this.#endless(keys.size + 1, "still links to a next page");
      }
    }
  }

  /** Reads all pages. Throws as {@link pages}. */
  async all(signal: Signal): Promise<void> {
    const pages = this.pages(signal);
    while ((await pages.next()).done !== true);
  }

  /** Makes sure that nothing lies between two pages; throws PagesApart if it can't. */
  async #join(page: Page, next: Page, read: (key: string | undefined) => Promise<Page>): Promise<Page> {
    // What a used key is answered with may be the end of the list, too.
    if (next.isRetried && !this.#haveKeysLasted) throw this.#apart();
    for (let look = 0; look < MOST_LOOKS; look++) {
      if (page.rows.length === 0 || overlaps(page.rows, next.rows)) return next;
      const pageAgain = await read(page.key);
      if (isSame(page.rows, pageAgain.rows)) {
        this.#haveKeysLasted ||= page.key !== undefined;
        return next;
      }
      if (sharesNone(page.rows, pageAgain.rows)) throw this.#apart();
      const nextAgain = await read(next.key);
      if (next.rows.length > 0 && sharesNone(next.rows, nextAgain.rows)) throw this.#apart();
      if (hasOnlyMovedUp(page.rows, pageAgain.rows) && hasOnlyMovedUp(next.rows, nextAgain.rows)) {
        return nextAgain;
      }
      page = pageAgain;
      next = nextAgain;
    }
    throw this.#apart();
  }

  /** Reads a page; throws PagesApart if its key was used up by an earlier look. */
  async #read(key: string | undefined, signal: AbortSignal): Promise<Page> {
    try {
      return await this.#reader.read(key, signal);
    } catch (error) {
      throw key !== undefined && isLostKey(error) ? new PagesApart(error) : error;
    }
  }

  #apart(): PagesApart {
    return new PagesApart(
      new ConnectorError(
        "transient_error",
        `Dixa's list ${this.#reader.path} changes faster than it can be read: two looks at neighbouring pages do not ` +
          "agree, nor do several readings of the whole list, so that some rows could be missed. Try again when fewer " +
          "rows are added and deleted.",
      ),
    );
  }

  #endless(pages: number, what: string): PagesApart {
    return new PagesApart(endless(this.#reader.path, pages, this.#reader.rows, what));
  }
}

/** Two pages can't be joined by reading them again. */
class PagesApart extends Error {
  override readonly name = "PagesApart";
  /** How the list ends if nothing else helps. */
  readonly reason: unknown;

  constructor(reason: unknown) {
    super("pages can't be joined", { cause: reason });
    this.reason = reason;
  }
}
