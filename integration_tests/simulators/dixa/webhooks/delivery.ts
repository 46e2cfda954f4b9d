import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import fetch from "node-fetch";

import { generator } from "../random.ts";
import { type WebhookEvent } from "./events.ts";
import { type Subscription, type Subscriptions } from "./subscriptions.ts";

export interface DeliveryOptions {
  /** Share of deliveries that are made twice, 0 to 1. Default 0. */
  duplicateRate?: number;
  /** Each delivery waits a random time up to this, ms, so that they don't come in order. Default 0. */
  jitterMs?: number;
  /** How often a delivery that failed is made again. Dixa doesn't say whether it does. Default 0. */
  retries?: number;
  /** Time before each of these, ms. Default 1000. */
  retryDelayMs?: number;
  /** Time for an answer, ms. Default 10,000. */
  timeoutMs?: number;
}

/** How one delivery went, as `delivery-status` shows it. */
export interface DeliveryDetail {
  _type: "DeliveryDetail";
  deliveryTimestamp: string;
  success: boolean;
  /** 0 if there was no answer. */
  responseCode: number;
  responseText: string;
}

export interface DeliveryLog {
  subscriptionId: string;
  /** Name in the API. */
  event: string;
  eventId: string;
  /** The body as it was sent. */
  payload: string;
  deliveryDetail: DeliveryDetail;
}

const RESPONSE_CHARACTERS = 200;

/** Signs events and posts them to the subscriptions that want them. */
export class WebhookDelivery {
  /** All deliveries so far. */
  readonly log: DeliveryLog[] = [];

  readonly #subscriptions: Subscriptions;
  readonly #options: DeliveryOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();

  constructor(
    subscriptions: Subscriptions,
    options: DeliveryOptions & { seed: number; /** ms UTC */ now: () => number },
  ) {
    this.#subscriptions = subscriptions;
    this.#options = options;
    this.#now = options.now;
    this.#random = generator(options.seed + 2000);
  }

  /**
   * Delivers an event to all enabled subscriptions that list it.
   *
   * @param event name in the API
   * @returns when all deliveries have been answered or given up
   */
  async deliver(event: string, webhook: WebhookEvent): Promise<DeliveryLog[]> {
    const { duplicateRate = 0 } = this.#options;
    const payload = JSON.stringify(webhook);
    const wanted = this.#subscriptions
      .list()
      .filter(({ enabled, subscribedEvents }) => enabled && subscribedEvents.includes(event));
    const deliveries = wanted.flatMap((subscription) => {
      const count = this.#random() < duplicateRate ? 2 : 1;
      return Array.from({ length: count }, () => this.#attempts(subscription, event, webhook, payload));
    });
    const all = Promise.all(deliveries);
    this.#pending.add(all);
    try {
      return await all;
    } finally {
      this.#pending.delete(all);
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.settled();
  }

  async #attempts(
    subscription: Subscription,
    event: string,
    { event_id }: WebhookEvent,
    payload: string,
  ): Promise<DeliveryLog> {
    const { jitterMs = 0, retries = 0, retryDelayMs = 1000 } = this.#options;
    if (jitterMs > 0) await this.#wait(this.#random() * jitterMs);
    for (let left = retries; ; left--) {
      const deliveryDetail = await this.#post(subscription, payload);
      const entry = { subscriptionId: subscription.id, event, eventId: event_id, payload, deliveryDetail };
      this.log.push(entry);
      if (deliveryDetail.success || left === 0 || this.#stop.signal.aborted) return entry;
      await this.#wait(retryDelayMs);
    }
  }

  async #post(subscription: Subscription, payload: string): Promise<DeliveryDetail> {
    const at = this.#now();
    const { timeoutMs = 10_000 } = this.#options;
    const detail = (success: boolean, responseCode: number, text: string): DeliveryDetail => ({
      _type: "DeliveryDetail",
      deliveryTimestamp: new Date(at).toISOString(),
      success,
      responseCode,
      responseText: text.slice(0, RESPONSE_CHARACTERS),
    });
    try {
      const response = await fetch(subscription.url, {
        method: "POST",
        headers: {
          ...subscription.headers,
          "content-type": "application/json",
          "x-dixa-signature": signature(subscription.secretKey, payload, at),
          "x-dixa-subscription-id": subscription.id,
        },
        body: payload,
        redirect: "manual",
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]),
      });
      return detail(response.ok, response.status, await response.text());
    } catch (error) {
      return detail(false, 0, error instanceof Error ? error.message : String(error));
    }
  }

  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

/**
 * The `X-DIXA-SIGNATURE` of a body: the HMAC-SHA256 of time, dot and body under the hex-decoded secret (docs.dixa.io,
 * "Webhooks security").
 *
 * @param at ms UTC
 */
export function signature(secretKey: string, body: string, at: number): string {
  const key = Buffer.from(secretKey, "hex");
  return `t=${at},v1=${createHmac("sha256", key).update(`${at}.${body}`).digest("hex")}`;
}
