import { randomUUID } from "node:crypto";

import { type Dataset } from "./dataset.ts";

/** What a message keeps when its conversation is anonymised; which fields go is an assumption. */
const KEPT_OF_MESSAGE = ["id", "csid", "created_at", "initial_channel", "direction", "duration"];

/**
 * Takes everything personal out of a conversation, its messages and its activities. Only the conversation says so.
 *
 * @param at ms UTC
 * @returns the conversation as it is now
 * @throws Error if there is no conversation with this id
 */
export function anonymizeConversation(dataset: Dataset, id: number, at: number): Record<string, unknown> {
  dataset.changeRowsOf("messages", id, (row) =>
    Object.fromEntries(KEPT_OF_MESSAGE.map((key) => [key, row[key] ?? null])),
  );
  dataset.changeRowsOf("activity_logs", id, ({ author, attributes, ...row }) => ({
    ...row,
    ...(author === undefined ? {} : { author: { id: (author as { id: string }).id } }),
    ...(attributes === undefined ? {} : { attributes: { _type: (attributes as { _type: string })._type } }),
  }));
  return dataset.changeConversation(id, at, {
    ...timesOf(dataset, id),
    requester_name: null,
    requester_email: null,
    requester_phone_number: null,
    subject: null,
    requester_additional_emails: [],
    conversation_wrapup_notes: [],
    anonymized_at: at,
  });
}

/**
 * Takes the text and the files out of a conversation's first message; an activity tells of it, and nothing else.
 *
 * @param at ms UTC
 * @returns the message's id
 * @throws Error if there is no conversation with this id, or it has no message
 */
export function redactMessage(dataset: Dataset, id: number, at: number): string {
  const conversation = dataset.conversation(id);
  const [message] = dataset.rowsOf("messages", id);
  if (conversation === undefined || message === undefined) throw new Error(`there is no message of ${id}`);
  dataset.changeRowsOf("messages", id, (row) =>
    row["id"] === message.id ? { ...row, text: null, attached_files: [] } : row,
  );
  dataset.changeConversation(id, conversation.cursor, timesOf(dataset, id));
  const activity = {
    id: randomUUID(),
    conversationId: id,
    activityTimestamp: new Date(at).toISOString(),
    _type: "ConversationMessageRedacted",
    activityType: "ConversationMessageRedactedActivityType",
    attributes: {
      messageId: message.id,
      numberOfDeletedFiles: 0,
      wasTextRedacted: true,
      _type: "ConversationMessageRedactedAttribute",
    },
  };
  dataset.add("activity_logs", activity, at);
  return message.id;
}

/** The pattern does not care that messages lie between a conversation's creation and its last message; readers do. */
function timesOf(dataset: Dataset, id: number): Record<string, number> {
  const cursors = dataset.rowsOf("messages", id).map(({ cursor }) => cursor);
  if (cursors.length === 0) return {};
  return { created_at: Math.min(...cursors), last_message_created_at: Math.max(...cursors) };
}
