import { AuthorizedHost } from "../../dixa/authorized-host.ts";
import { Subscriptions } from "../../dixa/webhooks/subscriptions.ts";
import { HttpClient } from "../../http/client.ts";
import { type Clock } from "../../http/clock.ts";
import { tokenBucketBudget } from "../../http/rate-budget.ts";
import { VERSION } from "../../version.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { CommandError } from "./command-error.ts";

/** A person waits: after three failures in a row, which is a few seconds, Dixa counts as down. */
const MAX_FAILURES = 3;
const HEADERS_TIMEOUT_MS = 20_000;
/** Well below what Dixa allows: 10 a second, 4 at once. */
const BUDGET = { perSecond: 4, burst: 2 };

/**
 * The webhooks of a credential's Dixa account.
 *
 * @throws CommandError
 */
export function openSubscriptions(
  { id, dixaApiToken, dixaApiUrl }: CredentialConfig,
  clock: Clock,
): { subscriptions: Subscriptions; close: () => void } {
  if (dixaApiToken === undefined) {
    throw new CommandError(
      `The credential ${id} has no dixa_api_token (or dixa_api_token_file) in the configuration. Make a token in Dixa ` +
        "under Settings > Integrations > API tokens, with “Dixa API” as the API version.",
    );
  }
  const http = new HttpClient({
    clock,
    userAgent: `dixa-relay/${VERSION}`,
    maxSockets: 1,
    headersTimeoutMs: HEADERS_TIMEOUT_MS,
  });
  const host = new AuthorizedHost({
    http,
    origin: dixaApiUrl,
    budget: tokenBucketBudget({ ...BUDGET, clock }),
    forms: [dixaApiToken, `Bearer ${dixaApiToken}`],
  });
  return {
    subscriptions: new Subscriptions(host, { maxFailures: MAX_FAILURES }),
    close: () => {
      http.close();
    },
  };
}
