import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import fetch from "node-fetch";

import { sign } from "../../src/dixa/webhooks/signature.ts";

/** An event as its sender sees it. Times are ms UTC. */
export interface SentEvent {
  readonly eventId: string;
  readonly credentialId: string;
  readonly firstSentAt: number;
  /** When it was answered with 2xx; undefined until then. */
  ackedAt: number | undefined;
  /** How often it was sent. */
  attempts: number;
}

export interface WebhookLoaderOptions {
  /** Of the relay's replicas; they take turns. */
  urls: readonly string[];
  /** With which webhooks of a credential are signed. */
  secret: string | ((credentialId: string) => string);
  /** Time for an answer, ms. Default 5000. */
  timeoutMs?: number;
}

const RETRY_MS = 100;
/** More than this wait for an answer only when all replicas are down; then nothing new is sent. */
const MOST_IN_FLIGHT = 300;

/** Sends signed webhooks as Dixa does, and again whatever was not acknowledged. */
export class WebhookLoader {
  readonly events: SentEvent[] = [];
  /** Answers by status; 0 is none. */
  readonly answers = new Map<number, number>();
  /** All `Retry-After` of answers with 503. */
  readonly retryAfters = new Set<string | null>();
  readonly #options: WebhookLoaderOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 50 });
  readonly #inFlight = new Set<Promise<void>>();
  #turn = 0;

  constructor(options: WebhookLoaderOptions) {
    this.#options = options;
  }

  get acked(): SentEvent[] {
    return this.events.filter(({ ackedAt }) => ackedAt !== undefined);
  }

  /**
   * Sends events evenly until the signal is aborted.
   *
   * @param next the credential of the next event
   */
  async run(perSecond: number, next: () => string, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    for (let sent = 0; !signal.aborted;) {
      const due = ((performance.now() - startedAt) * perSecond) / 1000;
      for (; sent < due && this.#inFlight.size < MOST_IN_FLIGHT; sent++) this.#launch(this.newEvent(next()));
      sent = Math.max(sent, Math.floor(due));
      await delay(5);
    }
  }

  /** Resolves when everything that was sent is acknowledged. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** An event that is yet to be sent. */
  newEvent(credentialId: string): SentEvent {
    const event: SentEvent = {
      eventId: randomUUID(),
      credentialId,
      firstSentAt: Date.now(),
      ackedAt: undefined,
      attempts: 0,
    };
    this.events.push(event);
    return event;
  }

  /** Sends an event once. @returns the status; 0: no answer */
  async send(event: SentEvent): Promise<number> {
    const { urls, secret, timeoutMs = 5000 } = this.#options;
    const body = Buffer.from(
      JSON.stringify({ event_id: event.eventId, event_fqn: "CONVERSATION_CLOSED", event_version: "1" }),
    );
    const key = typeof secret === "string" ? secret : secret(event.credentialId);
    event.attempts++;
    let status = 0;
    try {
      const response = await fetch(
        `${urls[this.#turn++ % urls.length] ?? ""}/webhooks/dixa/${event.credentialId}`,
        {
          method: "POST",
          headers: { "content-type": "application/json", "x-dixa-signature": sign(key, body, Date.now()) },
          body,
          agent: this.#agent,
          signal: AbortSignal.timeout(timeoutMs),
        },
      );
      await response.text();
      status = response.status;
      if (status === 503) this.retryAfters.add(response.headers.get("retry-after"));
    } catch {
      // Whether it was kept is unknown: not acknowledged.
    }
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    if (status >= 200 && status < 300) event.ackedAt ??= Date.now();
    return status;
  }

  close(): void {
    this.#agent.destroy();
  }

  #launch(event: SentEvent): void {
    const life = this.#sendUntilAcked(event).finally(() => this.#inFlight.delete(life));
    this.#inFlight.add(life);
  }

  async #sendUntilAcked(event: SentEvent): Promise<void> {
    for (;;) {
      await this.send(event);
      if (event.ackedAt !== undefined) return;
      await delay(RETRY_MS);
    }
  }
}
