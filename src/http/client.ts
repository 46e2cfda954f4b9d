import { isHttpStatusError } from "./errors.ts";
import { type HttpRequest, type HttpResponse } from "./request.ts";
import { decideRetry, noFailures } from "./retry-policy.ts";
import { Transport, type TransportOptions } from "./transport.ts";

export interface HttpClientOptions extends TransportOptions {
  /** In [0, 1), for the jitter of delays. */
  random?: (() => number) | undefined;
}

/** Taken for the length of a rate-limit window where the API has no budget here. */
const UNKNOWN_WINDOW_MS = 10_000;
const MAX_FAILURES = 8;
const MAX_BODY_FAILURES = 2;
/** A wait that is longer is told again so often, ms: platforms and people take silence for death. */
const TELL_AGAIN_MS = 600_000;
/**
 * How long an API may refuse all that is asked of it by its rate limit, ms. Airbyte ends a sync that brings neither a
 * row nor a STATE for three hours; ended by ourselves it says why, and the next attempt goes on where it stood.
 */
const LONGEST_LIMIT_MS = 7_200_000;

/** Requests that survive what the internet does: budgets, retries, truncation, stalls. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #random: () => number;
  readonly #transport: Transport;
  /** Since when an API has refused by its rate limit without accepting anything, ms UTC, by its budget. */
  readonly #limitedSince = new WeakMap<object, number>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#transport = new Transport(options);
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
        return await this.#transport.exchange(request, (response) => {
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
    this.#transport.close();
  }

  /** How much longer a rate limit may hold up those who share it, ms. */
  #limitLeft(error: unknown, key: object): number {
    if (!isHttpStatusError(error) || error.status !== 429) return LONGEST_LIMIT_MS;
    const now = this.#options.clock.now();
    const since = this.#limitedSince.get(key) ?? now;
    this.#limitedSince.set(key, since);
    return since + LONGEST_LIMIT_MS - now;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
