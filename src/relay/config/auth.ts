import { type AirbyteAuth } from "../../airbyte/api/authorization.ts";
import { type RawCredential, type RawRelayConfig } from "./schema.ts";

/** How a webhook proves that it comes from Dixa. */
export type WebhookAuth =
  | {
      readonly mode: "signature";
      readonly secrets: readonly string[];
      readonly maxAgeMs: number | undefined;
      /** Secrets of before a rotation, each until an instant, ms UTC. */
      readonly expiring?: readonly { readonly secret: string; readonly until: number }[];
    }
  | { readonly mode: "basic"; readonly username: string; readonly password: string }
  | { readonly mode: "bearer"; readonly token: string }
  | { readonly mode: "none" }
  /** Nothing can be proved yet: the secret was not given, or what the store holds can't be opened with this key. */
  | { readonly mode: "waiting"; readonly why: WaitingReason };

export type WaitingReason = "no_secret" | "sealed";

/** What proves a webhook, as people set it; what waits for its secret is going to be proved by the signature. */
export function proofOf(auth: WebhookAuth): Exclude<WebhookAuth["mode"], "waiting"> {
  return auth.mode === "waiting" ? "signature" : auth.mode;
}

/** @returns the fault in words if something is missing */
export function webhookAuthOf(
  raw: RawCredential,
  where: (key: string) => string,
  mayLackSecrets: boolean,
): WebhookAuth | string {
  switch (raw.auth) {
    case "signature":
      if (raw.webhook_secrets.length === 0 && !mayLackSecrets) {
        return (
          `${where("webhook_secrets")} is empty, but auth is signature. Put in the secret from the webhook's page ` +
          "in Dixa (Settings > Integrations > Webhooks), or let `dixa-relay subscribe` fetch it."
        );
      }
      return { mode: "signature", secrets: raw.webhook_secrets, maxAgeMs: raw.signature_max_age };
    case "basic":
      if (raw.username === undefined || raw.password === undefined) {
        const key = raw.username === undefined ? "username" : "password";
        return `${where(key)} is missing, but auth is basic. Put in what the webhook in Dixa has.`;
      }
      return { mode: "basic", username: raw.username, password: raw.password };
    case "bearer":
      if (raw.token === undefined) {
        return `${where("token")} is missing, but auth is bearer. Put in the token that the webhook in Dixa has.`;
      }
      return { mode: "bearer", token: raw.token };
    case "none":
      return { mode: "none" };
  }
}

/** @returns the fault in words if something is missing */
export function airbyteAuthOf(
  raw: RawRelayConfig["airbyte"],
  where: (key: string) => string,
): AirbyteAuth | string {
  const missing = (key: string, remedy: string) =>
    `${where(key)} is missing, but airbyte.auth is ${raw.auth}. ${remedy}`;
  switch (raw.auth) {
    case "client_credentials": {
      const remedy = "Make an application in Airbyte under Settings > Applications.";
      if (raw.client_id === undefined) return missing("client_id", remedy);
      if (raw.client_secret === undefined) return missing("client_secret", remedy);
      return { mode: "client_credentials", clientId: raw.client_id, clientSecret: raw.client_secret };
    }
    case "basic":
      if (raw.username === undefined) return missing("username", "Put in Airbyte's user name.");
      if (raw.password === undefined) return missing("password", "Put in its password.");
      return { mode: "basic", username: raw.username, password: raw.password };
    case "bearer":
      if (raw.token === undefined) return missing("token", "Put in an access token of Airbyte.");
      return { mode: "bearer", token: raw.token };
    case "none":
      return { mode: "none" };
  }
}
