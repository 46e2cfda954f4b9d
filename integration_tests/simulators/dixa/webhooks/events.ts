import { randomUUID } from "node:crypto";

import { ORGANIZATION } from "../account/directory.ts";

/** What a webhook carries. */
export interface WebhookEvent {
  /** Of the event, not of its delivery. */
  event_id: string;
  event_fqn: string;
  event_version: "1";
  event_timestamp: string;
  organization: { id: string; name: string };
  data: Record<string, unknown>;
}

type Row = Readonly<Record<string, unknown>>;

/** `ConversationTagAdded` → `CONVERSATION_TAG_ADDED`: the upper-case words of the name, joined by underscores. */
export function fqnOf(event: string): string {
  const words = event.match(/[A-Z]+(?![a-z])|[A-Z][a-z0-9]*/g) ?? [event];
  return words.join("_").toUpperCase();
}

/** The export spells channels in lower case without word breaks, webhooks in upper case with them. */
const CHANNELS: Readonly<Record<string, string>> = {
  email: "EMAIL",
  widgetchat: "WIDGET_CHAT",
  pstnphone: "PSTN_PHONE",
  contactform: "CONTACT_FORM",
  facebookmessenger: "FACEBOOK_MESSENGER",
  whatsapp: "WHATS_APP",
};

/**
 * The webhook of an event, as the payload page of Dixa's documents and its delivery-log examples show it.
 *
 * @param event name in the API, such as `ConversationClosed`
 * @param row of the conversation export; undefined for events that have no conversation
 * @param at ms UTC
 * @param data what replaces or joins the event's own data
 */
export function webhookEvent(event: string, row: Row | undefined, at: number, data: Row = {}): WebhookEvent {
  const { id, name } = ORGANIZATION;
  return {
    event_id: randomUUID(),
    event_fqn: fqnOf(event),
    event_version: "1",
    event_timestamp: iso(at),
    organization: { id, name },
    data: {
      ...(row === undefined ? {} : { conversation: conversation(row), ...ownData(event, row, at) }),
      ...data,
    },
  };
}

function conversation(row: Row): Record<string, unknown> {
  const queue = row["queue_id"] ?? null;
  return {
    csid: row["id"],
    channel: channel(row),
    status: String(row["status"]).toUpperCase(),
    direction: String(row["direction"]).toUpperCase(),
    queue: queue === null ? null : { id: queue, name: row["queue_name"] },
    contact_point: row["dixa_email_integration_id"] ?? row["to_provisioned_phone_number_id"] ?? "",
    requester: user(row, "requester"),
    assignee: user(row, "assignee"),
    subject: row["subject"] ?? null,
    tags: row["tags_info"] ?? [],
    created_at: iso(Number(row["created_at"])),
  };
}

/** What some events tell beside the conversation; of the others no more is known. */
function ownData(event: string, row: Row, at: number): Record<string, unknown> {
  const author = user(row, "assignee") ?? user(row, "requester");
  switch (event) {
    case "ConversationMessageAdded":
      return {
        message_id: randomUUID(),
        text: "Is anybody there?",
        direction: String(row["direction"]).toLowerCase(),
        channel: channel(row),
        author: user(row, "requester"),
        content: {
          text: "Is anybody there?",
          content_type: "Text",
          original_content_url: null,
          processed_content_url: null,
        },
        attachments: [],
        external_id: null,
        created_at: iso(at),
      };
    case "ConversationNoteAdded":
      return { note_id: randomUUID(), text: "Refund approved, ref 42", created_at: iso(at), author };
    case "ConversationTagAdded":
      return { tag: "refund", author };
    case "ConversationRated":
      return { agent: user(row, "assignee"), score: 4, comment: "Quick answer", type: "Csat" };
    case "ConversationPendingExpired":
      return { pendingByUser: author };
    case "ConversationAbandoned":
      return { queue: conversation(row)["queue"] };
    default:
      return {};
  }
}

function channel(row: Row): string {
  const name = String(row["initial_channel"]);
  return CHANNELS[name] ?? name.toUpperCase();
}

function user(row: Row, who: "requester" | "assignee"): Record<string, unknown> | null {
  const id = row[`${who}_id`] ?? null;
  if (id === null) return null;
  return {
    id,
    name: row[`${who}_name`],
    email: row[`${who}_email`],
    phone: row[`${who}_phone_number`],
    roles: [],
    user_type: who === "requester" ? "Contact" : "Member",
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
