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

export interface Activity {
  readonly connectionId: string;
  readonly at: number;
  readonly note: Note;
}
