import { z } from "zod";

import { dateTime, text, texts } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const agent = z.object({
  id: text("none", "The agent's id"),
  createdAt: dateTime("When the agent was added"),
  displayName: text("names", "Name that colleagues and customers see"),
  email: text("email_addresses", "The agent's first email address"),
  avatarUrl: text("names", "The agent's picture"),
  phoneNumber: text("phone_numbers", "The agent's first phone number"),
  additionalEmails: texts("email_addresses", "More email addresses of the agent"),
  additionalPhoneNumbers: texts("phone_numbers", "More phone numbers of the agent"),
  firstName: text("names", "First name"),
  lastName: text("names", "Last name"),
  middleNames: texts("names", "Middle names"),
  roles: texts("none", "What the agent may do, for example `Agent` or `Admin`"),
});

/** Agents: `GET /v1/agents` of the Dixa API. */
export const agents: ListedStream = {
  kind: "listed",
  name: "agents",
  description: "Agents and admins, with their names, addresses and roles",
  schema: agent,
  primaryKey: ["id"],
  list: { path: "/v1/agents", paged: true },
};
