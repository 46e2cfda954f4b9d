import { JsonArraySplitter } from "../http/json-array-splitter.ts";
import { type AuthorizedHost, type RequestOptions } from "./authorized-host.ts";
import { type RowReading } from "./row-reading.ts";
import { expectWhole } from "./whole-answer.ts";

/** Dixa's Exports API: one request answers one window with one JSON array, of any size, without pages. */
export class ExportsApi {
  readonly #host: AuthorizedHost;

  constructor(host: AuthorizedHost) {
    this.#host = host;
  }

  /**
   * Reads the array of one answer, row by row as it arrives. After a failure the answer is read again from its
   * start, so rows come more than once.
   */
  async readArray(path: string, query: Readonly<Record<string, string>>, reading: RowReading): Promise<void> {
    await this.#host.get(path, query, reading, async (response) => {
      reading.onStart?.();
      const splitter = new JsonArraySplitter({ onElement: reading.onElement });
      for await (const chunk of response.body) {
        splitter.push(chunk);
        await reading.drained();
      }
      expectWhole(response);
      splitter.end();
    });
  }

  /**
   * Dixa's clock, ms UTC to the second, asked once; undefined if the answer does not say. The question has no window,
   * so that the answer is short: a refusal tells the time as well as rows do.
   *
   * @throws HttpError if there is no answer
   */
  async serverTime(signal: AbortSignal): Promise<number | undefined> {
    return this.#host.serverTime("/v1/conversation_export", signal);
  }

  /**
   * Asks for the conversations of a short span (ms UTC), to see whether the token opens this API.
   *
   * @throws HttpError
   */
  async probe(after: number, before: number, options: RequestOptions): Promise<void> {
    const reading = { ...options, onElement: () => undefined, drained: () => undefined };
    const query = { updated_after: String(after), updated_before: String(before) };
    await this.readArray("/v1/conversation_export", query, reading);
  }
}
