import { z } from "zod";

import { text, texts } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

/**
 * Both kinds of endpoint in one; `_type` says which one it is. These are the company's own mailboxes and numbers, so
 * they are not personal. Names and types: Dixa's OpenAPI document.
 */
const contactEndpoint = z.object({
  endpoint: text("none", "The address or the number, whichever there is; added by this connector"),
  _type: text("none", "Kind of endpoint: `EmailEndpoint` or `TelephonyEndpoint`"),
  address: text("none", "Email address of a mailbox"),
  senderOverride: text("none", "Address that the mailbox sends from instead"),
  number: text("none", "Phone number"),
  functionality: texts("none", "What a number is for, for example `VoiceInbound` or `Sms`"),
  name: text("none", "Name of the endpoint for people"),
});

/** Contact endpoints: `GET /v1/contact-endpoints` of the Dixa API, which gives them no id. */
export const contactEndpoints: ListedStream = {
  kind: "listed",
  name: "contact_endpoints",
  description: "Mailboxes and phone numbers under which the company can be reached",
  schema: contactEndpoint,
  primaryKey: ["endpoint"],
  list: { path: "/v1/contact-endpoints" },
  row: (row) => ({ ...row, endpoint: row["address"] ?? row["number"] }),
};
