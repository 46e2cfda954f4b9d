import { z } from "zod";

import { text } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const organizationRow = z.object({
  id: text("none", "The organization's id"),
  name: text("none", "The organization's name"),
  subdomain: text("none", "Where its agents work: the first part of the address"),
  status: text("none", "Whether the account is in use: `Active` or `Suspended`"),
  avatarUrl: text("none", "The organization's logo"),
});

/** The organization: `GET /v1/organization` of the Dixa API, which answers with one row. */
export const organization: ListedStream = {
  kind: "listed",
  name: "organization",
  description: "The account itself: one row",
  schema: organizationRow,
  primaryKey: ["id"],
  list: { path: "/v1/organization", isSingle: true },
};
