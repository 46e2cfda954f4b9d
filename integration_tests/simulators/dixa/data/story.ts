import { hash } from "../random.ts";
import { type Person } from "./people.ts";

type Row = Record<string, unknown>;

/** A row of one of the three streams, with the instant that its cursor will be, ms UTC. */
export interface StoryRow {
  row: Row & { id: string | number };
  cursor: number;
}

/** What a conversation leaves behind in Dixa. */
export interface History {
  conversation: StoryRow;
  messages: StoryRow[];
  activities: StoryRow[];
}

export interface StoryOptions {
  /** The conversation's id. */
  id: number;
  /** ms UTC. */
  createdAt: number;
  customer: Person;
  channel: string;
  queue: { id: string; name: string } | null;
}

/** A conversation told step by step: each step leaves the rows that Dixa would have of it. */
export class Story {
  readonly #options: StoryOptions;
  readonly #messages: StoryRow[] = [];
  readonly #activities: StoryRow[] = [];
  readonly #fields: Row = {};
  #status = "open";
  #ids = 0;
  #at: number;

  constructor(options: StoryOptions) {
    this.#options = options;
    this.#at = options.createdAt;
  }

  /** The instant of the next step, ms UTC. */
  get at(): number {
    return this.#at;
  }

  /** Lets time pass. */
  wait(ms: number): this {
    this.#at += Math.max(0, Math.round(ms));
    return this;
  }

  begunByCustomer(): this {
    return this.#log("ConversationCreatedByCustomer", { subject: "Where is my refund?" }, this.#customer());
  }

  begunByAgent(agent: Person): this {
    this.#fields["direction"] = "outbound";
    return this.#log("ConversationCreatedByAgent", { subject: null }, agent);
  }

  customerWrites(text = "Hello, where is my refund?"): this {
    const { customer } = this.#options;
    const messageId = this.#write(customer, "inbound", false, text);
    return this.#log("MessageAddedByCustomer", { messageId, fromEndpoint: customer.email }, this.#customer());
  }

  /** @param logged false: the log does not say so, only the messages do */
  agentReplies(agent: Person, { logged = true, text = "It is on its way." } = {}): this {
    const messageId = this.#write(agent, "outbound", false, text);
    return logged ? this.#log("MessageAddedByAgent", { messageId, avatarUrl: null }, agent) : this;
  }

  /** @param as how the log tells of it: with its own activity, as a message of nobody, or as one of an agent */
  automaticReply(as: "autoreply" | "authorless" | Person): this {
    const messageId = this.#write(typeof as === "string" ? undefined : as, "outbound", true, "We got it.");
    if (as === "autoreply") return this.#log("ConversationAutoreplySent", { templateName: "We got it" });
    return this.#log("MessageAddedByAgent", { messageId }, as === "authorless" ? undefined : as);
  }

