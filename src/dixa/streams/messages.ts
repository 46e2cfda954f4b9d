import { z } from "zod";

import { findMember, keyBytes, valueKind, valueText } from "../../http/json-element.ts";
import { epochMilliseconds } from "./cursor.ts";
import { exportWindow, readExport } from "./export-window.ts";
import { type DixaStream } from "./stream.ts";

/** Names and types: Dixa's Exports API reference, older and newer version. */
const message = z.object({
  id: z.string(),
  csid: z.int().describe("Id of the conversation"),
  created_at: z.int().describe("When it was written, in milliseconds since the Unix epoch (UTC)"),
  initial_channel: z.string(),
  author_name: z.string(),
  author_email: z.string(),
  direction: z.string(),
  text: z.string().describe("Plain text; internal notes are in `conversations`"),
  from: z.string(),
  to: z.array(z.string()),
  cc: z.array(z.string()),
  bcc: z.array(z.string()),
  from_phone_number: z.string(),
  to_phone_number: z.string(),
  duration: z.int().describe("Of a call, as Dixa counts it; the unit is not documented"),
  recording_url: z.string(),
  voicemail_url: z.string(),
  attached_files: z.array(z.string()),
  is_automated_message: z.boolean(),
  chat_input_question: z.string(),
  chat_input_answer: z.string(),
  chat_menu_text: z.string(),
  form_submission: z.object({ name: z.string(), email: z.string(), phone: z.string() }),
});

const TO = keyBytes("to");
const QUOTE = 0x22;

/** Messages by `created_at`: `GET /v1/message_export` of the Exports API. */
export const messages: DixaStream = {
  name: "messages",
  description: "Messages of all channels, plain text",
  schema: message,
  primaryKey: "id",
  cursorField: "created_at",
  cursor: epochMilliseconds,
  aliases: [],
  maxWindow: ({ exports }) => exportWindow(exports),
  readWindow: (dixa, window, reading) => readExport(dixa, "message_export", "created", window, reading),
  replacements(element) {
    // Older versions of Dixa's reference have `to` as a bare string, newer ones as a list.
    const to = findMember(element, TO);
    if (to === -1 || valueKind(element, to) !== QUOTE) return undefined;
    return new Map([[to, Buffer.from(`[${valueText(element, to)}]`)]]);
  },
};
