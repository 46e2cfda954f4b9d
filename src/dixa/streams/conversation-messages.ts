import { z } from "zod";

import { ofKind } from "../personal.ts";
import { dateTime, flag, integer, map, text } from "./fields.ts";
import { followedFields } from "./followed.ts";
import { type FollowedStream } from "./stream.ts";

const content = (what: string) =>
  z
    .object({
      _type: text("none", "How it is written: `Text`, `Html` or `Markdown`"),
      value: text("message_text", "The text itself"),
    })
    .describe(what);

const file = z.object({
  url: text("message_text", "Where the file is; reading a private one needs the API token"),
  prettyName: text("message_text", "Name of the file for people"),
});

const contact = z.object({
  email: text("email_addresses", "Email address"),
  name: text("names", "Name beside the address"),
});

/** Of a call the number itself, of an email the people. */
const from = z.union([text("phone_numbers", "Number that called"), contact]);
const to = z.union([
  // Dixa's document says a text, its example is a number.
  ofKind("phone_numbers", z.union([z.string(), z.int()])),
  z.array(contact),
]);

/** All variants of Dixa's OpenAPI document in one; `_type` says which one it is. */
const attributes = z.object({
  _type: text("none", "Which attributes these are, for example `EmailAttributes`"),
  content: content("Text of a chat, a form, a transcript or a short message"),
  emailContent: z
    .object({
      _type: text("none", "Whether the text is here or in a file: `Regular` or `TooLarge`"),
      content: content("Text of the email"),
      file: file.describe("File with the text of an email that is too large"),
    })
    .describe("Text of an email or a contact form"),
  from: from.describe("Sender of an email, or number that called"),
  to: to.describe("Receivers of an email, or number that was called"),
  cc: z.array(contact).describe("Who got a copy"),
  bcc: z.array(contact).describe("Who got a blind copy"),
  replyDefaultToEmails: z.array(contact).describe("To whom answers to a contact form go"),
  isAutoReply: flag("Whether it is an automatic reply"),
  isAutomated: flag("Whether Dixa wrote it, not a person"),
  inlineImages: z.array(file).describe("Pictures within the text"),
  attachments: z.array(file).describe("Files that came with it"),
  originalContentUrl: file.describe("The email as it came"),
  deliveryFailureReason: text("message_text", "What the other side's mail server said when it refused"),
  direction: text("none", "`Inbound`, `Outbound` or `Internal`"),
  duration: integer("Of a call, as Dixa counts it; its examples look like seconds"),
  recording: text("message_text", "Where a call's recording is; reading it needs the API token"),
  formSubmission: z
    .object({ values: map("message_text", "What was entered, by the form's own names") })
    .describe("What the customer entered in a form"),
  utterance_start_ms: integer("When a transcript's passage begins, in milliseconds from the call's start"),
  utterance_end_ms: integer("When a transcript's passage ends, in milliseconds from the call's start"),
});

/** Names and types: Dixa's OpenAPI document. */
const message = z.object({
  ...followedFields,
  id: text("none", "The message's id"),
  authorId: text("none", "Id of its author, as in `agents` or `end_users`"),
  externalId: text("none", "Id of the message in the system that it came from"),
  createdAt: dateTime("When it was written"),
  attributes: attributes.describe("What the message says, by the kind of message"),
});

/** Messages of conversations: `GET /v1/conversations/{conversationId}/messages` of the Dixa API. */
export const conversationMessages: FollowedStream = {
  kind: "followed",
  name: "conversation_messages",
  description: "Messages with their HTML, author, addresses and files, one request a conversation",
  schema: message,
  primaryKey: ["conversationId", "id"],
  path: "/v1/conversations/{conversationId}/messages",
};
