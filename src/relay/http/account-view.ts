import { problemOf } from "../accounts/attention.ts";
import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { isoOf } from "./iso-time.ts";
import { type AccountView } from "./schemas.ts";

/** A credential as those see it who set it up. It holds no secret. */
export function accountView(
  credential: CredentialConfig,
  { publicUrl }: Pick<RelayConfig, "publicUrl">,
): AccountView {
  const { id, name, auth, events, stored } = credential;
  const expiring = auth.mode === "signature" ? (auth.expiring ?? []) : [];
  const lastUntil = Math.max(0, ...expiring.map(({ until }) => until));
  return {
    credential_id: id,
    name,
    origin: stored === undefined ? "configuration" : "store",
    problem: problemOf(credential) ?? null,
    webhook_url: webhookUrl(publicUrl, id),
    dixa_events: events.apiEvents,
    old_secret_until: lastUntil === 0 ? null : isoOf(lastUntil),
    settings:
      stored === undefined
        ? null
        : {
            connections:
              typeof stored.settings.connections === "string"
                ? stored.settings.connections
                : [...stored.settings.connections],
            events: [...stored.settings.events],
            timings: { ...stored.settings.timings },
            max_staleness: stored.settings.max_staleness ?? null,
            dixa_switch_on: stored.settings.dixa_switch_on ?? false,
          },
    keeps_token: stored?.keepsToken ?? false,
    dixa_webhook_id: stored?.subscriptionId ?? null,
    created_at: stored === undefined ? null : isoOf(stored.createdAt),
  };
}
