import { AuthorizedHost } from "../../dixa/authorized-host.ts";
import { Subscriptions } from "../../dixa/webhooks/subscriptions.ts";
import { HttpClient } from "../../http/client.ts";
import { type Clock } from "../../http/clock.ts";
import { tokenBucketBudget } from "../../http/rate-budget.ts";
import { VERSION } from "../../version.ts";

/** A person waits: after three failures in a row, which is a few seconds, Dixa counts as down. */
const MAX_FAILURES = 3;
const HEADERS_TIMEOUT_MS = 20_000;
/** Well below what Dixa allows: 10 a second, 4 at once. */
const BUDGET = { perSecond: 4, burst: 2 };

/** What is asked of Dixa about the webhooks of one account. */
export type DixaWebhooks = Pick<
  Subscriptions,
  "create" | "delete" | "deliveryStatus" | "get" | "list" | "update"
>;

/** The webhooks of the Dixa account that an API token belongs to. */
export function openSubscriptions(
  { token, url }: { token: string; url: string },
  clock: Clock,
): { subscriptions: Subscriptions; close: () => void } {
  const http = new HttpClient({
    clock,
    userAgent: `dixa-relay/${VERSION}`,
    maxSockets: 1,
    headersTimeoutMs: HEADERS_TIMEOUT_MS,
  });
  const host = new AuthorizedHost({
    http,
    origin: url,
    budget: tokenBucketBudget({ ...BUDGET, clock }),
    forms: [token, `Bearer ${token}`],
  });
  return {
    subscriptions: new Subscriptions(host, { maxFailures: MAX_FAILURES }),
    close: () => {
      http.close();
    },
  };
}
