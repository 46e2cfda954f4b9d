import { z } from "zod";

import { epochMilliseconds } from "./cursor.ts";
import { exportWindow, readExport } from "./export-window.ts";
import { type DixaStream } from "./stream.ts";

const milliseconds = (what: string) =>
  z.int().describe(`${what}, in milliseconds since the Unix epoch (UTC)`);

const rating = z.object({
  rating_score: z.int(),
  rating_message: z.string(),
  rating_type: z.string().describe("For example `stars`"),
  rating_status: z.string().describe("For example `rated`"),
  rating_language: z.string(),
  rating_created_timestamp: milliseconds("When the rating was created"),
  rating_offered_timestamp: milliseconds("When the rating was offered"),
  rating_modified_timestamp: milliseconds("When the rating was last changed"),
  rating_rated_timestamp: milliseconds("When the customer rated"),
  rating_scheduled_timestamp: milliseconds("When the offer was scheduled"),
  rating_scheduled_for_timestamp: milliseconds("For when the offer was scheduled"),
  rating_unscheduled_timestamp: milliseconds("When the offer was taken back"),
  rating_cancelled_timestamp: milliseconds("When the rating was cancelled"),
});

/** Names and types: Dixa's Exports API reference, and the fields that users of other connectors reported. */
const conversation = z.object({
  id: z.int().describe("The conversation's id (csid)"),
  created_at: milliseconds("When the conversation was created"),
  updated_at: milliseconds("When the conversation last changed"),
  last_message_created_at: milliseconds("When its newest message was written"),
  initial_channel: z.string().describe("Channel on which it began, for example `email` or `widgetchat`"),
  status: z.string().describe("For example `open`, `pending` or `closed`"),
  direction: z.string().describe("For example `inbound`"),
  subject: z.string(),
  requester_id: z.string(),
  requester_name: z.string(),
  requester_email: z.string(),
  requester_phone_number: z.string(),
  requester_additional_emails: z.array(z.string()),
  requester_additional_phone_numbers: z.array(z.string()),
  queued_at: milliseconds("When it entered the queue"),
  queue_id: z.string(),
  queue_name: z.string(),
  assigned_at: milliseconds("When it was assigned"),
  assignee_id: z.string(),
  assignee_name: z.string(),
  assignee_email: z.string(),
  assignee_phone_number: z.string(),
  closed_at: milliseconds("When it was closed"),
  total_duration: z.int().describe("As Dixa counts it; the unit is not documented"),
  handling_duration: z.int().describe("As Dixa counts it; the unit is not documented"),
  rating_score: z.int().describe("The single rating of older surveys"),
  rating_message: z.string(),
  ratings: z.array(rating),
  tags: z.array(z.string()).describe("Names of the tags"),
  tags_info: z.array(z.object({ id: z.string(), name: z.string(), is_deactivated: z.boolean() })),
  conversation_wrapup_notes: z.array(z.string()).describe("Internal notes, text only"),
  custom_fields: z.array(
    z.object({
      attribute_id: z.string(),
      identifier: z.string(),
      value: z.union([z.string(), z.array(z.string())]).describe("A list for fields with several choices"),
      data_type: z.string(),
      archived: z.boolean(),
    }),
  ),
  to_provisioned_phone_number_id: z.string(),
  to_provisioned_phone_number_name: z.string(),
  from_provisioned_phone_number_id: z.string(),
  from_provisioned_phone_number_name: z.string(),
  transferee_name: z.string(),
  transferee_number: z.string(),
  transfer_time: milliseconds("When the call was transferred"),
  originating_country: z.string(),
  dixa_email_integration_id: z.string(),
  dixa_email_integration_sender_name: z.string(),
  forwarding_email: z.string(),
  facebook_page_id: z.string(),
  facebook_page_name: z.string(),
  widget_id: z.string(),
  widget_name: z.string(),
  anonymized_at: milliseconds("When personal data was removed"),
});

/** Conversations by `updated_at`: `GET /v1/conversation_export` of the Exports API. */
export const conversations: DixaStream = {
  name: "conversations",
  description: "Conversations with their queue, assignee, ratings, tags, notes and custom fields",
  schema: conversation,
  primaryKey: "id",
  cursorField: "updated_at",
  cursor: epochMilliseconds,
  aliases: ["conversation_export"],
  maxWindow: ({ exports }) => exportWindow(exports),
  readWindow: (dixa, window, reading) => readExport(dixa, "conversation_export", "updated", window, reading),
};
