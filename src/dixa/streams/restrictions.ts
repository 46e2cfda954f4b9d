import { z } from "zod";

import { flag, text } from "./fields.ts";

const inherited = z.object({
  fromCollection: text("none", "Id of the collection that restricts it, as in `knowledge_collections`"),
  fromCategory: text("none", "Id of the category that restricts it"),
});

/** Who may read a collection or an article of the knowledge base. */
export const restrictions = z
  .object({
    isRestricted: flag("Whether only some may read it"),
    inheritedRestrictions: z.array(inherited).describe("Restrictions of what it is part of"),
  })
  .describe("Who may read it");
