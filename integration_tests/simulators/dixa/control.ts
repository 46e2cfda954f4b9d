import { randomUUID } from "node:crypto";

import { type Account, type ListName } from "./account/account.ts";
import { type Row } from "./account/table.ts";
import { type Dataset } from "./data/dataset.ts";
import { anonymizeConversation, redactMessage } from "./data/erasure.ts";
import { type DeliveryLog, type WebhookDelivery } from "./webhooks/delivery.ts";
import { webhookEvent } from "./webhooks/events.ts";

/** Something that happened in the account. */
export interface Happening {
  /** The conversation as it is now. */
  row: Record<string, unknown>;
  /** Resolves when the webhooks of it have been answered or given up. */
  delivered: Promise<DeliveryLog[]>;
}

export interface EmitOptions {
  /** ms UTC. Default: now. */
  at?: number;
  /** Sends the event of an earlier webhook once more. */
  eventId?: string;
  /** Replaces or joins the event's own data. */
  data?: Record<string, unknown>;
}

export interface ControlOptions {
  dataset: Dataset;
  account: Account;
  webhooks: WebhookDelivery;
  /** ms UTC. */
  now: () => number;
}

/** Lets things happen in the simulated account, as people would in Dixa: rows change, and webhooks tell of it. */
export class Control {
  readonly #dataset: Dataset;
  readonly #account: Account;
  readonly #webhooks: WebhookDelivery;
  readonly #now: () => number;

  constructor({ dataset, account, webhooks, now }: ControlOptions) {
    this.#dataset = dataset;
    this.#account = account;
    this.#webhooks = webhooks;
    this.#now = now;
  }

  /**
   * Puts a row into a list of the account, by default one like the first with an id of its own, at a place: all rows
   * from there on move by one, also for somebody who is reading the list page by page.
   *
   * @returns the row
   */
  insertRow(list: ListName, at = 0, row?: Row): Row {
    const table = this.#account.lists[list];
    const own = row ?? { ...table.rows[0], id: randomUUID() };
    table.insert(own, at);
    return own;
  }

  /** Takes the row at a place out of a list of the account; undefined if there was none. */
  removeRow(list: ListName, at = 0): Row | undefined {
    return this.#account.lists[list].remove(at);
  }

  /** The id of a conversation of the pattern. */
  conversationId(index: number): number {
    return Number(this.#dataset.streams.conversations.idOf(index));
  }

  /** @throws Error if there is no conversation with this id */
  closeConversation(id: number, at = this.#now()): Happening {
    const row = this.#dataset.changeConversation(id, at, { status: "closed", closed_at: at });
    return { row, delivered: this.#tell("ConversationClosed", row, at) };
  }

  /**
   * Changes a conversation without a webhook.
   *
   * @throws Error if there is no conversation with this id
   */
  touchConversation(id: number, at = this.#now(), changes: Record<string, unknown> = {}): Happening {
    const row = this.#dataset.changeConversation(id, at, changes);
    return { row, delivered: Promise.resolve([]) };
  }

  /**
   * Makes Dixa forget what is personal in a conversation, its messages and its activities.
   *
   * @throws Error if there is no conversation with this id
   */
  anonymizeConversation(id: number, at = this.#now()): Happening {
    return { row: anonymizeConversation(this.#dataset, id, at), delivered: Promise.resolve([]) };
  }

  /**
   * Makes Dixa forget the text of a conversation's first message.
   *
   * @returns the message's id
   * @throws Error if there is no conversation with this id, or it has no message
   */
  redactMessage(id: number, at = this.#now()): string {
    return redactMessage(this.#dataset, id, at);
  }

  addConversation(at = this.#now(), changes: Record<string, unknown> = {}): Happening {
    const row = {
      ...this.#dataset.newConversation(),
      created_at: at,
      updated_at: at,
      queued_at: at,
      last_message_created_at: at,
      assigned_at: null,
      closed_at: null,
      transfer_time: null,
      ratings: [],
      status: "open",
      ...changes,
    };
    this.#dataset.add("conversations", row, at);
    return { row, delivered: this.#tell("ConversationCreated", row, at) };
  }

  /**
   * Adds a message of the customer to a conversation.
   *
   * @throws Error if there is no conversation with this id
   */
  addMessage(csid: number, text: string, at = this.#now()): Happening {
    const conversation = this.#dataset.changeConversation(csid, at, { last_message_created_at: at });
    const id = randomUUID();
    const row = {
      id,
      csid,
      created_at: at,
      initial_channel: conversation["initial_channel"],
      author_name: conversation["requester_name"],
      author_email: conversation["requester_email"],
      direction: "inbound",
      text,
      to: ["support@email.dixa.io"],
      from: conversation["requester_email"],
      cc: [],
      bcc: [],
      attached_files: [],
      is_automated_message: false,
    };
    this.#dataset.add("messages", row, at);
    const content = { text, content_type: "Text", original_content_url: null, processed_content_url: null };
    const data = { message_id: id, text, content };
    return { row: conversation, delivered: this.#tell("ConversationMessageAdded", conversation, at, data) };
  }

  /**
   * Sends a webhook without a change.
   *
   * @param event name in the API, such as `ConversationTagAdded`; unknown ones too
   * @param id of the conversation; undefined for an event that has none
   * @throws Error if there is no conversation with this id
   */
  async emitWebhook(event: string, id?: number, options: EmitOptions = {}): Promise<DeliveryLog[]> {
    const { at = this.#now(), eventId, data } = options;
    const row = id === undefined ? undefined : this.#dataset.conversation(id);
    if (id !== undefined && row === undefined) throw new Error(`there is no conversation ${id}`);
    const parsed = row === undefined ? undefined : (JSON.parse(row.text) as Record<string, unknown>);
    const webhook = webhookEvent(event, parsed, at, data);
    return this.#webhooks.deliver(event, eventId === undefined ? webhook : { ...webhook, event_id: eventId });
  }

  #tell(
    event: string,
    row: Record<string, unknown>,
    at: number,
    data?: Record<string, unknown>,
  ): Promise<DeliveryLog[]> {
    return this.#webhooks.deliver(event, webhookEvent(event, row, at, data));
  }
}
