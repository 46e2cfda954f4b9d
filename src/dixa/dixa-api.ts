import { readWhole } from "../http/body.ts";
import { BodyError } from "../http/errors.ts";
import { JsonArraySplitter } from "../http/json-array-splitter.ts";
import { type AuthorizedHost, type RequestOptions } from "./authorized-host.ts";
import { nextPageKey } from "./page-link.ts";
import { MOST_PAGES, Pagination } from "./pagination.ts";
import { type RowReading } from "./row-reading.ts";
import { formatSeconds } from "./timestamps.ts";
import { expectWhole } from "./whole-answer.ts";

/** What is read as a whole is a list of settings; larger than this, something is wrong. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * So often the body of a page or an answer may break off or be unreadable. A window can be asked for in halves, so that
 * whoever reads one allows fewer; these can't be asked for in pieces.
 */
const MOST_BODY_FAILURES = 8;

/** The Dixa API (dev.dixa.io): pages of `{"data": […], "meta": {"next": …}}`. */
export class DixaApi {
  readonly #host: AuthorizedHost;
  readonly #mostPages: number;
  readonly #lastingKeys = new Set<string>();

  constructor(host: AuthorizedHost, mostPages = MOST_PAGES) {
    this.#host = host;
    this.#mostPages = mostPages;
  }

  /**
   * Reads all pages of a list, row by row as they arrive. Rows come more than once where a page or the list had to be
   * read again. Only a page without a link to the next one ends the list; an empty page does not.
   *
   * @throws as {@link Pagination.read}
   */
  async readPages(path: string, query: Readonly<Record<string, string>>, reading: RowReading): Promise<void> {
    const pagination = new Pagination({
      path,
      readPage: (pageKey, each) =>
        this.readPage(path, pageKey === undefined ? query : { ...query, pageKey }, each),
      lastingKeys: this.#lastingKeys,
      mostPages: this.#mostPages,
      mostPasses: reading.maxBodyFailures ?? MOST_BODY_FAILURES,
    });
    await pagination.read(reading);
  }

  /**
   * Reads an answer of a few megabytes at most as a whole.
   *
   * @param take makes something of it; where it throws BodyError, the answer is asked for again
   */
  async readAnswer<T>(
    path: string,
    query: Readonly<Record<string, string>>,
    options: RequestOptions,
    take: (answer: unknown) => T,
  ): Promise<T> {
    return this.#host.get(path, query, patient(options), async (response) => {
      const text = await readWhole(response.body, path, LARGEST_ANSWER_BYTES);
      expectWhole(response);
      return take(parsed(text, path));
    });
  }

  /**
   * Asks for the activities of a short span (ms UTC), as the stream of them does, to see whether the token opens this
   * API. The rights of other endpoints say nothing about it.
   *
   * @throws HttpError
   */
  async probe(from: number, to: number, options: RequestOptions): Promise<void> {
    const query = { pageLimit: "1", fromDatetime: formatSeconds(from), toDatetime: formatSeconds(to) };
    await this.#host.get("/v1/conversations/activitylog", query, options, (response) => response.text());
  }

  /**
   * Dixa's clock, ms UTC to the second, asked once; undefined if the answer does not say. Any answer tells the time.
   *
   * @throws HttpError if there is no answer
   */
  async serverTime(signal: AbortSignal): Promise<number | undefined> {
    return this.#host.serverTime("/v1/organization", signal);
  }

  /**
   * Reads one page, row by row as it arrives. After a failure it is read again from its start.
   *
   * @returns the number of its rows, and the key of the page after it; undefined for the last page
   */
  async readPage(
    path: string,
    query: Readonly<Record<string, string>>,
    reading: RowReading,
  ): Promise<{ rows: number; next: string | undefined }> {
    return this.#host.get(path, query, patient(reading), async (response) => {
      reading.onStart?.();
      let rows = 0;
      const splitter = new JsonArraySplitter({
        arrayKey: "data",
        onElement: (element) => {
          rows++;
          reading.onElement(element);
        },
      });
      for await (const chunk of response.body) {
        splitter.push(chunk);
        await reading.drained();
      }
      expectWhole(response);
      splitter.end();
      const envelope = Array.from(splitter.envelope, ([name, text]) => [name, JSON.parse(text) as unknown]);
      return { rows, next: nextPageKey(Object.fromEntries(envelope) as Record<string, unknown>) };
    });
  }
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new BodyError("malformed", `the answer of ${path} is not JSON`);
  }
}

function patient(options: RequestOptions): RequestOptions {
  return { ...options, maxBodyFailures: options.maxBodyFailures ?? MOST_BODY_FAILURES };
}
