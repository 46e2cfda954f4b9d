import { type ZoneNames } from "../data/activity-logs.ts";
import { AGENTS, TAGS } from "../data/people.ts";
import { instantOf, withZoneName } from "./instants.ts";
import { type Row } from "./table.ts";

const uuid = (kind: string, index: number) =>
  `${kind.repeat(8)}-9999-4999-8999-${String(index).padStart(12, "0")}`;
const agentId = (index: number) => AGENTS[index % AGENTS.length]?.id;
const title = (index: number): Row => ({ languageId: "en", title: `Title ${index}` });

const COLLECTIONS = 3;
const ARTICLES = 11;

/** `GET /v1/knowledge/collections`. */
export function collections(): Row[] {
  return Array.from({ length: COLLECTIONS }, (_, index) => ({
    id: uuid("d", index),
    title: `Collection ${index}`,
    ...(index === 0 ? { description: "Questions that come again" } : {}),
    internalKbEnabled: index !== 1,
    restrictions:
      index === 0
        ? { isRestricted: true, inheritedRestrictions: [{ fromCollection: uuid("d", 1) }] }
        : { isRestricted: false },
  }));
}

/**
 * `GET /v1/knowledge/collections/{collectionId}/catalog`: categories within categories, four deep. Article 0 is part of
 * two collections, and the last collection is empty.
 */
export function catalog(collection: number): Row {
  if (collection === COLLECTIONS - 1) return {};
  const first = collection === 0 ? 0 : 6;
  const article = (index: number): Row => ({ id: uuid("e", index), title: title(index) });
  const category = (index: number, categories: Row[], articles: Row[]): Row => ({
    id: uuid("f", collection * 10 + index),
    ...(index === 2 ? {} : { title: title(index) }),
    categories,
    articles,
  });
  return {
    categories: [
      category(
        1,
        [category(2, [category(3, [category(4, [], [article(first + 1)])], [])], [article(first + 2)])],
        [article(first + 3)],
      ),
      { id: uuid("f", collection * 10 + 9) },
    ],
    articles: [article(0), article(first + 4)],
  };
}

/** `GET /v1/knowledge/articles/{articleId}` of every article that a catalog names, and of two that none does. */
export function articles(zones: ZoneNames): Row[] {
  return Array.from({ length: ARTICLES }, (_, index) => {
    const at = (days: number) => withZoneName(instantOf(index + days), zones, index + days);
    const version = (isIndexedVersion: boolean): Row => ({
      language: "en",
      title: `Title ${index}`,
      isIndexedVersion,
      contents: { html: `<p>Article ${index}</p>`, plaintext: `Article ${index}` },
      availableAt: {
        helpCenterLinks: [{ id: uuid("0", index), name: "Help", url: "https://help.example.com/a" }],
      },
      createdAt: at(0),
      updatedAt: at(3),
      ...(index % 2 === 0 ? { createdBy: agentId(index), updatedBy: agentId(index + 1) } : {}),
    });
    return {
      id: uuid("e", index),
      ...(index % 3 === 2
        ? {}
        : {
            isDefaultLocation: index === 0,
            translation: { draft: version(false), ...(index % 2 === 0 ? { published: version(true) } : {}) },
            tags: index === 1 ? [] : [TAGS[0]?.id],
          }),
      createdAt: at(0),
      updatedAt: at(5),
      ...(index % 2 === 0
        ? {
            indexedAt: at(6),
            createdBy: agentId(index),
            updatedBy: agentId(index + 1),
            ownedBy: agentId(index + 2),
            indexedBy: agentId(index + 3),
            parentCategory: uuid("f", 1),
          }
        : {}),
      restrictions:
        index === 4
          ? { isRestricted: true, inheritedRestrictions: [{ fromCategory: uuid("f", 1) }] }
          : { isRestricted: false, inheritedRestrictions: [] },
      ...(index === 9 ? {} : { parentCollections: [uuid("d", 0)] }),
    };
  });
}
