import { type Readable } from "node:stream";

import fetch, { type Response } from "node-fetch";

import { Agents } from "./agents.ts";
import { bodyOf, readText, readWhole } from "./body.ts";
import { type Clock } from "./clock.ts";
import { HttpStatusError, isHttpStatusError, isNetworkError, NetworkError } from "./errors.ts";
import { type RateBudget } from "./rate-budget.ts";
import { decideRetry, noFailures, parseRetryAfter, type RetryReason } from "./retry-policy.ts";

export interface HttpResponse {
  /** From 200 to 299. */
  readonly status: number;
  /** The `Date` header, ms UTC to the second. */
  readonly date: number | undefined;
  /** The decoded body as it arrives. Reading it throws BodyError when it breaks off or stalls. */
  readonly body: AsyncIterable<Buffer>;
  /** All of a body of at most 1 MiB. Throws BodyError if it is larger. */
  text(): Promise<string>;
}

/** A wait before a request is sent, or sent again. */
export interface Wait {
  reason: "budget" | RetryReason;
  /** When it will probably end, ms UTC. */
  untilMs: number;
  /** What happened and what follows, in plain words. */
  message: string;
}

export interface HttpRequest {
  /** Default GET. */
  method?: "GET" | "POST" | "PATCH" | "DELETE" | undefined;
  url: URL;
  headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  json?: unknown;
  /** Default: no limit. */
  budget?: RateBudget | undefined;
  signal?: AbortSignal | undefined;
  /** False: the first failure ends the request, as a caller wants for what must not be sent twice. Default true. */
  retry?: boolean | undefined;
  /** Time until the answer begins, ms; overrides the client's. */
  headersTimeoutMs?: number | undefined;
  /** Failures in a row that end the request. Default 8, which is about two minutes. */
  maxFailures?: number | undefined;
  /** Bodies that broke off, or answers that took too long, that end it. Default 2. */
  maxBodyFailures?: number | undefined;
  onWait?: ((wait: Wait) => void) | undefined;
  /** Called whenever the request is sent. */
  onRequest?: (() => void) | undefined;
}

export interface HttpClientOptions {
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
  /** In [0, 1), for the jitter of delays. */
  random?: (() => number) | undefined;
}

const HEADERS_TIMEOUT_MS = 300_000;
const IDLE_TIMEOUT_MS = 120_000;
const ERROR_BODY_BYTES = 4096;
const TEXT_BYTES = 1024 * 1024;
/** Taken for the length of a rate-limit window where the API has no budget here. */
const UNKNOWN_WINDOW_MS = 10_000;
const MAX_FAILURES = 8;
const MAX_BODY_FAILURES = 2;
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** A wait that is longer is told again so often, ms: platforms and people take silence for death. */
const TELL_AGAIN_MS = 600_000;
/**
 * How long an API may refuse all that is asked of it by its rate limit, ms. Airbyte ends a sync that brings neither a
 * row nor a STATE for three hours; ended by ourselves it says why, and the next attempt goes on where it stood.
 */
const LONGEST_LIMIT_MS = 7_200_000;
/** A proxy's answers to CONNECT that the next try would meet again. */
const PROXY_REFUSAL = /HTTP\/1\.\d (4\d\d)/;
/** How a kept-alive connection that the peer has closed meanwhile shows itself. */
const CLOSED_CODES: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/**
 * Requests that survive what the internet does: budgets, retries, truncation, stalls. All traffic goes through
 * node-fetch, with its five known traps closed here: slow and lenient gunzip, no time-out while a body is read,
 * premature close as a bare error, unread bodies that pin their connection, one signal for many requests.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #random: () => number;
  readonly #agents: Agents;
  /** Since when an API has refused by its rate limit without accepting anything, ms UTC, by its budget. */
  readonly #limitedSince = new WeakMap<object, number>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#agents = new Agents(options.maxSockets, options.env);
  }

  /**
   * Sends the request, and again after failures that heal, until `consume` has read the answer.
   *
   * `consume` is called once per answer with status 2xx; it must expect to start over.
   *
   * @throws HttpStatusError, NetworkError or BodyError when retrying is pointless or has not helped; the signal's
   *   reason; what `consume` throws, unless that is a BodyError
   */
  async send<T>(request: HttpRequest, consume: (response: HttpResponse) => Promise<T>): Promise<T> {
    const { budget, signal, onWait } = request;
    const { clock } = this.#options;
    const counts = noFailures();
    // Without a budget, the request has its limit for itself.
    const limitKey = budget ?? counts;
    const limits = {
      maxFailures: request.maxFailures ?? MAX_FAILURES,
      maxBodyFailures: request.maxBodyFailures ?? MAX_BODY_FAILURES,
    };
    for (;;) {
      await budget?.take(signal, (untilMs) =>
        onWait?.({ reason: "budget", untilMs, message: "waiting for the request budget" }),
      );
      try {
        request.onRequest?.();
        return await this.#attempt(request, (response) => {
          this.#limitedSince.delete(limitKey);
          return consume(response);
        });
      } catch (error) {
        signal?.throwIfAborted();
        if (request.retry === false) throw error;
        const decision = decideRetry(
          error,
          counts,
          { ...limits, rateLimitLeftMs: this.#limitLeft(error, limitKey) },
          budget?.windowMs ?? UNKNOWN_WINDOW_MS,
          this.#random(),
        );
        if (decision.action === "fail") throw decision.error;
        const untilMs = clock.now() + decision.delayMs;
        if (decision.reason === "rate_limited") budget?.pauseUntil(untilMs);
        for (let leftMs = decision.delayMs; leftMs > 0; leftMs = untilMs - clock.now()) {
          const seconds = Math.ceil(leftMs / 1000);
          onWait?.({
            reason: decision.reason,
            untilMs,
            message: `${messageOf(error)}; trying again in ${seconds} s`,
          });
          await clock.sleep(Math.min(leftMs, TELL_AGAIN_MS), signal);
        }
      }
    }
  }

  /** Closes all connections. */
  close(): void {
    this.#agents.destroy();
  }

  /** How much longer a rate limit may hold up those who share it, ms. */
  #limitLeft(error: unknown, key: object): number {
    if (!isHttpStatusError(error) || error.status !== 429) return LONGEST_LIMIT_MS;
    const now = this.#options.clock.now();
    const since = this.#limitedSince.get(key) ?? now;
    this.#limitedSince.set(key, since);
    return since + LONGEST_LIMIT_MS - now;
  }

  async #attempt<T>(request: HttpRequest, consume: (response: HttpResponse) => Promise<T>): Promise<T> {
    const attempt = new AbortController();
    const signal =
      request.signal === undefined ? attempt.signal : AbortSignal.any([request.signal, attempt.signal]);
    try {
      const response = await this.#fetch(request, attempt, signal);
      const name = describe(request);
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
    const name = describe(request);
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

/** `GET https://host/path?query`, without user and password. */
function describe({ method = "GET", url }: HttpRequest): string {
  return `${method} ${url.origin}${url.pathname}${url.search}`;
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
