import { z } from "zod";

import { dateTime, flag, map, text, texts } from "./fields.ts";
import { type ListedStream, type Row } from "./stream.ts";

const condition = z.object({
  _type: text("none", "How it compares: `IsOneOf` or `IsNotOneOf`"),
  field: text("none", "What it looks at, for example `QueueId`"),
  values: texts("none", "What it compares with"),
});

const filters = z.object({
  _type: text("none", "Kind of filter"),
  strategy: text("none", "Whether all conditions must hold or any: `All` or `Any`"),
  conditions: z.array(condition).describe("What must hold for an event to be sent"),
});

/** Names and types: Dixa's OpenAPI document, without the secrets. */
const webhook = z.object({
  id: text("none", "The webhook's id"),
  name: text("none", "The webhook's name for people"),
  subscribedEvents: texts("none", "Events that it sends, for example `ConversationClosed`"),
  url: text("none", "Where it sends them, without password and query"),
  headers: map("none", "Names of the headers it sends; their values never leave Dixa and are null"),
  enabled: flag("Whether it sends at all"),
  createdAt: dateTime("When it was made"),
  createdBy: text("none", "Id of the agent who made it, as in `agents`"),
  updatedAt: dateTime("When it was last changed"),
  updatedBy: text("none", "Id of the agent who last changed it, as in `agents`"),
  filters: z
    .object({ Conversation: filters.describe("Filter of the events of conversations") })
    .describe("Which events it leaves out"),
});

/** Whoever has the secret key can forge webhooks, and headers and address can hold passwords of the receiver. */
function withoutSecrets({ secretKey, headers, url, ...row }: Row): Row {
  const names = typeof headers === "object" && headers !== null ? Object.keys(headers) : [];
  return {
    ...row,
    ...(url === undefined ? {} : { url: withoutPassword(url) }),
    headers: Object.fromEntries(names.map((name) => [name, null])),
  };
}

function withoutPassword(url: unknown): string | null {
  const parsed = typeof url === "string" ? URL.parse(url) : null;
  return parsed === null ? null : `${parsed.origin}${parsed.pathname}`;
}

/** Webhooks: `GET /v1/webhooks` of the Dixa API. */
export const webhooks: ListedStream = {
  kind: "listed",
  name: "webhooks",
  description: "Webhooks of the account, without their secrets",
  schema: webhook,
  primaryKey: ["id"],
  list: { path: "/v1/webhooks" },
  row: withoutSecrets,
};
