import { toConnectorError } from "../../dixa/errors.ts";
import { type Subscription, type SubscriptionRequest } from "../../dixa/webhooks/subscriptions.ts";
import { type Clock } from "../../http/clock.ts";
import { isBodyError, isHttpStatusError, isNetworkError } from "../../http/errors.ts";
import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { neededAddress } from "./account-guards.ts";
import { AccountProblem } from "./account-problem.ts";
import {
  authorizationOf,
  createWebhook,
  DEFAULT_NAME,
  isRefusal,
  sameAddress,
  secretOf,
  setUpWebhook,
} from "./dixa-webhook.ts";
import { type DixaWebhooks, openSubscriptions } from "./open-subscriptions.ts";

export type OpenDixa = (
  access: { token: string; url: string },
  clock: Clock,
) => { subscriptions: DixaWebhooks; close: () => void };

const NO_SECRET =
  "Dixa did not give the webhook's secret. Copy it from the webhook's page in Dixa (Settings > Integrations > Webhooks).";

export interface MadeWebhook {
  readonly subscriptionId: string;
  readonly secret: string | undefined;
  readonly notes: readonly string[];
}

/** What the relay does in a person's Dixa account. All methods throw AccountProblem. */
export class DixaAccount {
  readonly #open: OpenDixa;
  readonly #clock: Clock;

  constructor(clock: Clock, open: OpenDixa = openSubscriptions) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Makes the webhook, or brings the one with the same address up to date. */
  setUp(config: RelayConfig, credential: CredentialConfig, token: string): Promise<MadeWebhook> {
    const request = requestOf(config, credential);
    return this.#with(token, credential, async (subscriptions) => {
      const { subscription: own, isNew, notes } = await setUpWebhook(subscriptions, request);
      // From here on there is a webhook: what Dixa refuses now must not pass for a refusal of all of it.
      const subscription = isNew ? await keepOne(subscriptions, own) : own;
      const secret = await unlessRefused(() => secretOf(subscriptions, subscription));
      return {
        subscriptionId: subscription.id,
        secret,
        notes: secret === undefined ? [...notes, NO_SECRET] : notes,
      };
    });
  }

  /**
   * Puts a new webhook, with a new secret, in the place of those with the same address.
   *
   * @param keep makes the new secret count beside the old ones, before Dixa signs with it
   */
  exchange(
    config: RelayConfig,
    credential: CredentialConfig,
    token: string,
    keep: (made: { subscriptionId: string; secret: string }) => Promise<void>,
  ): Promise<readonly string[]> {
    const request = requestOf(config, credential);
    return this.#with(token, credential, async (subscriptions) => {
      const all = await subscriptions.list();
      const old = sameAddress(all, request.url);
      // For a moment, there is one more.
      const made = await createWebhook(subscriptions, { ...request, enabled: false }, all.length);
      try {
        const secret = await secretOf(subscriptions, made);
        if (secret === undefined) throw new AccountProblem("refused", `${NO_SECRET} Nothing has changed.`);
        await keep({ subscriptionId: made.id, secret });
        await subscriptions.update(made.id, request);
      } catch (error) {
        // The old ones go on. What is off and stays behind does no harm.
        await subscriptions.delete(made.id).catch(() => undefined);
        throw error;
      }
      const notes: string[] = [];
      for (const { id } of old) {
        await deleteIfThere(subscriptions, id).catch(() => {
          notes.push(`Dixa still has the old webhook, ${id}; each event comes twice. Delete it in Dixa.`);
        });
      }
      return notes;
    });
  }

  /** Takes away the webhooks that send to the relay for this credential. @returns how many */
  takeAway(config: RelayConfig, credential: CredentialConfig, token: string): Promise<number> {
    const address = webhookUrl(config.publicUrl, credential.id);
    return this.#with(token, credential, async (subscriptions) => {
      const all = await subscriptions.list();
      const own = all.filter(
        ({ id, url }) =>
          id === credential.stored?.subscriptionId || url.toLowerCase() === address?.toLowerCase(),
      );
      for (const { id } of own) await deleteIfThere(subscriptions, id);
      return own.length;
    });
  }

  async #with<T>(
    token: string,
    { dixaApiUrl: url }: CredentialConfig,
    work: (subscriptions: DixaWebhooks) => Promise<T>,
  ): Promise<T> {
    const { subscriptions, close } = this.#open({ token, url }, this.#clock);
    try {
      return await work(subscriptions);
    } catch (error) {
      throw problemOfDixa(error);
    } finally {
      close();
    }
  }
}

function requestOf(config: RelayConfig, { id, auth, events }: CredentialConfig): SubscriptionRequest {
  return {
    name: DEFAULT_NAME,
    url: neededAddress(config, id),
    authorization: authorizationOf(auth),
    events: events.apiEvents,
    enabled: true,
  };
}

/**
 * Two replicas that are asked for the same webhook at once find none, and make two. The one with the lowest id stays, and
 * whoever has made another takes that away. A replica that looks before the other has made its own leaves both.
 *
 * @returns the one that stays
 */
async function keepOne(subscriptions: DixaWebhooks, own: Subscription): Promise<Subscription> {
  const all = (await unlessRefused(() => subscriptions.list())) ?? [];
  const enabled = sameAddress(all, own.url).filter((each) => each.enabled);
  const first = enabled.reduce((lowest, each) => (each.id < lowest.id ? each : lowest), own);
  if (first.id === own.id) return own;
  const isAway = await unlessRefused(async () => {
    await deleteIfThere(subscriptions, own.id);
    return true;
  });
  return isAway === true ? first : own;
}

/** Undefined: Dixa refuses it. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

async function deleteIfThere(subscriptions: DixaWebhooks, id: string): Promise<void> {
  try {
    await subscriptions.delete(id);
  } catch (error) {
    if (!isHttpStatusError(error) || error.status !== 404) throw error;
  }
}

/** What goes wrong elsewhere stays what it is. */
function problemOfDixa(error: unknown): unknown {
  const isOfDixa = isHttpStatusError(error) || isNetworkError(error) || isBodyError(error);
  if (!isOfDixa) return error;
  const { message } = toConnectorError(error);
  if (isRefusal(error)) {
    const said = error.status === 400 ? ` Dixa says: ${error.bodyText}` : "";
    return new AccountProblem("refused", `${message}${said}`, { cause: error });
  }
  return new AccountProblem("unanswered", message, { cause: error });
}
