import { isBodyError, isCertificateError, isHttpStatusError, isNetworkError } from "./errors.ts";

/** Why a request waits before it is sent again. */
export type RetryReason = "rate_limited" | "server" | "network" | "body";

export type RetryDecision =
  { action: "retry"; reason: RetryReason; delayMs: number } | { action: "fail"; error: unknown };

/** Failures in a row, by what they say about the request. */
export interface FailureCounts {
  rateLimited: number;
  /** The answer began and broke off, or did not come in time: a smaller question may help. */
  body: number;
  /** Other answers of 5xx, and no answer. */
  other: number;
  /** Kept-alive connections that were found closed. */
  stale: number;
}

export interface RetryLimits {
  /** So many failures in a row end the request. */
  maxFailures: number;
  /** So many bodies that broke off, or answers that took too long, end it. */
  maxBodyFailures: number;
  /** A rate limit that lasts longer ends it, ms. Default: none does. */
  rateLimitLeftMs?: number | undefined;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;
const LONGEST_RATE_LIMIT_DELAY_MS = 300_000;
/** What a server asks for beyond this is cut: an hour is enough to look again. */
const LONGEST_RETRY_AFTER_MS = 3_600_000;
/** Share of the delay that is left to chance, so that many clients don't come back at the same moment. */
const JITTER = 0.1;
/**
 * Codes of failures that the next try would meet again: redirects that can't be followed, headers that can't be sent,
 * proxies that refuse (with a status of 4xx).
 */
const LASTING_CODE = /^(?:ERR_REDIRECT|ERR_INVALID_CHAR|ERR_PROXY_REFUSED_4\d\d)$/;
/** Statuses of an answer that took too long. */
const TOO_SLOW: ReadonlySet<number> = new Set([408, 504]);

export function noFailures(): FailureCounts {
  return { rateLimited: 0, body: 0, other: 0, stale: 0 };
}

/**
 * What to do after a failure. Pure but for `counts`, to which the failure is added.
 *
 * @param windowMs the API's rate-limit window
 * @param random in [0, 1)
 */
export function decideRetry(
  error: unknown,
  counts: FailureCounts,
  limits: RetryLimits,
  windowMs: number,
  random: number,
): RetryDecision {
  const kind = classify(error);
  if (kind === undefined) return { action: "fail", error };
  if (kind === "stale" && counts.stale++ === 0) return { action: "retry", reason: "network", delayMs: 0 };
  const asked = isHttpStatusError(error) ? error.retryAfterMs : undefined;
  if (kind === "rate_limited") {
    counts.rateLimited++;
    const usual = Math.min(
      windowMs * 2 ** (counts.rateLimited - 1),
      Math.max(windowMs, LONGEST_RATE_LIMIT_DELAY_MS),
    );
    const leftMs = limits.rateLimitLeftMs ?? Infinity;
    if (leftMs <= 0) return { action: "fail", error };
    const delayMs = Math.min(withJitter(limited(asked) ?? usual, random), leftMs);
    return { action: "retry", reason: kind, delayMs };
  }
  const isBody = kind === "body" || kind === "slow";
  const failures = isBody ? ++counts.body : ++counts.other;
  if (failures >= (isBody ? limits.maxBodyFailures : limits.maxFailures)) return { action: "fail", error };
  const usual = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
  const reason = kind === "body" ? "body" : isHttpStatusError(error) ? "server" : "network";
  return { action: "retry", reason, delayMs: withJitter(limited(asked) ?? usual, random) };
}

type Kind = "rate_limited" | "slow" | "server" | "network" | "stale" | "body";

function classify(error: unknown): Kind | undefined {
  if (isBodyError(error)) return "body";
  if (isNetworkError(error)) {
    if (LASTING_CODE.test(error.code) || isCertificateError(error)) return undefined;
    if (error.code === "ERR_HEADERS_TIMEOUT") return "slow";
    return error.wasStale ? "stale" : "network";
  }
  if (!isHttpStatusError(error)) return undefined;
  if (error.status === 429) return "rate_limited";
  if (TOO_SLOW.has(error.status)) return "slow";
  return error.status === 425 || error.status >= 500 ? "server" : undefined;
}

/** A server that asks for no wait at all would be asked again without end. */
function limited(retryAfterMs: number | undefined): number | undefined {
  if (retryAfterMs === undefined) return undefined;
  return Math.min(Math.max(retryAfterMs, FIRST_DELAY_MS), LONGEST_RETRY_AFTER_MS);
}

/** Only ever longer: a server that says when to come back must not be asked before. */
function withJitter(delayMs: number, random: number): number {
  return Math.ceil(delayMs) + Math.floor(delayMs * JITTER * random);
}

/** `Date.parse` takes nearly anything for a date: `-5` is in May 2001. */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/;

/**
 * The delay that a `Retry-After` header asks for, ms; it holds seconds or an HTTP date.
 *
 * @param now ms UTC on the server's clock, by which it has reckoned the date
 * @returns undefined if the header is missing or is neither
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const date = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
