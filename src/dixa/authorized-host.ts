import { type HttpClient } from "../http/client.ts";
import { isHttpStatusError } from "../http/errors.ts";
import { type RateBudget } from "../http/rate-budget.ts";
import { type HttpRequest, type HttpResponse } from "../http/request.ts";

/** What a caller decides of a request; the host adds address, credentials and budget. */
export type RequestOptions = Pick<
  HttpRequest,
  "signal" | "onWait" | "onRequest" | "retry" | "maxFailures" | "maxBodyFailures"
>;

/**
 * One of Dixa's hosts with its credentials and its budget.
 *
 * Dixa's documents show several forms of the Authorization header. The first one is the form in Dixa's own code; on
 * a 401 the others are tried, and the form that worked is kept.
 */
export class AuthorizedHost {
  readonly #http: HttpClient;
  readonly #origin: string;
  readonly #budget: RateBudget;
  readonly #forms: readonly string[];
  #proved: string | undefined;

  constructor(options: { http: HttpClient; origin: string; budget: RateBudget; forms: readonly string[] }) {
    this.#http = options.http;
    this.#origin = options.origin;
    this.#budget = options.budget;
    this.#forms = options.forms;
  }

  /** @throws HttpError when the retry policy has given up; whatever `consume` throws */
  get<T>(
    path: string,
    query: Readonly<Record<string, string>>,
    options: RequestOptions,
    consume: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    return this.send({ method: "GET", path, query }, options, consume);
  }

  /**
   * What an answer, a refusal included, says of the host's clock (`Date`), ms UTC to the second; undefined if it says
   * nothing. Asks once.
   *
   * @throws HttpError if there is no answer; the signal's reason
   */
  async serverTime(path: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      return await this.get(path, {}, { signal, retry: false }, ({ date }) => Promise.resolve(date));
    } catch (error) {
      if (isHttpStatusError(error)) return error.date;
      throw error;
    }
  }

  /**
   * As `get`, for requests that write. One that Dixa refuses with 401 has changed nothing, so trying the next form of
   * the header is safe for them too.
   */
  async send<T>(
    request: Pick<HttpRequest, "method" | "json"> & { path: string; query: Readonly<Record<string, string>> },
    options: RequestOptions,
    consume: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    const { method, path, query, json } = request;
    const url = new URL(path, this.#origin);
    url.search = new URLSearchParams(query).toString();
    const forms = this.#proved === undefined ? this.#forms : [this.#proved];
    let refusal: unknown;
    for (const authorization of forms) {
      try {
        return await this.#http.send(
          {
            ...options,
            method,
            json,
            url,
            headers: { accept: "application/json", authorization },
            budget: this.#budget,
          },
          (response) => {
            this.#proved = authorization;
            return consume(response);
          },
        );
      } catch (error) {
        if (!isHttpStatusError(error) || error.status !== 401) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }
}
