import { z } from "zod";

import { EventFilter } from "../../dixa/webhooks/events.ts";
import { type WebhookAuth } from "../config/auth.ts";
import { selectionOf } from "../config/selection.ts";
import { type StoredSettings, storedSettingsSchema } from "../config/stored-settings.ts";
import { type AccountRecord } from "../store/account.ts";
import { type AccountSecrets, parseSealed, type WebhookSecret } from "./account-secrets.ts";
import { type StoredCredential } from "./current-config.ts";

/** What the store keeps of an account in the clear. */
export interface AccountSettings extends StoredSettings {
  /** Of the webhook in Dixa, if the relay has made it. */
  readonly subscriptionId?: string | undefined;
}

const settingsSchema: z.ZodType<AccountSettings> = z.object({
  name: z.string(),
  connections: z.union([z.string(), z.array(z.string())]),
  events: z.array(z.string()),
  timings: z.record(z.string(), z.union([z.string(), z.number()])),
  max_staleness: z.string().optional(),
  dixa_switch_on: z.boolean().optional(),
  subscriptionId: z.string().optional(),
});

export function parseSettings(text: string): AccountSettings {
  return settingsSchema.parse(JSON.parse(text));
}

export interface OpenedAccount extends StoredCredential {
  /** All its secrets, so that they can be hidden. */
  readonly secrets: readonly string[];
}

/** An account as the rest of the relay knows credentials. */
export function openAccount(
  { credentialId: id, settings: settingsText, secrets: secretsText, createdAt }: AccountRecord,
  secrets: AccountSecrets,
  dixaApiUrl: string,
): OpenedAccount {
  const settings = parseSettings(settingsText);
  const sealed = parseSealed(secretsText);
  const chosen = storedSettingsSchema.parse(settings);
  const { name, connections, events, timings } = chosen;
  const webhook = sealed.webhook === undefined ? [] : secrets.openWebhook(sealed.webhook);
  const token = sealed.token === undefined ? undefined : secrets.openToken(sealed.token);
  return {
    credential: {
      id,
      name,
      auth: authOf(webhook),
      connections: selectionOf(connections),
      events: new EventFilter(events),
      dixaApiToken: token,
      dixaApiUrl,
      switchesOn: chosen.dixa_switch_on,
      maxStalenessMs: chosen.max_staleness,
      secretsFile: undefined,
      stored: {
        settings,
        createdAt,
        subscriptionId: settings.subscriptionId,
        keepsToken: sealed.token !== undefined,
        isTokenSealed: sealed.token !== undefined && token === undefined,
      },
    },
    timings: { id, timings, connectionTimings: {} },
    secrets: [...(webhook ?? []).map(({ secret }) => secret), ...(token === undefined ? [] : [token])],
  };
}

function authOf(webhook: readonly WebhookSecret[] | undefined): WebhookAuth {
  if (webhook === undefined) return { mode: "waiting", why: "sealed" };
  const secrets = webhook.filter(({ until }) => until === null).map(({ secret }) => secret);
  if (secrets.length === 0) return { mode: "waiting", why: "no_secret" };
  const expiring = webhook.flatMap(({ secret, until }) => (until === null ? [] : [{ secret, until }]));
  return { mode: "signature", secrets, maxAgeMs: undefined, expiring };
}
