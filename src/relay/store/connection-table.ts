import { type ConnectionState, type Demand, newConnectionState } from "../coalescer/connection-state.ts";
import { type Effect, type Input } from "../coalescer/inputs.ts";
import { CLOCK_STEP, type Context, dueAt, wakeAt } from "../coalescer/schedule.ts";
import { step } from "../coalescer/step.ts";
import { type TimingsOf } from "../coalescer/timings.ts";
import { type Database, type Parameter, type Transaction } from "./database.ts";
import { type ConnectionRow, connectionRow, credentialRow, noteSchema, stateSchema } from "./rows.ts";
import { type Activity, type Applied, type Connection, type ConnectionInfo } from "./store.ts";

const CONNECTIONS = `
  SELECT c.connection_id, c.credential_id, c.name, c.workspace_id, c.source_id, c.source_name, c.status,
    c.discovered_at, c.state, k.seq, k.urgent_seq, k.last_event_at,
    (SELECT e.received_at FROM relay_event e WHERE e.credential_id = c.credential_id AND e.seq > c.synced_seq
     ORDER BY e.seq LIMIT 1) AS first_at
  FROM relay_connection c LEFT JOIN relay_credential k ON k.credential_id = c.credential_id`;

/** For states that wait for nothing, so that no request can end it. */
const NO_REQUEST = { urgentSeq: 0 };

/** Connections, and the coalescer run on them inside transactions. */
export class ConnectionTable {
  readonly #database: Database;
  readonly #timingsOf: TimingsOf;
  readonly #random: () => number;

  constructor(database: Database, timingsOf: TimingsOf, random: () => number) {
    this.#database = database;
    this.#timingsOf = timingsOf;
    this.#random = random;
  }

