import { type ConnectionState, newConnectionState } from "../coalescer/connection-state.ts";
import { type Connection, type ConnectionInfo } from "./connection.ts";
import { columnsOf, CONNECTIONS, describe, toConnection } from "./connection-rows.ts";
import { type ConnectionSteps } from "./connection-steps.ts";
import { type CredentialTable } from "./credential-table.ts";
import { type Database, type Transaction } from "./database.ts";
import { credentialRow } from "./rows.ts";

/** Connections that one transaction brings up to date: webhooks wait for no more. */
const BATCH = 50;

const DESCRIBED = {
  connection_id: "TEXT",
  name: "TEXT",
  workspace_id: "TEXT",
  source_id: "TEXT",
  source_name: "TEXT",
  status: "TEXT",
} as const;

/** Takes in which connections carry a credential, as Airbyte lists them. */
export class ConnectionDiscovery {
  readonly #database: Database;
  readonly #steps: ConnectionSteps;
  readonly #credentials: CredentialTable;

  constructor(database: Database, steps: ConnectionSteps, credentials: CredentialTable) {
    this.#database = database;
    this.#steps = steps;
    this.#credentials = credentials;
  }

  async upsert(
    credentialId: string,
    infos: readonly ConnectionInfo[],
    onDiscover: "sync" | "ignore",
  ): Promise<string[]> {
    // Always in the same order, so that two replicas can't wait for each other.
    const sorted = infos.toSorted((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
    const added: string[] = [];
    let mark = onDiscover === "sync" ? 0 : undefined;
    for (let from = 0; from < sorted.length; from += BATCH) {
      const batch = sorted.slice(from, from + BATCH);
      const found = await this.#database.transaction(
        (transaction) => this.#upsertBatch(transaction, credentialId, batch, mark),
        { isRepeatable: true },
      );
      added.push(...found.added);
      ({ mark } = found);
    }
    return added;
  }

  /** @param knownMark how far a new connection counts as synced; undefined: that is still to be found out */
  async #upsertBatch(
    transaction: Transaction,
    credentialId: string,
    infos: readonly ConnectionInfo[],
    knownMark: number | undefined,
  ): Promise<{ added: string[]; mark: number }> {
    const { dialect } = this.#database;
    const credential = await transaction.all(
      "SELECT credential_id, seq, urgent_seq, last_event_at FROM relay_credential WHERE credential_id = $1",
      [credentialId],
    );
    const row = credential[0] === undefined ? undefined : credentialRow.parse(credential[0]);
    const seq = row?.seq ?? 0;
    const mark = knownMark ?? (await this.#markOf(transaction, credentialId, row));
    const first = newConnectionState(mark);
    const known = await transaction.all(`${CONNECTIONS} WHERE c.connection_id ${dialect.oneOf("$1")}`, [
      JSON.stringify(infos.map(({ connectionId }) => connectionId)),
    ]);
    const byId = new Map(known.map(toConnection).map((connection) => [connection.connectionId, connection]));
    const added = await this.#insert(
      transaction,
      credentialId,
      infos.filter(({ connectionId }) => !byId.has(connectionId)),
      first,
    );
    const demand = { seq, settledSeq: seq, urgentSeq: 0, firstAt: null, lastAt: null };
    for (const info of infos) {
      const { connectionId } = info;
      const seen = { type: "seen", status: info.status } as const;
      const before: Connection | undefined = added.has(connectionId)
        ? { ...info, credentialId, discoveredAt: transaction.now, state: first, demand }
        : byId.get(connectionId);
      const isSame =
        before?.credentialId === credentialId &&
        describe(before).join("\0") === describe(info).join("\0") &&
        !this.#steps.isChangedBy(before, seen, transaction.now);
      if (isSame) continue;
      const connection = await this.#steps.lock(transaction, connectionId, dialect.forUpdate);
      if (connection === undefined) continue;
      await this.#describe(transaction, credentialId, info);
      if (connection.credentialId === credentialId) {
        await this.#steps.step(transaction, { ...connection, ...info }, seen);
      } else {
        const state = { ...first, fence: connection.state.fence + 1 };
        await this.#steps.write(transaction, { ...connection, credentialId, demand }, state);
      }
    }
    return { added: [...added], mark };
  }

  /**
   * Up to where a new connection ignores what came before it: a request for a sync that has had no connection yet is for
   * the first that are found, and must not count as done by them.
   */
  async #markOf(
    transaction: Transaction,
    credentialId: string,
    credential: { seq: number; urgent_seq: number } | undefined,
  ): Promise<number> {
    const { seq, urgent_seq: urgentSeq } = credential ?? { seq: 0, urgent_seq: 0 };
    if (urgentSeq === 0) return seq;
    const others = await transaction.all(
      "SELECT connection_id FROM relay_connection WHERE credential_id = $1 LIMIT 1",
      [credentialId],
    );
    return others.length > 0 ? seq : urgentSeq - 1;
  }

  /** @returns the ids of those that were new; the others another replica has inserted meanwhile */
  async #insert(
    transaction: Transaction,
    credentialId: string,
    infos: readonly ConnectionInfo[],
    state: ConnectionState,
  ): Promise<Set<string>> {
    if (infos.length === 0) return new Set();
    const { now } = transaction;
    const columns = columnsOf(state, now);
    const rows = await transaction.all(
      `INSERT INTO relay_connection (connection_id, credential_id, name, workspace_id, source_id, source_name, status,
         discovered_at, synced_seq, phase, wake_at, written_at, state)
       SELECT connection_id, $2, name, workspace_id, source_id, source_name, status, CAST($3 AS BIGINT),
         CAST($4 AS BIGINT), $5, CAST($6 AS BIGINT), CAST($7 AS BIGINT), $8
       FROM ${this.#database.dialect.rows("$1", DESCRIBED)} WHERE true ORDER BY connection_id
       ON CONFLICT (connection_id) DO NOTHING RETURNING connection_id`,
      [JSON.stringify(infos.map(rowOf)), credentialId, now, ...columns],
    );
    // Whether any of them is due is seen then, with the events that came before this is committed.
    if (rows.length > 0) await this.#credentials.lookAt(transaction, credentialId);
    return new Set(rows.map(({ connection_id: id }) => String(id)));
  }

  async #describe(transaction: Transaction, credentialId: string, info: ConnectionInfo): Promise<void> {
    await transaction.all(
      `UPDATE relay_connection
       SET credential_id = $2, name = $3, workspace_id = $4, source_id = $5, source_name = $6, status = $7
       WHERE connection_id = $1`,
      [info.connectionId, credentialId, ...describe(info)],
    );
  }
}

function rowOf(info: ConnectionInfo): Record<keyof typeof DESCRIBED, string> {
  const [name = "", workspace_id = "", source_id = "", source_name = "", status = ""] = describe(info);
  return { connection_id: info.connectionId, name, workspace_id, source_id, source_name, status };
}
