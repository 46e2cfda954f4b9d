import { type ConnectionState, type Demand } from "../coalescer/connection-state.ts";
import { type Connection, type ConnectionInfo } from "./connection.ts";
import { type Parameter } from "./database.ts";
import { connectionRow, stateSchema } from "./rows.ts";
import { storedJson, storedText } from "./stored-text.ts";

/** The columns that {@link toConnection} needs. */
export const CONNECTIONS = `
  SELECT c.connection_id, c.credential_id, c.name, c.workspace_id, c.source_id, c.source_name, c.status,
    c.discovered_at, c.state, k.seq, k.urgent_seq, k.last_event_at,
    coalesce(c.first_at, (SELECT e.received_at FROM relay_event e WHERE e.credential_id = c.credential_id
      AND e.seq > c.synced_seq ORDER BY e.seq LIMIT 1)) AS first_at
  FROM relay_connection c LEFT JOIN relay_credential k ON k.credential_id = c.credential_id`;

export function toConnection(found: Readonly<Record<string, unknown>>): Connection {
  const row = connectionRow.parse(found);
  const state = stateSchema.parse(JSON.parse(row.state));
  const seq = row.seq ?? 0;
  const demand: Demand = {
    seq,
    settledSeq: seq,
    urgentSeq: row.urgent_seq ?? 0,
    firstAt: row.first_at,
    lastAt: row.last_event_at,
  };
  return {
    connectionId: row.connection_id,
    credentialId: row.credential_id,
    name: row.name,
    workspaceId: row.workspace_id,
    sourceId: row.source_id,
    sourceName: row.source_name,
    status: row.status,
    discoveredAt: row.discovered_at,
    state,
    demand,
  };
}

/** `synced_seq`, `phase`, `wake_at`, `written_at` and `state`. */
export function columnsOf(state: ConnectionState, now: number): Parameter[] {
  return [state.syncedSeq, phaseColumn(state), null, now, storedJson(state)];
}

/**
 * The phase in one word: `CLAIMED` while a start is under way, `GONE` and `UNMAPPED` for what is parked because it is no
 * connection of the credential any more. Whether an `IDLE` one is clean only the credential's number tells.
 */
function phaseColumn({ phase, claim }: ConnectionState): string {
  if (phase.name === "TRACKING") return phase.name;
  if (phase.name !== "PARKED") return claim === null ? phase.name : "CLAIMED";
  return phase.reason === "gone" || phase.reason === "unmapped" ? phase.reason.toUpperCase() : phase.name;
}

/** `name`, `workspace_id`, `source_id`, `source_name` and `status`. */
export function describe(info: ConnectionInfo): string[] {
  const { name, workspaceId, sourceId, sourceName, status } = info;
  return [name, workspaceId, sourceId, sourceName, status].map(storedText);
}
