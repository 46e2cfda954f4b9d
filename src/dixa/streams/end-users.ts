import { z } from "zod";

import { ofKind } from "../personal.ts";
import { dateTime, text, texts } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

/** `GET /v1/endusers` gives no values here, the request for one user does. */
const customAttribute = z.object({
  id: text("none", "Id of the attribute's definition, as in `custom_attributes`"),
  name: text("none", "Name of the attribute for people"),
  identifier: text("none", "Name of the attribute for programs"),
  value: ofKind("message_text", z.union([z.string(), z.array(z.string())])).describe(
    "What was entered or chosen; a list for attributes with choices",
  ),
});

/** Names and types: Dixa's OpenAPI document. */
const endUser = z.object({
  id: text("none", "The customer's id"),
  createdAt: dateTime("When the customer was first seen"),
  displayName: text("names", "Name that agents see"),
  email: text("email_addresses", "The customer's first email address"),
  phoneNumber: text("phone_numbers", "The customer's first phone number"),
  additionalEmails: texts("email_addresses", "More email addresses of the customer"),
  additionalPhoneNumbers: texts("phone_numbers", "More phone numbers of the customer"),
  firstName: text("names", "First name"),
  lastName: text("names", "Last name"),
  middleNames: texts("names", "Middle names"),
  avatarUrl: text("names", "The customer's picture"),
  externalId: text("names", "By what another system knows the customer"),
  customAttributes: z
    .array(customAttribute)
    .describe("Custom attributes of the customer; Dixa leaves them out of the list that this stream reads"),
});

/** Customers: `GET /v1/endusers` of the Dixa API. */
export const endUsers: ListedStream = {
  kind: "listed",
  name: "end_users",
  description: "Customers who have written or called, with their names, addresses and numbers",
  schema: endUser,
  primaryKey: ["id"],
  list: { path: "/v1/endusers", paged: true },
};
