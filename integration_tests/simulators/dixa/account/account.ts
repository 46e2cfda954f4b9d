import { type ZoneNames } from "../data/activity-logs.ts";
import { customAttributes, tags, templates } from "./content.ts";
import { agents, endUsers, teamMembers, teams } from "./directory.ts";
import { articles, catalog, collections } from "./knowledge.ts";
import { contactEndpoints, flows, queueMembers, queues, schedules } from "./routing.ts";
import { type Row, Table } from "./table.ts";

export const LISTS = [
  "agents",
  "end_users",
  "teams",
  "queues",
  "tags",
  "custom_attributes",
  "contact_endpoints",
  "templates",
  "conversation_flows",
  "business_hours",
  "knowledge_collections",
  "knowledge_articles",
] as const;

/** A list whose rows can be changed while it is read, by the name of the stream. */
export type ListName = (typeof LISTS)[number];

export function isListName(name: string): name is ListName {
  return LISTS.some((list) => list === name);
}

/** The settings of the account and the people in it: what changes seldom and has no cursor. */
export class Account {
  readonly lists: Readonly<Record<ListName, Table>>;
  readonly #teamMembers: ReadonlyMap<unknown, readonly Row[]>;
  readonly #queueMembers: ReadonlyMap<unknown, readonly Row[]>;
  readonly #catalogs: ReadonlyMap<unknown, Row>;

  constructor({ endUsers: count, zones }: { endUsers: number; zones: ZoneNames }) {
    this.lists = {
      agents: new Table(agents()),
      end_users: new Table(endUsers(count)),
      teams: new Table(teams()),
      queues: new Table(queues()),
      tags: new Table(tags()),
      custom_attributes: new Table(customAttributes(zones)),
      contact_endpoints: new Table(contactEndpoints()),
      templates: new Table(templates()),
      conversation_flows: new Table(flows()),
      business_hours: new Table(schedules()),
      knowledge_collections: new Table(collections()),
      knowledge_articles: new Table(articles(zones)),
    };
    this.#teamMembers = new Map(teams().map(({ id }, index) => [id, teamMembers(index)]));
    this.#queueMembers = new Map(queues().map(({ id }, index) => [id, queueMembers(index)]));
    this.#catalogs = new Map(collections().map(({ id }, index) => [id, catalog(index)]));
  }

  /** The row of a list with this id. */
  find(list: ListName, id: string): Row | undefined {
    return this.lists[list].rows.find((row) => row["id"] === id);
  }

  /** Undefined if there is no such team; a team that was added has nobody. */
  teamMembers(id: string): readonly Row[] | undefined {
    return this.find("teams", id) === undefined ? undefined : (this.#teamMembers.get(id) ?? []);
  }

  queueMembers(id: string): readonly Row[] | undefined {
    return this.find("queues", id) === undefined ? undefined : (this.#queueMembers.get(id) ?? []);
  }

  catalog(id: string): Row | undefined {
    return this.find("knowledge_collections", id) === undefined ? undefined : (this.#catalogs.get(id) ?? {});
  }
}
