import { HttpClient } from "../../http/client.ts";
import { type Clock } from "../../http/clock.ts";
import { BodyError, isHttpStatusError } from "../../http/errors.ts";
import { type RateBudget } from "../../http/rate-budget.ts";
import { type HttpResponse } from "../../http/request.ts";
import { decideRetry, noFailures } from "../../http/retry-policy.ts";
import { Throttle } from "./throttle.ts";

export interface ApiRequest {
  method: "GET" | "POST";
  /** Below the API's base, with a slash in front. */
  path: string;
  query?: Readonly<Record<string, string | readonly string[]>> | undefined;
  authorization?: string | undefined;
  json?: unknown;
  /** Time until the answer begins, ms. */
  timeoutMs: number;
  /** Failures in a row that end the request. 1 for what must not be sent twice. */
  maxFailures: number;
}

/** A page of 100 connections with a thousand streams each has some 20 MB. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;
/** Time without a byte after which an answer counts as stalled, ms. */
const IDLE_TIMEOUT_MS = 30_000;
/** Base of a delay that `decideRetry` would take for a 429; those end a request here. */
const NO_WINDOW_MS = 0;

/** Sends requests to one Airbyte, within its budget, and again after failures that heal. Knows nothing of tokens. */
export class RequestSender {
  readonly #base: URL;
  readonly #http: HttpClient;
  readonly #clock: Clock;
  readonly #budget: RateBudget;
  readonly #throttle: Throttle;

  constructor(options: {
    url: string;
    userAgent: string;
    clock: Clock;
    budget: RateBudget;
    concurrency: number;
  }) {
    this.#base = new URL(options.url);
    this.#clock = options.clock;
    this.#budget = options.budget;
    this.#throttle = new Throttle(options.clock);
    this.#http = new HttpClient({
      clock: options.clock,
      userAgent: options.userAgent,
      maxSockets: options.concurrency,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
    });
  }

  /**
   * @returns the answer, parsed from JSON
   * @throws HttpError; AirbyteApiError `throttled`; the signal's reason
   */
  async send(request: ApiRequest, signal: AbortSignal | undefined): Promise<unknown> {
    const counts = noFailures();
    const limits = { maxFailures: request.maxFailures, maxBodyFailures: request.maxFailures };
    for (;;) {
      this.#throttle.check();
      try {
        const answer = await this.#attempt(request, signal);
        this.#throttle.accepted();
        return answer;
      } catch (error) {
        signal?.throwIfAborted();
        if (isHttpStatusError(error)) {
          if (error.status === 429) throw this.#throttle.refused(error.retryAfterMs);
          if (error.status < 500) this.#throttle.accepted();
        }
        if (request.maxFailures <= 1) throw error;
        const decision = decideRetry(error, counts, limits, NO_WINDOW_MS, Math.random());
        if (decision.action === "fail") throw decision.error;
        await this.#clock.sleep(decision.delayMs, signal);
      }
    }
  }

  /** Closes all connections. */
  close(): void {
    this.#http.close();
  }

  async #attempt(request: ApiRequest, signal: AbortSignal | undefined): Promise<unknown> {
    const { method, json, authorization, timeoutMs } = request;
    const url = this.#url(request);
    return this.#http.send(
      {
        method,
        url,
        headers: { accept: "application/json", ...(authorization === undefined ? {} : { authorization }) },
        json,
        budget: this.#budget,
        signal,
        headersTimeoutMs: timeoutMs,
        retry: false,
      },
      (response) => parseAnswer(response, `${method} ${url.pathname}`),
    );
  }

  #url({ path, query = {} }: ApiRequest): URL {
    const url = new URL(this.#base);
    url.pathname = url.pathname.replace(/\/+$/, "") + path;
    for (const [name, value] of Object.entries(query)) {
      for (const one of [value].flat()) url.searchParams.append(name, one);
    }
    return url;
  }
}

async function parseAnswer(response: HttpResponse, name: string): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw new BodyError("malformed", `${name} answered more than 64 MiB`);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new BodyError(
      "malformed",
      `${name} did not answer JSON; is the configured address that of Airbyte's public API?`,
    );
  }
}
