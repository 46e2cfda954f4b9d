import { toConnectorError } from "../../dixa/errors.ts";
import { type Subscription, type SubscriptionRequest } from "../../dixa/webhooks/subscriptions.ts";
import { type HttpStatusError, isHttpStatusError } from "../../http/errors.ts";
import { type WebhookAuth } from "../config/auth.ts";
import { AccountProblem } from "./account-problem.ts";
import { type DixaWebhooks } from "./open-subscriptions.ts";

/** How the relay's webhook is called in Dixa, unless a person names it. */
export const DEFAULT_NAME = "dixa-relay";

export interface DixaWebhook {
  readonly subscription: Subscription;
  readonly isNew: boolean;
  /** Its name in Dixa, if a person gave it one, which it keeps. */
  readonly keptName?: string;
  /** What is worth knowing about the account's webhooks, each a sentence in lower case. */
  readonly notes: readonly string[];
}

/**
 * Has Dixa send its webhooks to the relay: makes the subscription, or brings the one with the same address up to date.
 *
 * @param options.switchOff called, afterwards, for those that send the account's events to another address of the
 *   relay. Without it, they are told of.
 * @throws HttpError, BodyError, AccountProblem
 */
export async function setUpWebhook(
  subscriptions: Pick<DixaWebhooks, "create" | "list" | "update">,
  request: SubscriptionRequest,
  { switchOff }: { switchOff?: ((id: string) => Promise<unknown>) | undefined } = {},
): Promise<DixaWebhook> {
  const all = await subscriptions.list();
  const [first, ...others] = sameAddress(all, request.url);
  const notes = others.map(
    ({ id }) =>
      `Dixa has a second subscription for this address, ${id}; each event comes twice. Delete it in Dixa.`,
  );
  const path = new URL(request.url).pathname.toLowerCase();
  const elsewhere = all.filter(
    ({ url, enabled }) =>
      enabled &&
      url.toLowerCase() !== request.url.toLowerCase() &&
      URL.parse(url)?.pathname.toLowerCase().endsWith(path),
  );
  const leaveOld = async () => {
    for (const { id, url } of elsewhere) {
      await switchOff?.(id);
      notes.push(
        switchOff !== undefined
          ? `switched off: Dixa no longer sends this credential's events to ${url}, too (subscription ${id}).`
          : `Dixa still sends this credential's events to ${url}, too (subscription ${id}). If that is an old ` +
              "public_url, switch it off in Dixa, or by `dixa-relay subscribe --switch-off-old`.",
      );
    }
  };
  if (first === undefined) {
    const subscription = await createWebhook(subscriptions, request, all.length);
    await leaveOld();
    return { subscription, isNew: true, notes };
  }
  if (!first.enabled) notes.push("it was switched off in Dixa; it is on again now");
  const isRenamed = request.name === DEFAULT_NAME && first.name !== "" && first.name !== DEFAULT_NAME;
  const name = isRenamed ? first.name : request.name;
  const subscription = await subscriptions.update(first.id, { ...request, name });
  await leaveOld();
  return { subscription, isNew: false, notes, ...(isRenamed ? { keptName: first.name } : {}) };
}

/** Whether Dixa refuses what it was asked for, so that it has surely not done it. */
export function isRefusal(error: unknown): error is HttpStatusError {
  return isHttpStatusError(error) && error.status >= 400 && error.status < 500;
}

/** Of what Dixa says, for people, characters. */
const MOST_SAID = 300;

/**
 * Makes a webhook. Dixa does not document how many an account may have, nor how it refuses one more: where there are some
 * already, a refusal says that this may be the reason.
 *
 * @param count how many the account has
 * @throws HttpError, BodyError, AccountProblem
 */
export async function createWebhook(
  subscriptions: Pick<DixaWebhooks, "create">,
  request: SubscriptionRequest,
  count: number,
): Promise<Subscription> {
  try {
    return await subscriptions.create(request);
  } catch (error) {
    if (!isRefusal(error) || error.status === 401 || count === 0) throw error;
    const said = error.bodyText.replaceAll(/\s+/g, " ").trim().slice(0, MOST_SAID);
    throw new AccountProblem(
      "refused",
      `Dixa does not make the webhook (${error.status}).${said === "" ? "" : ` Dixa says: ${said}.`} This Dixa account has ` +
        `${count} already. If it may have no more, delete one that nobody needs in Dixa (Settings > Integrations > ` +
        `Webhooks) and do the same again. Else: ${toConnectorError(error).message}`,
      { cause: error },
    );
  }
}

/**
 * What Dixa signs a subscription's webhooks with: told when it is made, or when one asks. Undefined: Dixa won't say.
 *
 * @throws HttpError, BodyError
 */
export async function secretOf(
  subscriptions: Pick<DixaWebhooks, "get">,
  { id, secretKey }: Subscription,
): Promise<string | undefined> {
  const secret = secretKey ?? (await subscriptions.get(id)).secretKey;
  return secret === "" ? undefined : secret;
}

/** Those that send to an address. */
export function sameAddress(subscriptions: readonly Subscription[], address: string): Subscription[] {
  return subscriptions.filter(({ url }) => url.toLowerCase() === address.toLowerCase());
}

/** How Dixa is to authorize itself, beside its signature. */
export function authorizationOf(auth: WebhookAuth): SubscriptionRequest["authorization"] {
  switch (auth.mode) {
    case "basic":
      return { _type: "BasicAuth", username: auth.username, password: auth.password };
    case "bearer":
      return { _type: "TokenAuth", value: auth.token };
    case "signature":
    case "waiting":
    case "none":
      return { _type: "NoAuth" };
  }
}
