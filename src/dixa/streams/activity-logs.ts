import { z } from "zod";

import { formatSeconds } from "../timestamps.ts";
import { timestamp } from "./cursor.ts";
import { dateTime, flag, integer, map, text, texts } from "./fields.ts";
import { type WindowedStream } from "./stream.ts";

const DAY_MS = 86_400_000;
/**
 * A query reaches 90 days. Whether that is the length of the window or the age of the rows is not documented, so
 * slices keep to the length, and the reader can live with a refusal of older ones.
 */
const LONGEST_QUERY_MS = 90 * DAY_MS;
/** Rounding outward to whole seconds, and the second of overlap, widen a query by at most this much. */
const OVERLAP_MS = 3000;
/** The page size that Stitch's connector asks for in production; no limit is documented. */
const PAGE_LIMIT = 10_000;

const person = (who: string) =>
  z
    .object({
      id: text("none", "The person's id, as in `agents` or `end_users`"),
      name: text("names", "The person's name"),
      email: text("email_addresses", "The person's email address"),
      phoneNumber: text("phone_numbers", "The person's phone number"),
    })
    .describe(who);

/** All variants of Dixa's OpenAPI document in one; `_type` says which one it is, and new ones pass through. */
const attributes = z.object({
  _type: text("none", "Which attributes these are, for example `ConversationAssignedAttribute`"),
  agent: person("Agent of an unassignment, a reservation or a rating"),
  agentId: text("none", "Id of the agent it was assigned to, as in `agents`"),
  agentName: text("names", "Name of the agent it was assigned to"),
  agentNames: texts("names", "Names of the agents it was offered to"),
  avatarUrl: text("names", "Picture of the author"),
  channelReference: text("none", "Channel to which it was moved"),
  child: integer("Id of the conversation that was linked as the child"),
  claimedFromLabel: text("names", "Queue or agent it was taken from"),
  claimedFromType: text("none", "Whether that is a queue or an agent"),
  destinationId: text("phone_numbers", "Id of the queue or agent it was transferred to, or a number outside"),
  destinationLabel: text(["names", "phone_numbers"], "Name of the queue or agent, or the number"),
  destinationType: text("none", "What it was transferred to"),
  evaluationFilters: text("none", "Why no rating was offered"),
  failureReason: text("none", "Why a transcription failed"),
  fromEndpoint: text(["email_addresses", "phone_numbers"], "Address or number that the message came from"),
  isResolved: flag("Whether it counts as resolved now"),
  isSuccessful: flag("Whether a transcription succeeded"),
  language: text("none", "Language of the conversation from now on"),
  linkType: text("none", "How two conversations are linked, for example `FollowUp`"),
  message: text(["notes", "rating_comments"], "Text of a note, or what the customer wrote with a rating"),
  messageId: text("none", "Id of the message, as in `messages`"),
  newSubject: text("message_text", "Subject from now on"),
  newUser: person("Customer from now on"),
  numberOfDeletedFiles: integer("How many files a redaction removed"),
  oldSubject: text("message_text", "Subject until now"),
  oldUser: person("Customer until now"),
  parent: integer("Id of the conversation that was linked as the parent"),
  queueId: text("none", "Id of the queue it is reserved in, as in `queues`"),
  queueLabel: text("none", "Name of the queue it was offered in"),
  queueName: text("none", "Name of the queue it is reserved in"),
  ratingScheduledTime: dateTime("For when a rating's offer is scheduled"),
  reason: text("message_text", "Why a transfer failed, or what was said with it"),
  reservationType: text("none", "Why it is reserved for an agent"),
  score: integer("Score that the customer gave"),
  subject: text("message_text", "Subject of a conversation that was created"),
  tag: text("none", "Name of the tag"),
  templateName: text("none", "Name of the template of an automatic reply"),
  transferType: text("none", "How it was transferred"),
  updatedAttributeIds: texts("none", "Ids of the custom attributes that changed, as in `custom_attributes`"),
  updatedAttributeValues: map("message_text", "Their values from now on, by id"),
  user: person("Customer to whom a rating was offered"),
  validUntil: dateTime("When a reservation ends"),
  wasTextRedacted: flag("Whether a redaction removed the message's text"),
});

const activityLog = z.object({
  id: text("none", "The activity's id"),
  conversationId: integer("Id of the conversation"),
  activityTimestamp: dateTime("When it happened"),
  _type: text("none", "Kind of activity, for example `ConversationAssigned`; Dixa adds kinds"),
  activityType: text("none", "Deprecated by Dixa in favour of `_type`"),
  author: person("Who did it; absent when Dixa itself did"),
  attributes: attributes.describe("What is particular to the kind of activity"),
});

/** Activity logs of all conversations: `GET /v1/conversations/activitylog` of the Dixa API. */
export const activityLogs: WindowedStream = {
  kind: "windowed",
  name: "activity_logs",
  description: "What happened to conversations: assignments, transfers, tags, ratings and more",
  schema: activityLog,
  primaryKey: ["id"],
  cursorField: "activityTimestamp",
  cursor: timestamp,
  host: "api",
  aliases: [],
  ofConversation: { kind: "request", path: (id) => `/v1/conversations/${id}/activitylog` },
  reach: LONGEST_QUERY_MS,
  maxWindow: ({ activityLog: days }) => Math.min(days * DAY_MS, LONGEST_QUERY_MS - OVERLAP_MS),
  async readWindow(dixa, { lo, hi }, reading) {
    const query = {
      pageLimit: String(PAGE_LIMIT),
      // Whole seconds, outward, and one second more at the start: right whether the API compares milliseconds or
      // seconds, inclusively or not.
      fromDatetime: formatSeconds(Math.max(0, lo - 1000)),
      toDatetime: formatSeconds(hi + 999),
    };
    await dixa.api.readPages("/v1/conversations/activitylog", query, reading);
  },
};
