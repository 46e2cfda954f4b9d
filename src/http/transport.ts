import { type Readable } from "node:stream";

import fetch, { type Response } from "node-fetch";

import { Agents } from "./agents.ts";
import { bodyOf, readText, readWhole } from "./body.ts";
import { type Clock } from "./clock.ts";
import { HttpStatusError, isNetworkError, NetworkError } from "./errors.ts";
import { describeRequest, type HttpRequest, type HttpResponse } from "./request.ts";
import { parseRetryAfter } from "./retry-policy.ts";

export interface TransportOptions {
  clock: Clock;
  userAgent: string;
  /** Connections per host at most. */
  maxSockets: number;
  /** Time until the answer begins, ms. A large export may take minutes to prepare. */
  headersTimeoutMs?: number | undefined;
  /** Time without a byte after which a body counts as stalled, ms. */
  idleTimeoutMs?: number | undefined;
  /** Where proxies and certificates are named. Default: the environment of the process. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
}

const HEADERS_TIMEOUT_MS = 300_000;
const IDLE_TIMEOUT_MS = 120_000;
const ERROR_BODY_BYTES = 4096;
const TEXT_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** A proxy's answers to CONNECT that the next try would meet again. */
const PROXY_REFUSAL = /HTTP\/1\.\d (4\d\d)/;
/** How a kept-alive connection that the peer has closed meanwhile shows itself. */
const CLOSED_CODES: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/**
 * One request and its answer. All traffic goes through node-fetch, with its five known traps closed here: slow and
 * lenient gunzip, no time-out while a body is read, premature close as a bare error, unread bodies that pin their
 * connection, one signal for many requests.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #agents: Agents;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#agents = new Agents(options.maxSockets, options.env);
  }

  /** Closes all connections. */
  close(): void {
    this.#agents.destroy();
  }

  /**
   * Sends the request once, and gives its answer to `consume` if the status is 2xx.
   *
   * @throws HttpStatusError, NetworkError or BodyError; the signal's reason; what `consume` throws
   */
  async exchange<T>(request: HttpRequest, consume: (response: HttpResponse) => Promise<T>): Promise<T> {
    const attempt = new AbortController();
    const signal =
      request.signal === undefined ? attempt.signal : AbortSignal.any([request.signal, attempt.signal]);
    try {
      const response = await this.#fetch(request, attempt, signal);
      const name = describeRequest(request);
      const idleTimeoutMs = this.#options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
      const body = bodyOf(response, name, idleTimeoutMs, () => {
        request.signal?.throwIfAborted();
      });
      const date = parseDate(response.headers.get("date"));
      if (!response.ok) {
        const bodyText = await readText(body, ERROR_BODY_BYTES).catch(() => "");
        const retryAfterMs = parseRetryAfter(
          response.headers.get("retry-after"),
          date ?? this.#options.clock.now(),
        );
        throw new HttpStatusError(name, { status: response.status, bodyText, retryAfterMs, date });
      }
      return await consume({
        status: response.status,
        date,
        body,
        text: () => readWhole(body, name, TEXT_BYTES),
      });
    } finally {
      // Whatever was not read must not pin its connection.
      attempt.abort();
    }
  }

  /** Resolves when the answer's headers are here. */
  async #fetch(request: HttpRequest, attempt: AbortController, signal: AbortSignal): Promise<Response> {
    const { url, headers, json, method = "GET" } = request;
    const name = describeRequest(request);
    const timeoutMs = request.headersTimeoutMs ?? this.#options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
    const timer = setTimeout(() => {
      attempt.abort(
        new NetworkError("ERR_HEADERS_TIMEOUT", `${name} was not answered in ${timeoutMs / 1000} s`),
      );
    }, timeoutMs);
    const content = json === undefined ? {} : { "content-type": "application/json" };
    try {
      let target = url;
      for (let redirects = 0; ; redirects++) {
        const response = await fetch(target.href, {
          method,
          headers: {
            // To another origin no credential goes: another port is another program.
            ...(target.origin === url.origin ? headers : withoutCredentials(headers)),
            ...content,
            "accept-encoding": "gzip",
            "user-agent": this.#options.userAgent,
          },
          ...(json === undefined ? {} : { body: JSON.stringify(json) }),
          compress: false,
          redirect: "manual",
          agent: (address) => this.#agents.for(address),
          signal,
        });
        if (!REDIRECTS.has(response.status)) return response;
        (response.body as Readable | null)?.destroy();
        const location = response.headers.get("location") ?? "";
        const next = URL.parse(location, target.href);
        // A redirected POST would arrive as a GET without its body.
        const canFollow = method === "GET" && redirects < MAX_REDIRECTS && location !== "";
        if (!canFollow || (next?.protocol !== "https:" && next?.protocol !== "http:")) {
          throw new NetworkError("ERR_REDIRECT", `${name} failed: ERR_REDIRECT`);
        }
        target = next;
      }
    } catch (error) {
      attempt.signal.throwIfAborted();
      if (isNetworkError(error)) throw error;
      const code = codeOf(error);
      const wasStale = CLOSED_CODES.has(code);
      throw new NetworkError(code, `${name} failed: ${code}`, { cause: error, wasStale });
    } finally {
      clearTimeout(timer);
    }
  }
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"),
  );
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "ERR_NETWORK";
  if (!("code" in error) || typeof error.code !== "string") return "ERR_NETWORK";
  const status = error.code === "ERR_PROXY_TUNNEL" ? PROXY_REFUSAL.exec(messageOf(error))?.[1] : undefined;
  return status === undefined ? error.code : `ERR_PROXY_REFUSED_${status}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parseDate(header: string | null): number | undefined {
  const date = Date.parse(header ?? "");
  return Number.isNaN(date) ? undefined : date;
}