  async take(owner: string, limit: number): Promise<Applied[]> {
    return await this.#database.transaction(async (transaction) => {
      const { now } = transaction;
      const due: { id: string; at: number }[] = [];
      for (const connection of await this.#candidates(transaction, now)) {
        const context = await this.#context(transaction, connection);
        const at = dueAt(connection.state, context);
        if (at <= now) due.push({ id: connection.connectionId, at });
      }
      due.sort((a, b) => a.at - b.at);
      const taken: Applied[] = [];
      for (const { id } of due) {
        if (taken.length === limit) break;
        const connection = await this.#lock(transaction, id, this.#database.dialect.skipLocked);
        if (connection === undefined) continue;
        const applied = await this.#step(transaction, connection, { type: "take", owner });
        if (applied.effects.length > 0) taken.push(applied);
      }
      return taken;
    });
  }

  async apply(connectionId: string, input: Input): Promise<Applied | undefined> {
    return await this.#database.transaction(
      async (transaction) => {
        const connection = await this.#lock(transaction, connectionId, this.#database.dialect.forUpdate);
        return connection === undefined ? undefined : await this.#step(transaction, connection, input);
      },
      // An answer that has been applied already is ignored.
      { isRepeatable: true },
    );
  }

  async upsert(
    credentialId: string,
    infos: readonly ConnectionInfo[],
    onDiscover: "sync" | "ignore",
  ): Promise<string[]> {
    // Always in the same order, so that two replicas can't wait for each other.
    const sorted = infos.toSorted((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
    return await this.#database.transaction(
      async (transaction) => {
        const known = await transaction.all(
          "SELECT credential_id, seq, urgent_seq, last_event_at FROM relay_credential WHERE credential_id = $1",
          [credentialId],
        );
        const seq = known[0] === undefined ? 0 : credentialRow.parse(known[0]).seq;
        const first = newConnectionState(onDiscover === "sync" ? 0 : seq);
        const added: string[] = [];
        for (const info of sorted) {
          if (await this.#insert(transaction, credentialId, info, first)) added.push(info.connectionId);
          const connection = await this.#lock(
            transaction,
            info.connectionId,
            this.#database.dialect.forUpdate,
          );
          if (connection === undefined) continue;
          if (connection.credentialId !== credentialId) {
            const state = { ...first, fence: connection.state.fence + 1 };
            await this.#write(transaction, info.connectionId, state, NO_REQUEST);
          }
          await this.#describe(transaction, credentialId, info);
          const current = { ...connection, ...info, credentialId };
          if (connection.credentialId === credentialId) {
            await this.#step(transaction, current, { type: "seen", status: info.status });
          }
        }
        return added;
      },
      { isRepeatable: true },
    );
  }

  async list(where: {
    credentialId?: string | undefined;
    connectionId?: string | undefined;
  }): Promise<Connection[]> {
    const conditions: string[] = [];
    const parameters: Parameter[] = [];
    for (const [column, value] of [
      ["c.credential_id", where.credentialId],
      ["c.connection_id", where.connectionId],
    ] as const) {
      if (value === undefined) continue;
      parameters.push(value);
      conditions.push(`${column} = $${parameters.length}`);
    }
    const filter = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.all(
          `${CONNECTIONS} ${filter} ORDER BY c.name, c.connection_id`,
          parameters,
        );
        const connections: Connection[] = [];
        // One after the other: a connection to the database has one conversation at a time.
        for (const row of rows) {
          const connection = toConnection(connectionRow.parse(row));
          const { demand } = await this.#context(transaction, connection);
          connections.push({ ...connection, demand });
        }
        return connections;
      },
      { isRepeatable: true },
    );
  }

  /** Takes a connection out, with its history, if `mayForget` says so of it. @returns it, and whether it was */
  async forget(
    connectionId: string,
    mayForget: (connection: Connection) => boolean,
  ): Promise<{ connection: Connection; isForgotten: boolean } | undefined> {
    return await this.#database.transaction(
      async (transaction) => {
        const connection = await this.#lock(transaction, connectionId, this.#database.dialect.forUpdate);
        if (connection === undefined) return undefined;
        if (!mayForget(connection)) return { connection, isForgotten: false };
        await transaction.all("DELETE FROM relay_activity WHERE connection_id = $1", [connectionId]);
        await transaction.all("DELETE FROM relay_connection WHERE connection_id = $1", [connectionId]);
        return { connection, isForgotten: true };
      },
      { isRepeatable: true },
    );
  }

  async recentActivity(connectionId: string, limit: number): Promise<Activity[]> {
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.all(
          "SELECT at, note FROM relay_activity WHERE connection_id = $1 ORDER BY number DESC LIMIT $2",
          [connectionId, limit],
        );
        return rows.map(({ at, note }) => ({
          connectionId,
          at: Number(at),
          note: noteSchema.parse(JSON.parse(String(note))),
        }));
      },
      { isRepeatable: true },
    );
  }

  async purgeActivity(instant: number): Promise<void> {
    await this.#database.transaction(
      (transaction) => transaction.all("DELETE FROM relay_activity WHERE at < $1", [instant]),
      { isRepeatable: true },
    );
  }

  /** Connections at which something may be due: which of them it is depends on timings, which no database knows. */
  async #candidates(transaction: Transaction, now: number): Promise<Connection[]> {
    const paused = await transaction.all(
      "SELECT id FROM relay_budget WHERE paused_until > $1 AND paused_since <= $2",
      [now, now + CLOCK_STEP],
    );
    if (paused.length > 0) return [];
    const rows = await transaction.all(
      `${CONNECTIONS} WHERE (c.wake_at <= $1 OR (c.wake_at IS NOT NULL AND c.written_at > $2))
       AND (c.phase IN ('TRACKING', 'PARKED') OR k.seq > c.synced_seq)`,
      [now, now + CLOCK_STEP],
    );
    return rows.map((row) => toConnection(connectionRow.parse(row)));
  }

  async #lock(transaction: Transaction, connectionId: string, lock: string): Promise<Connection | undefined> {
    // First the lock, then what depends on it: a statement sees what had been committed when it began.
    const locked = await transaction.all(
      `SELECT connection_id FROM relay_connection WHERE connection_id = $1 ${lock}`,
      [connectionId],
    );
    if (locked.length === 0) return undefined;
    const rows = await transaction.all(`${CONNECTIONS} WHERE c.connection_id = $1`, [connectionId]);
    return rows[0] === undefined ? undefined : toConnection(connectionRow.parse(rows[0]));
  }

  async #step(transaction: Transaction, connection: Connection, input: Input): Promise<Applied> {
    const context = await this.#context(transaction, connection);
    const { state, effects } = step(connection.state, input, context);
    if (state !== connection.state) {
      await this.#write(transaction, connection.connectionId, state, context.demand);
    }
    await this.#keep(transaction, connection.connectionId, effects);
    return { connection: { ...connection, state, demand: context.demand }, effects };
  }

  async #context(transaction: Transaction, connection: Connection): Promise<Context> {
    const { credentialId, connectionId, state, demand } = connection;
    const { now } = transaction;
    const timings = this.#timingsOf(credentialId, connectionId);
    const context = { now, timings, demand, jitter: this.#random() };
    if (timings.settleDelay === 0 || demand.seq <= state.syncedSeq) return context;
    const rows = await transaction.all(
      `SELECT min(seq) AS seq FROM relay_event
       WHERE credential_id = $1 AND seq > $2 AND received_at > $3 AND received_at <= $4`,
      [credentialId, state.syncedSeq, now - timings.settleDelay, now + CLOCK_STEP],
    );
    const unsettled = rows[0]?.["seq"];
    if (typeof unsettled !== "number") return context;
    return { ...context, demand: { ...demand, settledSeq: unsettled - 1 } };
  }

  async #write(
    transaction: Transaction,
    connectionId: string,
    state: ConnectionState,
    demand: Pick<Demand, "urgentSeq">,
  ): Promise<void> {
    await transaction.all(
      `UPDATE relay_connection SET synced_seq = $2, phase = $3, wake_at = $4, written_at = $5, state = $6
       WHERE connection_id = $1`,
      [connectionId, ...columnsOf(state, demand, transaction.now)],
    );
  }

  async #insert(
    transaction: Transaction,
    credentialId: string,
    info: ConnectionInfo,
    state: ConnectionState,
  ): Promise<boolean> {
    const { now } = transaction;
    const rows = await transaction.all(
      `INSERT INTO relay_connection (connection_id, credential_id, name, workspace_id, source_id, source_name, status,
         discovered_at, synced_seq, phase, wake_at, written_at, state)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT (connection_id) DO NOTHING RETURNING connection_id`,
      [info.connectionId, credentialId, ...describe(info), now, ...columnsOf(state, NO_REQUEST, now)],
    );
    return rows.length > 0;
  }

  async #describe(transaction: Transaction, credentialId: string, info: ConnectionInfo): Promise<void> {
    await transaction.all(
      `UPDATE relay_connection
       SET credential_id = $2, name = $3, workspace_id = $4, source_id = $5, source_name = $6, status = $7
       WHERE connection_id = $1`,
      [info.connectionId, credentialId, ...describe(info)],
    );
  }

  /** What of the effects belongs into the same transaction. */
  async #keep(transaction: Transaction, connectionId: string, effects: readonly Effect[]): Promise<void> {
    const { now } = transaction;
    for (const effect of effects) {
      if (effect.type === "note") {
        await transaction.all(
          `INSERT INTO relay_activity (connection_id, at, number, note) VALUES ($1, $2,
             coalesce((SELECT max(number) FROM relay_activity WHERE connection_id = $1), 0) + 1, $3)`,
          [connectionId, now, JSON.stringify(effect.note)],
        );
      }
      if (effect.type === "pause") await pause(transaction, effect.until);
    }
  }
}

/** Lets a longer pause stand. */
export async function pause(transaction: Transaction, until: number): Promise<void> {
  const { now } = transaction;
  await transaction.all(
    `UPDATE relay_budget SET paused_since = $1, paused_until = $2
     WHERE paused_until < $2 OR paused_since > $3`,
    [now, Math.ceil(until), now + CLOCK_STEP],
  );
}

function toConnection(row: ConnectionRow): Connection {
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

function columnsOf(state: ConnectionState, demand: Pick<Demand, "urgentSeq">, now: number): Parameter[] {
  const wake = wakeAt(state, demand);
  return [
    state.syncedSeq,
    state.phase.name,
    wake === null ? null : Math.floor(wake),
    now,
    JSON.stringify(state),
  ];
}

function describe(info: ConnectionInfo): Parameter[] {
  const { name, workspaceId, sourceId, sourceName, status } = info;
  return [name, workspaceId, sourceId, sourceName, status].map((text) => text.replaceAll("\0", ""));
}
