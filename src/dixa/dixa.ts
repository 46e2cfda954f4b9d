import { ConnectorError } from "../airbyte/protocol/failure.ts";
import { HttpClient } from "../http/client.ts";
import { type Clock } from "../http/clock.ts";
import { slidingWindowBudget, tokenBucketBudget } from "../http/rate-budget.ts";
import { AuthorizedHost } from "./authorized-host.ts";
import { DixaApi } from "./dixa-api.ts";
import { ExportsApi } from "./exports-api.ts";

export interface DixaOptions {
  apiToken: string;
  exportsUrl: string;
  apiUrl: string;
  exportsRequestsPerMinute: number;
  apiRequestsPerSecond: number;
  /** Requests in flight at most; each keeps one connection. */
  connections: number;
  userAgent: string;
  clock: Clock;
  /** Time without a byte after which a body counts as stalled, ms. */
  idleTimeoutMs?: number | undefined;
}

const MINUTE_MS = 60_000;
/**
 * Dixa counts when requests arrive, we count when they leave: without this margin the eleventh could arrive a moment
 * before the first has left Dixa's minute.
 */
const MARGIN_MS = 1000;
/**
 * Dixa's API standards: 10 requests a second with a burst of 4. One of the four is left as a margin: requests that
 * leave a tenth of a second apart may arrive closer together.
 */
const API_BURST = 3;
/** A host that has not told the time in so long is asked again later, ms. */
const TIME_PATIENCE_MS = 10_000;
/** Waits between the rounds in which both hosts are asked for the time, ms: two minutes in all. */
const TIME_DELAYS_MS: readonly number[] = [1000, 2000, 4000, 8000, 15_000, 30_000, 60_000];

/** Both of Dixa's APIs with one token. All streams share it, and with it the two budgets. */
export class Dixa {
  readonly exports: ExportsApi;
  readonly api: DixaApi;
  readonly #http: HttpClient;
  readonly #clock: Clock;

  constructor(options: DixaOptions) {
    const { apiToken, clock } = options;
    this.#clock = clock;
    this.#http = new HttpClient({
      clock,
      userAgent: options.userAgent,
      maxSockets: options.connections,
      ...(options.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: options.idleTimeoutMs }),
    });
    this.exports = new ExportsApi(
      new AuthorizedHost({
        http: this.#http,
        origin: options.exportsUrl,
        budget: slidingWindowBudget({
          limit: options.exportsRequestsPerMinute,
          windowMs: MINUTE_MS + MARGIN_MS,
          clock,
        }),
        forms: [`Bearer ${apiToken}`, `Basic ${Buffer.from(`bearer:${apiToken}`).toString("base64")}`],
      }),
    );
    this.api = new DixaApi(
      new AuthorizedHost({
        http: this.#http,
        origin: options.apiUrl,
        budget: tokenBucketBudget({
          perSecond: options.apiRequestsPerSecond,
          burst: Math.min(API_BURST, options.apiRequestsPerSecond),
          clock,
        }),
        forms: [apiToken, `Bearer ${apiToken}`],
      }),
    );
  }

  /**
   * Dixa's clock, ms UTC to the second, as the first dated answer of either host tells it. Our own clock is never taken
   * in its place: one that runs ahead would put a cursor into the future, and what happens until then would be skipped.
   *
   * @throws ConnectorError transient_error if no answer tells the time; the signal's reason
   */
  async serverTime(signal: AbortSignal): Promise<number> {
    let failure: unknown;
    for (let failures = 0; ; failures++) {
      for (const host of [this.api, this.exports]) {
        try {
          const soon = AbortSignal.any([signal, AbortSignal.timeout(TIME_PATIENCE_MS)]);
          const time = await host.serverTime(soon);
          if (time !== undefined) return time;
        } catch (error) {
          signal.throwIfAborted();
          failure = error;
        }
      }
      const delayMs = TIME_DELAYS_MS[failures];
      if (delayMs === undefined) break;
      await this.#clock.sleep(delayMs, signal);
    }
    const reason =
      failure instanceof Error
        ? failure.message
        : "its answers carry no Date header. Does a proxy between here and Dixa remove it?";
    throw new ConnectorError(
      "transient_error",
      `Dixa does not say what time it is, and without that it is not safe to decide up to when to read: ${reason}`,
      { cause: failure },
    );
  }

  close(): void {
    this.#http.close();
  }
}
