import { randomUUID } from "node:crypto";

/** A source as it is set up, secrets in the clear. */
export interface Source {
  sourceId: string;
  name: string;
  workspaceId: string;
  definitionId: string;
  /** Empty for a custom connector: Airbyte looks it up in a table of its own ones. */
  sourceType: string;
  configuration: Record<string, unknown>;
  /** Unix seconds. */
  createdAt: number;
}

export type ConnectionStatus = "active" | "inactive" | "deprecated" | "locked";

export interface Connection {
  connectionId: string;
  name: string;
  sourceId: string;
  destinationId: string;
  workspaceId: string;
  status: ConnectionStatus;
  schedule: { scheduleType: "manual" | "cron" | "basic"; basicTiming?: string; cronExpression?: string };
  streams: readonly string[];
  tags: { tagId: string; workspaceId: string; name: string; color: string }[];
  /** Unix seconds. */
  createdAt: number;
}

export interface Destination {
  destinationId: string;
  name: string;
  destinationType: string;
  definitionId: string;
  workspaceId: string;
  configuration: Record<string, unknown>;
  /** Unix seconds. */
  createdAt: number;
}

export type SourceInput = Partial<Source>;
export type ConnectionInput = Partial<Omit<Connection, "tags">> & {
  sourceId: string;
  /** Names of tags. */
  tags?: readonly string[];
};

export const WORKSPACE_ID = "871d9b60-11d1-44cb-8c92-c246d53bf87e";
/** What Airbyte shows in place of a secret. */
export const MASK = "**********";

const DEFAULT_STREAMS = ["conversations", "messages", "activity_logs"];
/** What is `airbyte_secret` in the connector's specification. */
const DEFAULT_SECRETS = ["api_token"];

/** Sources, destinations and connections of one Airbyte. */
export class Workspace {
  readonly sources = new Map<string, Source>();
  readonly connections = new Map<string, Connection>();
  readonly destinations = new Map<string, Destination>();
  readonly #secrets: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #definitionId = randomUUID();
  readonly #destinationDefinitionId = randomUUID();
  readonly #tags = new Map<string, string>();

  constructor(now: () => number, secretFields: readonly string[] = DEFAULT_SECRETS) {
    this.#now = now;
    this.#secrets = new Set(secretFields);
  }

  addSource(input: SourceInput = {}): Source {
    const sourceId = input.sourceId ?? randomUUID();
    const source: Source = {
      sourceId,
      name: `Dixa ${this.sources.size + 1}`,
      workspaceId: WORKSPACE_ID,
      definitionId: this.#definitionId,
      sourceType: "",
      configuration: {},
      createdAt: Math.floor(this.#now() / 1000),
      ...input,
    };
    this.sources.set(sourceId, source);
    return source;
  }

  addConnection({ tags = [], ...input }: ConnectionInput): Connection {
    const source = this.sources.get(input.sourceId);
    if (source === undefined) throw new Error(`there is no source ${input.sourceId}`);
    const { workspaceId } = source;
    const connectionId = input.connectionId ?? randomUUID();
    const connection: Connection = {
      connectionId,
      name: `${source.name} → warehouse ${this.connections.size + 1}`,
      destinationId: randomUUID(),
      workspaceId,
      status: "active",
      schedule: { scheduleType: "manual" },
      streams: DEFAULT_STREAMS,
      createdAt: Math.floor(this.#now() / 1000),
      ...input,
      tags: tags.map((name) => ({ tagId: this.#tagId(name), workspaceId, name, color: "FF0000" })),
    };
    this.connections.set(connectionId, connection);
    this.#addDestination(connection);
    return connection;
  }

  #addDestination({ destinationId, workspaceId, createdAt }: Connection): void {
    if (this.destinations.has(destinationId)) return;
    this.destinations.set(destinationId, {
      destinationId,
      name: "Warehouse",
      destinationType: "postgres",
      definitionId: this.#destinationDefinitionId,
      workspaceId,
      configuration: { host: "warehouse", database: "analytics", schema: "dixa", password: MASK },
      createdAt,
    });
  }

  #tagId(name: string): string {
    const tagId = this.#tags.get(name) ?? randomUUID();
    this.#tags.set(name, tagId);
    return tagId;
  }

  /** A source as the API shows it. */
  sourceView({ configuration, ...source }: Source): Record<string, unknown> {
    const masked = Object.entries(configuration).map(([name, value]) => [
      name,
      this.#secrets.has(name) ? MASK : value,
    ]);
    return { ...source, configuration: Object.fromEntries(masked) as unknown };
  }
}

/** A connection as the API shows it. */
export function connectionView({ streams, ...connection }: Connection): Record<string, unknown> {
  return {
    ...connection,
    configurations: {
      streams: streams.map((name) => ({
        name,
        namespace: null,
        syncMode: "incremental_deduped_history",
        cursorField: [],
        primaryKey: [["id"]],
        mappers: [],
      })),
    },
    nonBreakingSchemaUpdatesBehavior: "propagate_columns",
    namespaceDefinition: "destination",
    namespaceFormat: null,
    prefix: "",
  };
}

/** A connection as the configuration API shows it, with the catalog that orchestrators make their assets of. */
export function connectionDetails({ streams, ...connection }: Connection): Record<string, unknown> {
  return {
    connectionId: connection.connectionId,
    name: connection.name,
    sourceId: connection.sourceId,
    destinationId: connection.destinationId,
    status: connection.status,
    scheduleType: connection.schedule.scheduleType,
    namespaceDefinition: "destination",
    prefix: "",
    operationIds: [],
    breakingChange: false,
    createdAt: connection.createdAt,
    syncCatalog: {
      streams: streams.map((name) => ({
        stream: {
          name,
          jsonSchema: { type: "object", properties: { id: { type: "string" } } },
          supportedSyncModes: ["full_refresh", "incremental"],
        },
        config: {
          syncMode: "incremental",
          destinationSyncMode: "append_dedup",
          cursorField: [],
          primaryKey: [["id"]],
          aliasName: name,
          selected: true,
        },
      })),
    },
  };
}
