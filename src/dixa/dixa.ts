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

/** Both of Dixa's APIs with one token. All streams share it, and with it the two budgets. */
export class Dixa {
  readonly exports: ExportsApi;
  readonly api: DixaApi;
  readonly #http: HttpClient;

  constructor(options: DixaOptions) {
    const { apiToken, clock } = options;
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

  close(): void {
    this.#http.close();
  }
}
