import { z } from "zod";

import { BodyError } from "../../http/errors.ts";
import { byId } from "./by-id.ts";
import { dateTime, flag, text, texts } from "./fields.ts";
import { collectionList } from "./knowledge-collections.ts";
import { restrictions } from "./restrictions.ts";
import { type ListedStream, type Row } from "./stream.ts";

const helpCenterLink = z.object({
  id: text("none", "Id of the help centre"),
  name: text("none", "Name of the help centre"),
  url: text("none", "Address of the article there"),
});

const version = (which: string) =>
  z
    .object({
      language: text("none", "Language of the text"),
      title: text("none", "Title in this language"),
      isIndexedVersion: flag("Whether this version can be found by search"),
      contents: z
        .object({
          html: text("none", "The text as HTML"),
          plaintext: text("none", "The text without markup"),
        })
        .describe("The text in both forms"),
      availableAt: z
        .object({ helpCenterLinks: z.array(helpCenterLink).describe("Help centres that show it") })
        .describe("Where it can be read"),
      createdAt: dateTime("When this version was begun"),
      updatedAt: dateTime("When this version was last changed"),
      createdBy: text("none", "Id of the agent who began it, as in `agents`"),
      updatedBy: text("none", "Id of the agent who last changed it, as in `agents`"),
    })
    .describe(which);

/** Names and types: Dixa's OpenAPI document. */
const article = z.object({
  id: text("none", "The article's id"),
  isDefaultLocation: flag("Whether it lies where articles without a place of their own go"),
  translation: z
    .object({ draft: version("What its writers see"), published: version("What readers see") })
    .describe("The article in the default language"),
  tags: texts("none", "Ids of its tags"),
  createdAt: dateTime("When the article was made"),
  updatedAt: dateTime("When the article was last changed"),
  indexedAt: dateTime("When search last took it up"),
  createdBy: text("none", "Id of the agent who made it, as in `agents`"),
  updatedBy: text("none", "Id of the agent who last changed it, as in `agents`"),
  ownedBy: text("none", "Id of the agent who is responsible for it, as in `agents`"),
  indexedBy: text("none", "Id of the agent who put it into the search, as in `agents`"),
  restrictions,
  parentCategory: text("none", "Id of the category it lies in"),
  parentCollections: texts("none", "Ids of the collections it is part of, as in `knowledge_collections`"),
});

const entry = z.looseObject({ id: z.string() });
const entries = z.array(entry).nullish();
/** Categories lie within categories to any depth. */
const category = z.looseObject({
  articles: entries,
  get categories() {
    return z.array(category).nullish();
  },
});
const catalog = z.looseObject({ data: category });
const CATALOG_NAMES: ReadonlySet<string> = new Set(Object.keys(category.shape));

/** The articles of a collection's catalog, wherever in its categories they lie. */
function articlesOf(answer: unknown): readonly Row[] {
  const parsed = catalog.safeParse(answer);
  const found = parsed.data?.data;
  // Both are optional and may be null; something else in their place is no empty catalog.
  const names = Object.keys(found ?? {});
  if (found === undefined || (names.length > 0 && !names.some((name) => CATALOG_NAMES.has(name))))
    throw new BodyError("malformed", "the catalog is none of categories and articles");
  return articlesWithin(found);
}

function articlesWithin({ articles, categories }: z.output<typeof category>): readonly Row[] {
  return [...(articles ?? []), ...(categories ?? []).flatMap(articlesWithin)];
}

/** Articles: `GET /v1/knowledge/articles/{articleId}` of the Dixa API, for each that a collection's catalog names. */
export const knowledgeArticles: ListedStream = {
  kind: "listed",
  name: "knowledge_articles",
  description: "Articles of the knowledge base, as drafts and as published",
  schema: article,
  primaryKey: ["id"],
  list: { path: "/v1/knowledge/articles/{articleId}", isSingle: true },
  parents: {
    list: { path: "/v1/knowledge/collections/{collectionId}/catalog", rows: articlesOf },
    parents: { list: collectionList, parameters: byId("collectionId") },
    parameters: byId("articleId"),
  },
};
