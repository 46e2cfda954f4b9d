import { z } from "zod";

import { flag, text } from "./fields.ts";
import { restrictions } from "./restrictions.ts";
import { type List, type ListedStream } from "./stream.ts";

/** Names and types: Dixa's OpenAPI document. */
const collection = z.object({
  id: text("none", "The collection's id"),
  title: text("none", "The collection's title for readers"),
  description: text("none", "What the collection holds"),
  internalKbEnabled: flag("Whether agents see it in their own knowledge base"),
  restrictions,
});

/** The list of collections, which other streams go through too. */
export const collectionList: List = { path: "/v1/knowledge/collections", paged: true };

/** Collections: `GET /v1/knowledge/collections` of the Dixa API. */
export const knowledgeCollections: ListedStream = {
  kind: "listed",
  name: "knowledge_collections",
  description: "Collections of the knowledge base",
  schema: collection,
  primaryKey: ["id"],
  list: collectionList,
};
