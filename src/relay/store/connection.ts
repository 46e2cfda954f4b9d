import { type ConnectionState, type Demand } from "../coalescer/connection-state.ts";
import { type Effect, type Note } from "../coalescer/inputs.ts";

/** What is known of a connection from Airbyte. */
export interface ConnectionInfo {
  readonly connectionId: string;
  readonly name: string;
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly sourceName: string;
  /** As Airbyte words it. */
  readonly status: string;
}

export interface Connection extends ConnectionInfo {
  readonly credentialId: string;
  readonly discoveredAt: number;
  readonly state: ConnectionState;
  readonly demand: Demand;
}

/** What has been done to a connection, and what is to be done now. */
export interface Applied {
  readonly connection: Connection;
  readonly effects: readonly Effect[];
}

/** How far the syncs of a credential's connections have come. Those that are gone, or follow another one, don't count. */
export interface SyncProgress {
  /** Number of the credential's newest event or request. */
  readonly newestSeq: number;
  readonly total: number;
  /** How many of them have been synced since. */
  readonly synced: number;
  /** Of the others, first those that are parked or whose sync has failed since, then by name. */
  readonly waiting: readonly Connection[];
}

export interface Activity {
  readonly connectionId: string;
  readonly at: number;
  readonly note: Note;
}
