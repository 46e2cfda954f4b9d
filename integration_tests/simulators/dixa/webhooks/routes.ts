import { type JsonReply } from "../json.ts";
import { type DeliveryLog } from "./delivery.ts";
import { type Subscription, type Subscriptions } from "./subscriptions.ts";

const NOT_FOUND: JsonReply = { status: 404, body: { message: "The requested resource could not be found" } };
const PATH = /^\/v1\/webhooks(?:\/(?<id>[^/]+)(?<status>\/delivery-status)?(?:\/logs\/(?<event>[^/]+))?)?$/;

/**
 * Answers `/v1/webhooks` and what lies below it; undefined if the path is another one.
 *
 * @param body the request's JSON, if it has any
 * @param log all deliveries so far
 */
export function answerWebhooks(
  { method, path, body }: { method: string; path: string; body: unknown },
  subscriptions: Subscriptions,
  log: readonly DeliveryLog[],
): JsonReply | undefined {
  const groups = PATH.exec(path)?.groups;
  if (groups === undefined) return undefined;
  const { id, status, event } = groups;
  if (id === undefined) return collection(method, body, subscriptions);
  const subscription = subscriptions.get(id);
  if (subscription === undefined) return NOT_FOUND;
  const deliveries = log.filter(({ subscriptionId }) => subscriptionId === id);
  if (event !== undefined) {
    return method === "GET" && status !== undefined ? data(latest(deliveries, event)) : NOT_FOUND;
  }
  if (status !== undefined) {
    return method === "GET" ? data(statusOf(subscription, deliveries)) : NOT_FOUND;
  }
  switch (method) {
    case "GET":
      return data(subscription);
    case "PATCH":
      return changed(subscriptions.change(id, body));
    case "DELETE":
      subscriptions.delete(id);
      return { status: 204 };
    default:
      return NOT_FOUND;
  }
}

function collection(method: string, body: unknown, subscriptions: Subscriptions): JsonReply {
  switch (method) {
    case "GET":
      return data(subscriptions.list());
    case "POST": {
      const { refusal } = subscriptions;
      return refusal === undefined
        ? changed(subscriptions.create(body), 201)
        : { status: refusal, body: { message: "The maximum number of webhooks has been reached" } };
    }
    default:
      return NOT_FOUND;
  }
}

function changed(result: Subscription | string | undefined, status = 200): JsonReply {
  if (result === undefined) return NOT_FOUND;
  return typeof result === "string" ? { status: 400, body: { message: result } } : data(result, status);
}

/** Of each event that is subscribed to, how its last delivery went. */
function statusOf({ subscribedEvents }: Subscription, deliveries: readonly DeliveryLog[]): unknown {
  return subscribedEvents.map((event) => ({
    event,
    deliveryStatus: deliveries.findLast((entry) => entry.event === event)?.deliveryDetail ?? {
      _type: "NoRecentDelivery",
    },
  }));
}

const LATEST = 20;

function latest(deliveries: readonly DeliveryLog[], event: string): unknown {
  return deliveries
    .filter((entry) => entry.event === event)
    .slice(-LATEST)
    .map(({ deliveryDetail, payload }) => ({ deliveryDetail, payload }));
}

function data(value: unknown, status = 200): JsonReply {
  return { status, body: { data: value } };
}
