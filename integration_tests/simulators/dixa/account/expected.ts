import { type Dataset } from "../data/dataset.ts";
import { type Subscriptions } from "../webhooks/subscriptions.ts";
import { type Account, isListName } from "./account.ts";
import { type ChildName, type ConversationChildren } from "./conversation-children.ts";
import { ORGANIZATION, presence } from "./directory.ts";
import { type Row } from "./table.ts";

export interface ExpectedSource {
  dataset: Dataset;
  account: Account;
  children: ConversationChildren;
  subscriptions: Subscriptions;
}

/** Streams that are lists of the account, read through another list. */
const CHILDREN: Readonly<Record<string, ChildName>> = {
  conversation_messages: "messages",
  conversation_notes: "notes",
  conversation_ratings: "ratings",
};

/**
 * Every row of a stream that a reader must have got, as Dixa gives it, with the keys that only the path knows. Of
 * `webhooks` with its secrets, and of `agent_presence` with some `requestTime`.
 *
 * @throws Error if there is no such stream
 */
export function* expectedRows(stream: string, source: ExpectedSource): Generator<Row, void, undefined> {
  const { account, children, dataset, subscriptions } = source;
  const child = CHILDREN[stream];
  if (child !== undefined) {
    for (const text of dataset.streams.conversations.texts()) {
      const conversationId = (JSON.parse(text) as { id: number }).id;
      for (const row of children.list(conversationId, child) ?? []) yield { ...row, conversationId };
    }
  } else if (stream === "team_members") {
    for (const { id } of account.lists.teams.rows) {
      for (const row of account.teamMembers(String(id)) ?? []) yield { ...row, teamId: id };
    }
  } else if (stream === "queue_members") {
    for (const { id } of account.lists.queues.rows) {
      for (const row of account.queueMembers(String(id)) ?? []) yield { ...row, queueId: id };
    }
  } else if (stream === "knowledge_articles") {
    const listed = new Set(
      account.lists.knowledge_collections.rows.flatMap(({ id }) => [
        ...articleIds(account.catalog(String(id))),
      ]),
    );
    yield* account.lists.knowledge_articles.rows.filter(({ id }) => listed.has(id));
  } else if (stream === "contact_endpoints") {
    for (const row of account.lists.contact_endpoints.rows) {
      yield { ...row, endpoint: row["address"] ?? row["number"] };
    }
  } else if (stream === "organization") yield ORGANIZATION;
  else if (stream === "agent_presence") yield* presence(dataset.span.hi);
  else if (stream === "webhooks") yield* subscriptions.list().map((subscription) => ({ ...subscription }));
  else if (isListName(stream)) yield* account.lists[stream].rows;
  else if (stream === "conversations" || stream === "messages" || stream === "activity_logs") {
    for (const text of dataset.streams[stream].texts()) yield JSON.parse(text) as Row;
  } else throw new Error(`there is no stream ${stream}`);
}

function* articleIds(catalog: Row | undefined): Generator<unknown, void, undefined> {
  for (const article of (catalog?.["articles"] ?? []) as Row[]) yield article["id"];
  for (const category of (catalog?.["categories"] ?? []) as Row[]) yield* articleIds(category);
}
