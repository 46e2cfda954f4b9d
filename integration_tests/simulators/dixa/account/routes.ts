import { type JsonReply } from "../json.ts";
import { type Account, type ListName } from "./account.ts";
import { type ChildName, type ConversationChildren } from "./conversation-children.ts";
import { ORGANIZATION, presence } from "./directory.ts";
import { page, type PagingOptions } from "./pages.ts";
import { FLOW_CHANNELS } from "./routing.ts";
import { type Row } from "./table.ts";

/** What the routes answer from. */
export interface AccountSource {
  account: Account;
  children: ConversationChildren;
  paging: PagingOptions;
  /** How the children of a conversation come in pages; undefined: without. */
  childPaging: PagingOptions | undefined;
  /** ms UTC. */
  now: number;
  /** The order in which a list is answered. */
  inOrder: (rows: readonly Row[]) => readonly Row[];
}

/** Lists that come in pages, by the end of their path. */
const PAGED: Readonly<Record<string, ListName>> = {
  agents: "agents",
  endusers: "end_users",
  templates: "templates",
  "knowledge/collections": "knowledge_collections",
};
/** Lists that come as a whole. */
const WHOLE: Readonly<Record<string, ListName>> = {
  teams: "teams",
  queues: "queues",
  "custom-attributes": "custom_attributes",
};
const CHILDREN: readonly string[] = ["messages", "notes", "ratings"] satisfies ChildName[];
const UNKNOWN_CHANNEL = "Invalid value in request";

/** What `GET /v1/…` answers from the account's settings, people and conversations; undefined if the path is another one. */
export function answerAccount(
  path: string,
  query: URLSearchParams,
  source: AccountSource,
): JsonReply | undefined {
  const name = path.replace(/^\/v1\//, "");
  const paged = PAGED[name];
  if (paged !== undefined) return page(path, pagedRows(paged, query, source), query, source.paging);
  const whole = WHOLE[name];
  if (whole !== undefined) return data(source.inOrder(source.account.lists[whole].rows));
  return single(name, query, source) ?? child(path, query, source);
}

function data(rows: unknown): JsonReply {
  return { status: 200, body: { data: rows } };
}

function pagedRows(
  list: ListName,
  query: URLSearchParams,
  { account, inOrder }: AccountSource,
): readonly Row[] {
  const { rows } = account.lists[list];
  const type = list === "templates" ? query.get("type") : null;
  return inOrder(type === null ? rows : rows.filter((row) => row["_type"] === type));
}

/** Lists with a parameter of their own, and what is no list. */
function single(name: string, query: URLSearchParams, source: AccountSource): JsonReply | undefined {
  const { account, inOrder, now } = source;
  switch (name) {
    case "organization":
      return data(ORGANIZATION);
    case "agents/presence":
      return { status: 200, body: inOrder(presence(now)) };
    case "tags": {
      const isAll = query.get("includeDeactivated") === "true";
      return data(inOrder(account.lists.tags.rows.filter(({ state }) => isAll || state === "Active")));
    }
    case "contact-endpoints": {
      const type = query.get("_type");
      const { rows } = account.lists.contact_endpoints;
      return data(inOrder(rows.filter((row) => type === null || row["_type"] === type)));
    }
    case "conversations/flows": {
      const channel = query.get("channel") ?? "PstnPhone";
      if (!FLOW_CHANNELS.includes(channel)) return { status: 400, body: { message: UNKNOWN_CHANNEL } };
      return data(inOrder(account.lists.conversation_flows.rows.filter((row) => row["channel"] === channel)));
    }
    case "business-hours/schedules": {
      const named = account.lists.business_hours.rows.map(({ id, name: of }) => ({ name: of, id }));
      return data({ schedules: inOrder(named) });
    }
    default:
      return undefined;
  }
}

/** What hangs on another row. */
function child(
  path: string,
  query: URLSearchParams,
  { account, children, childPaging, inOrder }: AccountSource,
): JsonReply | undefined {
  const parts = path.replace(/^\/v1\//, "").split("/");
  const [first, second = "", third = "", fourth] = parts;
  const list = (rows: readonly Row[] | undefined) => (rows === undefined ? GONE : data(inOrder(rows)));
  switch (`${String(first)}/${parts.slice(2).join("/")}`) {
    case "teams/agents":
      return list(account.teamMembers(second));
    case "queues/members":
      return list(account.queueMembers(second));
  }
  if (first === "conversations" && CHILDREN.includes(third)) {
    const rows = children.list(Number(second), third as ChildName);
    if (rows !== undefined && childPaging !== undefined) return page(path, inOrder(rows), query, childPaging);
    // Half of what is gone is told by a gateway that knows no JSON.
    return rows === undefined && Number(second) % 2 === 0 ? GATEWAY_PAGE : list(rows);
  }
  if (first === "business-hours" && second === "schedules" && fourth === "definition") {
    const schedule = account.find("business_hours", third);
    return schedule === undefined ? GONE : data({ schedule });
  }
  if (first === "knowledge" && second === "collections" && fourth === "catalog") {
    const catalog = account.catalog(third);
    return catalog === undefined ? GONE : data(catalog);
  }
  if (first === "knowledge" && second === "articles" && parts.length === 3) {
    const article = account.find("knowledge_articles", third);
    return article === undefined ? GONE : data(article);
  }
  return undefined;
}

const GONE: JsonReply = { status: 404, body: { message: "The requested resource could not be found" } };
const GATEWAY_PAGE: JsonReply = { status: 404, text: "<html><h1>404 Not Found</h1></html>" };
