import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";

/** What a person must do about a credential before it works, in words; undefined: nothing. */
export function problemOf({ auth, stored }: CredentialConfig): string | undefined {
  if (auth.mode === "waiting") {
    return auth.why === "no_secret"
      ? "Its webhook secret is missing. Copy it from the webhook's page in Dixa (Settings > Integrations > Webhooks)."
      : "Its secrets can't be opened with this secret_key. Put the right key back, or enter the webhook secret anew.";
  }
  if (stored?.isTokenSealed === true) {
    return "Its Dixa API token can't be opened with this secret_key. Put the right key back, or enter the token anew.";
  }
  return undefined;
}

/** Why credentials can be declared in the configuration only; undefined: they can be made while the relay runs. */
export function whyDeclaredOnly({ secretKey }: Pick<RelayConfig, "secretKey">): string | undefined {
  return secretKey === undefined
    ? "The relay has no secret_key, so it keeps no secrets, and accounts can be declared in its configuration only. " +
        "Make a key with `openssl rand -hex 32` and set secret_key."
    : undefined;
}
