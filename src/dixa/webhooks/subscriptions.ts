import { z } from "zod";

import { describeIssues } from "../../airbyte/protocol/issues.ts";
import { BodyError } from "../../http/errors.ts";
import { type AuthorizedHost, type RequestOptions } from "../authorized-host.ts";

/** How Dixa authorizes itself to the receiver, beside its signature. */
export type SubscriptionAuthorization =
  | { readonly _type: "NoAuth" }
  | { readonly _type: "BasicAuth"; readonly username: string; readonly password: string }
  /** Sent as `Authorization: Bearer <value>`. */
  | { readonly _type: "TokenAuth"; readonly value: string };

export interface SubscriptionRequest {
  name: string;
  url: string;
  authorization: SubscriptionAuthorization;
  /** Names in Dixa's API, such as `ConversationClosed`. */
  events: readonly string[];
  enabled: boolean;
}

const subscription = z.looseObject({
  id: z.string(),
  name: z.string().catch(""),
  url: z.string().catch(""),
  subscribedEvents: z.array(z.string()).catch([]),
  enabled: z.boolean().catch(true),
  /** What Dixa signs with. */
  secretKey: z.string().optional().catch(undefined),
});

/** One outbound webhook of a Dixa account. It holds a secret: it must not be logged. */
export type Subscription = z.infer<typeof subscription>;

const deliveryDetail = z.looseObject({
  deliveryTimestamp: z.string().nullish(),
  success: z.boolean(),
  responseCode: z.union([z.number(), z.string()]).nullish(),
  responseText: z.string().nullish(),
});

/** Dixa's document gives it no member; its example names it by `_type`. */
const noRecentDelivery = z.union([
  z.looseObject({ _type: z.literal("NoRecentDelivery"), success: z.never().optional() }),
  z.strictObject({ success: z.never().optional() }),
]);

/** Anything but what Dixa's document shows is an error: taken for "no delivery lately", a failing webhook would look well. */
const eventStatuses = z.array(
  z.looseObject({ event: z.string(), deliveryStatus: z.union([deliveryDetail, noRecentDelivery]) }),
);

/** How the last delivery of one event went. */
export interface DeliveryStatus {
  event: string;
  /** Undefined when there was none lately. */
  last:
    | { at: string | undefined; succeeded: boolean; status: string | undefined; text: string | undefined }
    | undefined;
}

const PATH = "/v1/webhooks";

/**
 * The outbound webhooks of a Dixa account (`/v1/webhooks`).
 *
 * All methods throw HttpError, and BodyError when Dixa answers something else than its documents promise.
 */
export class Subscriptions {
  readonly #host: AuthorizedHost;
  readonly #options: RequestOptions;

  constructor(host: AuthorizedHost, options: RequestOptions = {}) {
    this.#host = host;
    this.#options = options;
  }

  list(): Promise<Subscription[]> {
    return this.#send("GET", PATH, undefined, z.array(subscription));
  }

  get(id: string): Promise<Subscription> {
    return this.#send("GET", pathOf(id), undefined, subscription);
  }

  create(request: SubscriptionRequest): Promise<Subscription> {
    // Newer descriptions of the API require customHeaders, older ones don't know it; an empty one suits both.
    return this.#send("POST", PATH, { ...request, customHeaders: {} }, subscription);
  }

  /** Leaves everything else about it as it is. */
  switchTo(id: string, enabled: boolean): Promise<Subscription> {
    return this.#send("PATCH", pathOf(id), { enabled }, subscription);
  }

  update(id: string, request: SubscriptionRequest): Promise<Subscription> {
    return this.#send("PATCH", pathOf(id), request, subscription);
  }

  async delete(id: string): Promise<void> {
    await this.#host.send(
      { method: "DELETE", path: pathOf(id), query: {} },
      { ...this.#options, retry: false },
      (response) => response.text(),
    );
  }

  /** How the last delivery of each event of a subscription went. */
  async deliveryStatus(id: string): Promise<DeliveryStatus[]> {
    const answer = await this.#send("GET", `${pathOf(id)}/delivery-status`, undefined, eventStatuses);
    return answer.map(({ event, deliveryStatus }) => ({ event, last: lastOf(deliveryStatus) }));
  }

  /** Nothing but reading is sent twice: a lost answer to a creation would make two subscriptions. */
  #send<T>(method: "GET" | "POST" | "PATCH", path: string, json: unknown, schema: z.ZodType<T>): Promise<T> {
    const options = { ...this.#options, retry: method === "GET" };
    return this.#host.send({ method, path, query: {}, json }, options, async (response) => {
      const answer = parseJson(await response.text(), `${method} ${path}`);
      const parsed = z.looseObject({ data: schema }).safeParse(answer);
      if (parsed.success) return parsed.data.data;
      throw new BodyError(
        "malformed",
        `${method} ${path} answered something unexpected: ${describeIssues(parsed.error, answer)}`,
      );
    });
  }
}

function pathOf(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}

function parseJson(text: string, request: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new BodyError("malformed", `${request} answered something that is not JSON`);
  }
}

function lastOf(status: z.infer<typeof eventStatuses>[number]["deliveryStatus"]): DeliveryStatus["last"] {
  if (status.success === undefined) return undefined;
  const { deliveryTimestamp, success, responseCode, responseText } = status;
  return {
    at: deliveryTimestamp ?? undefined,
    succeeded: success,
    status: responseCode === null || responseCode === undefined ? undefined : String(responseCode),
    text: responseText ?? undefined,
  };
}
