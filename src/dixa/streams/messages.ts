import { z } from "zod";

import { epochMilliseconds } from "./cursor.ts";
import { exportWindow, readExport } from "./export-window.ts";
import { flag, integer, milliseconds, text, texts } from "./fields.ts";
import { type WindowedStream } from "./stream.ts";

/** What a contact form or a bot asked for: these three keys in Dixa's reference, whatever the form has in practice. */
const formSubmission = z.object({
  name: text("names", "Name, if the form asked for it"),
  email: text("email_addresses", "Email address, if the form asked for it"),
  phone: text("phone_numbers", "Phone number, if the form asked for it"),
});

/** Names and types: Dixa's Exports API reference, older and newer version. */
const message = z.object({
  id: text("none", "The message's id"),
  csid: integer("Id of the conversation"),
  created_at: milliseconds("When it was written"),
  initial_channel: text("none", "Channel on which the conversation began"),
  author_name: text("names", "Name of its author, customer or agent"),
  author_email: text("email_addresses", "Email address of its author"),
  direction: text("none", "For example `inbound`"),
  text: text("message_text", "Plain text; internal notes are in `conversations`"),
  from: text("email_addresses", "Address that sent it"),
  to: texts("email_addresses", "Addresses that it was sent to"),
  cc: texts("email_addresses", "Addresses that got a copy"),
  bcc: texts("email_addresses", "Addresses that got a blind copy"),
  from_phone_number: text("phone_numbers", "Number that called or wrote"),
  to_phone_number: text("phone_numbers", "Number that was called or written to"),
  duration: integer("Of a call, as Dixa counts it; the unit is not documented"),
  recording_url: text("message_text", "Where a call's recording is; reading it needs the API token"),
  voicemail_url: text("message_text", "Where a voicemail is; reading it needs the API token"),
  attached_files: texts("message_text", "Where its files are; reading private ones needs the API token"),
  is_automated_message: flag("Whether Dixa wrote it, not a person"),
  chat_input_question: text("message_text", "What the chat's bot asked"),
  chat_input_answer: text("message_text", "What the customer answered"),
  chat_menu_text: text("message_text", "What the customer chose from the chat's menu"),
  form_submission: formSubmission.describe("What the customer entered in a form"),
});

/** Messages by `created_at`: `GET /v1/message_export` of the Exports API. */
export const messages: WindowedStream = {
  kind: "windowed",
  name: "messages",
  description: "Messages of all channels, plain text",
  schema: message,
  primaryKey: ["id"],
  cursorField: "created_at",
  cursor: epochMilliseconds,
  host: "exports",
  aliases: [],
  ofConversation: { kind: "windows", field: "csid" },
  maxWindow: ({ exports }) => exportWindow(exports),
  readWindow: (dixa, window, reading) => readExport(dixa, "message_export", "created", window, reading),
  // A bare text in older versions of Dixa's reference, a list in newer ones.
  bareLists: ["to"],
};
