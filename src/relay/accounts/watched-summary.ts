import { type CredentialConfig } from "../config/relay-config.ts";
import { type CredentialSummary } from "../store/credential.ts";

/**
 * What the store knows of a credential, without what Dixa once said of its webhook if nobody can ask Dixa any more: that
 * would stand there for good, whatever becomes of the webhook.
 */
export function watchedSummary<S extends CredentialSummary | undefined>(
  { dixaApiToken }: Pick<CredentialConfig, "dixaApiToken">,
  summary: S,
): S {
  return summary === undefined || dixaApiToken !== undefined ? summary : { ...summary, subscription: null };
}
