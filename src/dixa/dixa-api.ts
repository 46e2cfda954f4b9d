import { z } from "zod";

import { BodyError, isHttpStatusError } from "../http/errors.ts";
import { JsonArraySplitter } from "../http/json-array-splitter.ts";
import { type AuthorizedHost, type RequestOptions } from "./authorized-host.ts";
import { type RowReading } from "./row-reading.ts";

/** Whether empty pages can occur before the last one isn't documented; so many in a row are taken for the end. */
const EMPTY_PAGES_AT_END = 3;

/** How long a sync waits to learn Dixa's time before it trusts its own, ms. */
const PATIENCE_MS = 10_000;

const meta = z.looseObject({ next: z.string().nullish() });

/** The Dixa API (dev.dixa.io): pages of `{"data": […], "meta": {"next": …}}`. */
export class DixaApi {
  readonly #host: AuthorizedHost;

  constructor(host: AuthorizedHost) {
    this.#host = host;
  }

  /**
   * Reads all pages of a list, row by row as they arrive. A page that fails is read again from its start, so rows
   * come more than once.
   */
  async readPages(path: string, query: Readonly<Record<string, string>>, reading: RowReading): Promise<void> {
    const seen = new Set<string>();
    let emptyPages = 0;
    let pageKey: string | undefined;
    reading.onStart?.();
    do {
      const page = await this.#readPage(path, pageKey === undefined ? query : { ...query, pageKey }, reading);
      emptyPages = page.rows === 0 ? emptyPages + 1 : 0;
      pageKey = page.next;
      // A list that points back at a page it has already given would never end.
      if (pageKey === undefined || seen.has(pageKey)) return;
      seen.add(pageKey);
    } while (emptyPages < EMPTY_PAGES_AT_END);
  }

  /**
   * Asks for something small, to see whether the token opens this API.
   *
   * @throws HttpError
   */
  async probe(options: RequestOptions): Promise<void> {
    try {
      await this.#host.get("/v1/organization", {}, options, (response) => response.text());
    } catch (error) {
      // Dixa added the organization in 2026; agents have always been there.
      if (!isHttpStatusError(error) || error.status !== 404) throw error;
      await this.#host.get("/v1/agents", { pageLimit: "1" }, options, (response) => response.text());
    }
  }

  /** Dixa's clock, ms UTC to the second, or undefined if it doesn't answer soon. Any answer tells the time. */
  async serverTime(signal: AbortSignal): Promise<number | undefined> {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    try {
      return await this.#host.get("/v1/organization", {}, { signal: soon }, (response) =>
        Promise.resolve(response.date),
      );
    } catch (error) {
      signal.throwIfAborted();
      return isHttpStatusError(error) ? error.date : undefined;
    }
  }

  async #readPage(
    path: string,
    query: Readonly<Record<string, string>>,
    reading: RowReading,
  ): Promise<{ rows: number; next: string | undefined }> {
    return this.#host.get(path, query, reading, async (response) => {
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
      splitter.end();
      return { rows, next: nextPageKey(splitter.envelope.get("meta")) };
    });
  }
}

/**
 * The key of the next page. `next` is a relative link that repeats none of our parameters reliably, so only its
 * `pageKey` is taken (as Stitch's connector does in production).
 */
function nextPageKey(text: string | undefined): string | undefined {
  const parsed = meta.nullish().safeParse(JSON.parse(text ?? "null"));
  const next = parsed.data?.next;
  if (!parsed.success) throw new BodyError("malformed", "the page's meta.next is not a link");
  if (next === undefined || next === null || next === "") return undefined;
  const key = URL.parse(next, "https://page.invalid")?.searchParams.get("pageKey") ?? "";
  if (key === "") throw new BodyError("malformed", "the link to the next page has no pageKey");
  return key;
}
