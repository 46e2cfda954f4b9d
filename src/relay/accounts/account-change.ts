import { EventFilter } from "../../dixa/webhooks/events.ts";
import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { neededAddress, needKeptToken, needKey } from "./account-guards.ts";
import { checkedSettings, optionalSecret } from "./account-input.ts";
import { AccountProblem } from "./account-problem.ts";
import { type AccountChanges, OVERLAP_MS } from "./account-requests.ts";
import { type AccountWebhook } from "./account-webhook.ts";
import { type AccountWriter } from "./account-writer.ts";

export interface ChangeParts {
  config: RelayConfig;
  writer: AccountWriter;
  webhook: AccountWebhook;
}

/**
 * Changes an account. Dixa is told first: when it refuses, nothing has changed.
 *
 * @returns what the person should know, in sentences
 * @throws AccountProblem, StoreUnavailableError
 */
export async function changeAccount(
  { config, writer, webhook }: ChangeParts,
  before: CredentialConfig,
  changes: AccountChanges,
): Promise<readonly string[]> {
  const { overlapMs = OVERLAP_MS } = changes;
  const secret = optionalSecret(changes.webhookSecret, "webhook_secret");
  const token = optionalSecret(changes.dixaToken, "dixa_token");
  if (secret !== undefined || token !== undefined) needKey(config);
  if (token !== undefined) neededAddress(config, before.id);
  const keepsToken = keepsTokenAfter(before, token, changes);
  const { events } = checkedSettings(changes, before.stored?.settings, config);
  const wanted = { ...before, events: new EventFilter(events) };
  const isListening = before.events.apiEvents.join() === wanted.events.apiEvents.join();
  const toTell = token ?? (keepsToken && !isListening ? before.dixaApiToken : undefined);
  const notes: string[] = [];
  if (toTell !== undefined) {
    const keep = token === undefined ? undefined : keepsToken;
    notes.push(...(await webhook.setUp(wanted, toTell, keep, overlapMs)));
  } else if (!isListening) {
    notes.push("Tick the same events on the webhook's page in Dixa: the relay has no token to do so.");
  }
  await writer.change(before.id, ({ settings, sealed, sealWebhookWith }) => ({
    settings: {
      ...settings,
      ...checkedSettings(changes, settings, config),
      ...(keepsToken ? {} : { dixa_switch_on: undefined }),
    },
    sealed: {
      // What Dixa has just told counts beside the one that is given.
      webhook:
        secret === undefined
          ? sealed.webhook
          : sealWebhookWith(secret, toTell === undefined ? overlapMs : null),
      token: changes.keepToken === false ? undefined : sealed.token,
    },
  }));
  if (before.switchesOn === true && !keepsToken) {
    notes.push("Without a token, the relay no longer switches the webhook on when it is off in Dixa.");
  }
  return notes;
}

/** @throws AccountProblem when a token is to be kept, or to be used, that there is not */
function keepsTokenAfter(
  { stored }: CredentialConfig,
  token: string | undefined,
  { keepToken, dixa_switch_on }: AccountChanges,
): boolean {
  const hadToken = stored?.keepsToken === true;
  if (keepToken === true && token === undefined && !hadToken) {
    throw new AccountProblem("conflict", "keep_token is true, but no dixa_token is given, and none is kept.");
  }
  const keepsToken = token === undefined ? hadToken && keepToken !== false : keepToken === true;
  needKeptToken(dixa_switch_on, keepsToken);
  return keepsToken;
}
