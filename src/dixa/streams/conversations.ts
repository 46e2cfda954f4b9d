import { z } from "zod";

import { ofKind } from "../personal.ts";
import { epochMilliseconds } from "./cursor.ts";
import { exportWindow, readExport } from "./export-window.ts";
import { flag, integer, milliseconds, text, texts } from "./fields.ts";
import { type WindowedStream } from "./stream.ts";

const rating = z.object({
  rating_score: integer("Score that the customer gave"),
  rating_message: text("rating_comments", "What the customer wrote with the score"),
  rating_type: text("none", "Kind of survey, for example `stars`"),
  rating_status: text("none", "How far the survey is, for example `rated`"),
  rating_language: text("none", "Language of the survey, for example `en`"),
  rating_created_timestamp: milliseconds("When the rating was created"),
  rating_offered_timestamp: milliseconds("When the rating was offered"),
  rating_modified_timestamp: milliseconds("When the rating was last changed"),
  rating_rated_timestamp: milliseconds("When the customer rated"),
  rating_scheduled_timestamp: milliseconds("When the offer was scheduled"),
  rating_scheduled_for_timestamp: milliseconds("For when the offer was scheduled"),
  rating_unscheduled_timestamp: milliseconds("When the offer was taken back"),
  rating_cancelled_timestamp: milliseconds("When the rating was cancelled"),
});

const tag = z.object({
  id: text("none", "The tag's id, as in `tags`"),
  name: text("none", "The tag's name"),
  is_deactivated: flag("Whether the tag can't be given any more"),
});

const customField = z.object({
  attribute_id: text("none", "Id of the field's definition, as in `custom_attributes`"),
  identifier: text("none", "Name of the field for programs"),
  value: ofKind("message_text", z.union([z.string(), z.array(z.string())])).describe(
    "What was entered or chosen; a list for fields with several choices",
  ),
  data_type: text("none", "Type of the field, as Dixa names it"),
  archived: flag("Whether the field is archived"),
});

/** Names and types: Dixa's Exports API reference, and the fields that users of other connectors reported. */
const conversation = z.object({
  id: integer("The conversation's id (csid)"),
  created_at: milliseconds("When the conversation was created"),
  updated_at: milliseconds("When the conversation last changed"),
  last_message_created_at: milliseconds("When its newest message was written"),
  initial_channel: text("none", "Channel on which it began, for example `email` or `widgetchat`"),
  status: text("none", "For example `open`, `pending` or `closed`"),
  direction: text("none", "Who began it, for example `inbound`"),
  subject: text("message_text", "Subject, as its writer put it"),
  requester_id: text("none", "Id of the customer, as in `end_users`"),
  requester_name: text("names", "The customer's name"),
  requester_email: text("email_addresses", "The customer's email address"),
  requester_phone_number: text("phone_numbers", "The customer's phone number"),
  requester_additional_emails: texts("email_addresses", "More email addresses of the customer"),
  requester_additional_phone_numbers: texts("phone_numbers", "More phone numbers of the customer"),
  queued_at: milliseconds("When it entered the queue"),
  queue_id: text("none", "Id of its queue, as in `queues`"),
  queue_name: text("none", "Name of its queue"),
  assigned_at: milliseconds("When it was assigned"),
  assignee_id: text("none", "Id of the agent it is assigned to, as in `agents`"),
  assignee_name: text("names", "The agent's name"),
  assignee_email: text("email_addresses", "The agent's email address"),
  assignee_phone_number: text("phone_numbers", "The agent's phone number"),
  closed_at: milliseconds("When it was closed; stays when it is opened again"),
  total_duration: integer("As Dixa counts it; the unit is not documented"),
  handling_duration: integer("As Dixa counts it; the unit is not documented"),
  rating_score: integer("The single rating of older surveys"),
  rating_message: text("rating_comments", "What the customer wrote with that rating"),
  ratings: z.array(rating).describe("Ratings of the conversation, one for each question of a survey"),
  tags: texts("none", "Names of the tags"),
  tags_info: z.array(tag).describe("The tags with their ids"),
  conversation_wrapup_notes: texts("notes", "Internal notes, text only"),
  custom_fields: z.array(customField).describe("Custom attributes of the conversation"),
  to_provisioned_phone_number_id: text("none", "The company's own number that was called"),
  to_provisioned_phone_number_name: text("none", "Name of that number"),
  from_provisioned_phone_number_id: text("none", "The company's own number that the call came from"),
  from_provisioned_phone_number_name: text("none", "Name of that number"),
  transferee_name: text("names", "To whom a call was transferred outside of Dixa"),
  transferee_number: text("phone_numbers", "Number to which a call was transferred"),
  transfer_time: milliseconds("When the call was transferred"),
  originating_country: text("none", "Country from which a call came"),
  dixa_email_integration_id: text("none", "The company's own mailbox that received it"),
  dixa_email_integration_sender_name: text("none", "Name under which that mailbox sends"),
  forwarding_email: text("email_addresses", "Address that forwarded the email to Dixa"),
  facebook_page_id: text("none", "Id of the company's Facebook page"),
  facebook_page_name: text("none", "Name of the company's Facebook page"),
  widget_id: text("none", "Id of the chat widget"),
  widget_name: text("none", "Name of the chat widget"),
  anonymized_at: milliseconds("When personal data was removed"),
});

/** Conversations by `updated_at`: `GET /v1/conversation_export` of the Exports API. */
export const conversations: WindowedStream = {
  kind: "windowed",
  name: "conversations",
  description: "Conversations with their queue, assignee, ratings, tags, notes and custom fields",
  schema: conversation,
  primaryKey: ["id"],
  cursorField: "updated_at",
  cursor: epochMilliseconds,
  host: "exports",
  aliases: ["conversation_export"],
  maxWindow: ({ exports }) => exportWindow(exports),
  readWindow: (dixa, window, reading) => readExport(dixa, "conversation_export", "updated", window, reading),
};