  note(agent: Person): this {
    this.#fields["conversation_wrapup_notes"] = [
      ...((this.#fields["conversation_wrapup_notes"] as string[] | undefined) ?? []),
      "Refund approved.",
    ];
    return this.#log("NoteAdded", { message: "Refund approved.", avatarUrl: null }, agent);
  }

  offered(agent: Person): this {
    return this.#log("ConversationOffered", {
      agentNames: [agent.name],
      queueLabel: this.#options.queue?.name ?? null,
    });
  }

  offerAnswered(agent: Person, answer: "Accepted" | "Rejected" | "Timeout"): this {
    return this.#log(`ConversationOffer${answer}`, null, answer === "Timeout" ? undefined : agent);
  }

  assigned(agent: Person): this {
    Object.assign(this.#fields, {
      assigned_at: this.#at,
      assignee_id: agent.id,
      assignee_name: agent.name,
      assignee_email: agent.email,
    });
    return this.#log("ConversationAssigned", { agentId: agent.id, agentName: agent.name }, agent);
  }

  claimed(agent: Person): this {
    return this.#log("ConversationClaimed", { claimedFromLabel: "VIP", claimedFromType: "Queue" }, agent);
  }

  unassigned(agent: Person): this {
    Object.assign(this.#fields, { assignee_id: null, assignee_name: null, assignee_email: null });
    return this.#log("ConversationUnassigned", { agent: person(agent) });
  }

  transferred(by: Person, to: { id: string; name: string }, kind: "Queue" | "Agent", succeeds = true): this {
    const attributes = {
      transferType: kind,
      destinationType: kind,
      destinationId: to.id,
      destinationLabel: to.name,
      reason: null,
    };
    this.#log("TransferInitiated", attributes, by);
    this.wait(1000);
    if (succeeds && kind === "Queue")
      Object.assign(this.#fields, { queue_id: to.id, queue_name: to.name, queued_at: this.#at });
    return this.#log(succeeds ? "TransferSuccessful" : "TransferFailed", attributes, by);
  }

  pending(agent: Person): this {
    this.#status = "pending";
    return this.#log("ConversationPending", null, agent);
  }

  closed(agent: Person | undefined): this {
    this.#status = "closed";
    this.#fields["closed_at"] = this.#at;
    return this.#log("ConversationClosed", null, agent);
  }

  reopened(): this {
    this.#status = "open";
    return this.#log("ConversationReopened", null, this.#customer());
  }

  tagged(tag: { id: string; name: string; is_deactivated: boolean }, agent: Person): this {
    this.#fields["tags"] = [...((this.#fields["tags"] as string[] | undefined) ?? []), tag.name];
    this.#fields["tags_info"] = [...((this.#fields["tags_info"] as Row[] | undefined) ?? []), tag];
    return this.#log("TagAdded", { tag: tag.name }, agent);
  }

  /** What others call merged: from here on, the conversation goes on in another. */
  linkedToParent(parent: number, linkType = "FollowUp"): this {
    return this.#log("ConversationLinkedToParent", { parent, child: this.#options.id, linkType });
  }

  /** @param score undefined: the customer was asked and did not answer */
  rated(agent: Person, score: number | undefined, comment: string | null = null): this {
    this.#fields["ratings"] = [
      {
        rating_score: score ?? null,
        rating_message: comment,
        rating_type: "stars",
        rating_status: score === undefined ? "offered" : "rated",
        rating_language: "en",
        rating_offered_timestamp: this.#at - 60_000,
        rating_rated_timestamp: score === undefined ? 0 : this.#at,
      },
    ];
    if (score === undefined)
      return this.#log("ConversationRatingOffered", { agent: person(agent), user: this.#customer() });
    return this.#log(
      "ConversationRated",
      { agent: person(agent), score, message: comment },
      this.#customer(),
    );
  }

  /** Something that no metric is made of. */
  other(type = "FollowupAdded"): this {
    return this.#log(type, null);
  }

  anonymized(): this {
    for (const key of ["requester_name", "requester_email", "subject"]) this.#fields[key] = null;
    this.#fields["conversation_wrapup_notes"] = [];
    this.#fields["anonymized_at"] = this.#at;
    for (const { row } of this.#messages)
      Object.assign(row, { text: null, author_name: null, author_email: null });
    for (const { row } of this.#activities) Reflect.deleteProperty(row, "author");
    return this;
  }

  /** Forgets what the log knew before an instant: it does not reach back for ever. */
  logSince(instant: number): this {
    const kept = this.#activities.filter(({ cursor }) => cursor >= instant);
    this.#activities.splice(0, Infinity, ...kept);
    return this;
  }

  /** All rows of it. `more` takes the place of the conversation's own fields. */
  told(more: Row = {}): History {
    const { id, createdAt, customer, channel, queue } = this.#options;
    const row = {
      id,
      created_at: createdAt,
      updated_at: this.#at,
      last_message_created_at: this.#messages.at(-1)?.cursor ?? null,
      initial_channel: channel,
      direction: "inbound",
      requester_id: customer.id,
      requester_name: customer.name,
      requester_email: customer.email,
      subject: "Where is my refund?",
      status: this.#status,
      queued_at: queue === null ? null : createdAt,
      queue_id: queue?.id ?? null,
      queue_name: queue?.name ?? null,
      tags: [],
      tags_info: [],
      ratings: [],
      conversation_wrapup_notes: [],
      custom_fields: [],
      anonymized_at: null,
      ...this.#fields,
      ...more,
    };
    return {
      conversation: { row, cursor: row.updated_at },
      messages: [...this.#messages],
      activities: [...this.#activities],
    };
  }

  #customer(): Row {
    return person(this.#options.customer);
  }

  #write(author: Person | undefined, direction: string, isAutomated: boolean, text: string): string {
    const id = this.#uuid("c");
    const { customer, channel } = this.#options;
    const row = {
      id,
      csid: this.#options.id,
      created_at: this.#at,
      initial_channel: channel,
      author_name: author?.name ?? null,
      author_email: author?.email ?? null,
      direction,
      text,
      from: author?.email ?? "support@email.example.com",
      to: direction === "outbound" ? [customer.email] : ["support@email.example.com"],
      cc: [],
      bcc: [],
      attached_files: [],
      is_automated_message: isAutomated,
    };
    this.#messages.push({ row, cursor: this.#at });
    return id;
  }

  #log(type: string, attributes: Row | null, author?: Row | Person): this {
    const row = {
      id: this.#uuid("d"),
      conversationId: this.#options.id,
      activityTimestamp: new Date(this.#at).toISOString(),
      activityType: `${type}ActivityType`,
      _type: type,
      ...(author === undefined ? {} : { author: person(author) }),
      ...(attributes === null ? {} : { attributes: { ...attributes, _type: `${type}Attribute` } }),
    };
    this.#activities.push({ row, cursor: this.#at });
    return this;
  }

  #uuid(kind: string): string {
    const random = hash(this.#options.id, this.#ids++, 7).toString(16).padStart(8, "0");
    const [conversation, step] = [this.#options.id, this.#ids].map((value) => value.toString(16));
    return `${kind}${random.slice(1)}-${random.slice(0, 4)}-4000-8${(step ?? "").padStart(3, "0")}-${(conversation ?? "").padStart(12, "0")}`;
  }
}

/** Who did something, as activities name them. */
function person({ id, name, email }: Person | Row): Row {
  return { id, name, email };
}
