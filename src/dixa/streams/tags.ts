import { z } from "zod";

import { text } from "./fields.ts";
import { type ListedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const tag = z.object({
  id: text("none", "The tag's id"),
  name: text("none", "The tag's name, as on conversations"),
  color: text("none", "Colour on the agents' screens"),
  state: text("none", "Whether the tag can be given: `Active` or `Inactive`"),
});

/** Tags: `GET /v1/tags` of the Dixa API. */
export const tags: ListedStream = {
  kind: "listed",
  name: "tags",
  description: "Tags of conversations, with those that can not be given any more",
  schema: tag,
  primaryKey: ["id"],
  // Without the parameter Dixa leaves deactivated tags out, which old conversations still have.
  list: { path: "/v1/tags", query: { includeDeactivated: "true" } },
};
