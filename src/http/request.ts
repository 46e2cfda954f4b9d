import { type RateBudget } from "./rate-budget.ts";
import { type RetryReason } from "./retry-policy.ts";

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

/** `GET https://host/path?query`, without user and password. */
export function describeRequest({ method = "GET", url }: HttpRequest): string {
  return `${method} ${url.origin}${url.pathname}${url.search}`;
}
