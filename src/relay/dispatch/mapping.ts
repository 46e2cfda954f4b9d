import { type Clock } from "../../http/clock.ts";
import { type Connection, type ConnectionInfo } from "../store/connection.ts";
import { type Store } from "../store/store.ts";
import {
  type AirbyteDirectory,
  type DirectoryConnection,
  type DirectorySource,
} from "./airbyte-directory.ts";
import { ownersOf } from "./owners.ts";
import { type MappedCredential } from "./selection-marks.ts";

export interface MappingOptions {
  store: Pick<Store, "upsertConnections" | "connection" | "connectionIds" | "apply">;
  airbyte: AirbyteDirectory;
  /** Told of a connection that could not be read; the others are not held up by it. */
  onError: (connectionId: string, error: unknown) => void;
  clock: Clock;
  /** Asked for at every refresh, and again before anything is written. */
  wanted: () => MappingRequest;
}

/** What is to be mapped now. */
export interface MappingRequest {
  readonly credentials: readonly MappedCredential[];
  /** Credentials that were taken away for all replicas; their connections follow nobody. */
  readonly removed: ReadonlySet<string>;
  /** Empty: all that the application may see. */
  readonly workspaceIds: readonly string[];
  /** Whether a new connection owes a sync for the events that came before it. */
  readonly onDiscover: "sync" | "ignore";
}

/** What a refresh has found. */
export interface Refresh {
  /** Connections by credential. */
  readonly mapped: ReadonlyMap<string, readonly ConnectionInfo[]>;
  readonly added: readonly string[];
  /** Connections that carry several credentials. A connection follows one, the first that is configured. */
  readonly contested: readonly { connectionId: string; credentialIds: readonly string[] }[];
  /** Connections that have been parked as gone or no longer carrying their credential. */
  readonly lost: readonly string[];
}

/** Airbyte must deny a connection twice, this far apart, before it counts as deleted, ms. */
const GONE_AFTER = 60_000;

/**
 * Which connections carry which credential, learnt from Airbyte. Events don't wait for it: a connection that is found
 * after an event still owes a sync for it.
 */
export class Mapping {
  readonly #options: MappingOptions;
  /** When Airbyte first denied a connection, ms UTC. */
  readonly #deniedSince = new Map<string, number>();

  constructor(options: MappingOptions) {
    this.#options = options;
  }

  /** @throws what the directory and the store throw; what had been learnt before stays */
  async refresh(signal?: AbortSignal): Promise<Refresh> {
    const { airbyte, store, wanted } = this.#options;
    const { workspaceIds } = wanted();
    const sources = new Map<string, DirectorySource>();
    for await (const source of airbyte.listSources(workspaceIds, signal))
      sources.set(source.sourceId, source);
    const listed = new Map<string, DirectoryConnection>();
    for await (const connection of airbyte.listConnections(workspaceIds, signal)) {
      listed.set(connection.connectionId, connection);
    }
    await this.#fetchNamed(listed, signal);

    // Airbyte took its time, and credentials may have changed meanwhile.
    const request = wanted();
    const { credentials, onDiscover } = request;
    const owners = ownersOf(listed, sources, credentials);
    const mapped = new Map<string, ConnectionInfo[]>(credentials.map(({ id }) => [id, []]));
    for (const [connectionId, [owner = ""]] of owners) {
      const connection = listed.get(connectionId);
      if (connection !== undefined) mapped.get(owner)?.push(describe(connection, sources));
    }
    const added: string[] = [];
    for (const [id, infos] of mapped) {
      if (wanted().removed.has(id)) continue;
      added.push(...(await store.upsertConnections(id, infos, onDiscover)));
    }
    const lost = await this.#unlearn(owners, listed, sources, signal);
    const contested = [...owners]
      .filter(([, ids]) => ids.length > 1)
      .map(([connectionId, credentialIds]) => ({ connectionId, credentialIds }));
    return { mapped, added, contested, lost };
  }

  /** Connections that are named in the configuration may lie in a workspace that isn't listed. */
  async #fetchNamed(
    listed: Map<string, DirectoryConnection>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const { selection } of this.#options.wanted().credentials) {
      for (const id of selection.by === "list" ? selection.connectionIds : []) {
        if (listed.has(id)) continue;
        const connection = await this.#connection(id, signal);
        if (typeof connection === "object") listed.set(id, connection);
      }
    }
  }

  /** Parks what surely carries its credential no more. Not being listed proves nothing. */
  async #unlearn(
    owners: ReadonlyMap<string, readonly string[]>,
    listed: ReadonlyMap<string, DirectoryConnection>,
    sources: ReadonlyMap<string, DirectorySource>,
    signal: AbortSignal | undefined,
  ): Promise<string[]> {
    const { store, wanted } = this.#options;
    const { credentials, removed } = wanted();
    const selections = new Map(credentials.map(({ id, selection }) => [id, selection]));
    const lost: string[] = [];
    for (const connectionId of this.#deniedSince.keys()) {
      if (owners.has(connectionId)) this.#deniedSince.delete(connectionId);
    }
    const unowned = (await store.connectionIds()).filter((id) => !owners.has(id));
    for (const id of unowned) {
      const connection = await store.connection(id);
      if (connection === undefined) continue;
      const { connectionId, credentialId, state } = connection;
      if (state.phase.name === "PARKED" && ["gone", "unmapped", "held"].includes(state.phase.reason))
        continue;
      if (removed.has(credentialId)) {
        await store.apply(connectionId, { type: "lost", reason: "unmapped" });
        lost.push(connectionId);
        continue;
      }
      const selection = selections.get(credentialId);
      // Another replica, of a newer configuration, may know the credential.
      if (selection === undefined) continue;
      const found = listed.get(connectionId);
      const isSure =
        selection.by === "list" ||
        (found !== undefined && (selection.by === "tag" || sources.has(found.sourceId)));
      if (isSure) {
        await store.apply(connectionId, { type: "lost", reason: "unmapped" });
        lost.push(connectionId);
      } else if (found === undefined && (await this.#isGone(connection, signal))) {
        await store.apply(connectionId, { type: "lost", reason: "gone" });
        lost.push(connectionId);
      }
    }
    return lost;
  }

  /** @throws what the directory throws, unless it is about this connection alone */
  async #connection(
    connectionId: string,
    signal: AbortSignal | undefined,
  ): Promise<DirectoryConnection | "unreadable" | undefined> {
    try {
      return await this.#options.airbyte.getConnection(connectionId, signal);
    } catch (error) {
      const kind = typeof error === "object" && error !== null && "kind" in error ? error.kind : undefined;
      if (kind !== "invalid" && kind !== "forbidden") throw error;
      this.#options.onError(connectionId, error);
      return "unreadable";
    }
  }

  async #isGone({ connectionId }: Connection, signal: AbortSignal | undefined): Promise<boolean> {
    const { store, clock } = this.#options;
    const found = await this.#connection(connectionId, signal);
    if (found === "unreadable") return false;
    if (found !== undefined) {
      this.#deniedSince.delete(connectionId);
      await store.apply(connectionId, { type: "seen", status: found.status });
      return false;
    }
    const now = clock.now();
    const since = Math.min(this.#deniedSince.get(connectionId) ?? now, now);
    this.#deniedSince.set(connectionId, since);
    return now - since >= GONE_AFTER;
  }
}

function describe(
  { connectionId, name, workspaceId, sourceId, status }: DirectoryConnection,
  sources: ReadonlyMap<string, DirectorySource>,
): ConnectionInfo {
  return { connectionId, name, workspaceId, sourceId, sourceName: sources.get(sourceId)?.name ?? "", status };
}
