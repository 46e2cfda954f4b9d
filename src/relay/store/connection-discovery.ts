import { newConnectionState } from "../coalescer/connection-state.ts";
import { type ConnectionInfo } from "./connection.ts";
import { columnsOf, CONNECTIONS, describe, toConnection } from "./connection-rows.ts";
import { type ConnectionSteps } from "./connection-steps.ts";
import { type Database, type Transaction } from "./database.ts";
import { credentialRow } from "./rows.ts";

/** Connections that one transaction brings up to date: webhooks wait for no more. */
const BATCH = 50;

/** Takes in which connections carry a credential, as Airbyte lists them. */
export class ConnectionDiscovery {
  readonly #database: Database;
  readonly #steps: ConnectionSteps;

  constructor(database: Database, steps: ConnectionSteps) {
    this.#database = database;
    this.#steps = steps;
  }

  async upsert(
    credentialId: string,
    infos: readonly ConnectionInfo[],
    onDiscover: "sync" | "ignore",
  ): Promise<string[]> {
    // Always in the same order, so that two replicas can't wait for each other.
    const sorted = infos.toSorted((a, b) => (a.connectionId < b.connectionId ? -1 : 1));
    const added: string[] = [];
    for (let from = 0; from < sorted.length; from += BATCH) {
      const batch = sorted.slice(from, from + BATCH);
      const found = await this.#database.transaction(
        (transaction) => this.#upsertBatch(transaction, credentialId, batch, onDiscover),
        { isRepeatable: true },
      );
      added.push(...found);
    }
    return added;
  }

  async #upsertBatch(
    transaction: Transaction,
    credentialId: string,
    infos: readonly ConnectionInfo[],
    onDiscover: "sync" | "ignore",
  ): Promise<string[]> {
    const { dialect } = this.#database;
    const credential = await transaction.all(
      "SELECT credential_id, seq, urgent_seq, last_event_at FROM relay_credential WHERE credential_id = $1",
      [credentialId],
    );
    const seq = credential[0] === undefined ? 0 : credentialRow.parse(credential[0]).seq;
    const first = newConnectionState(onDiscover === "sync" ? 0 : seq);
    const known = await transaction.all(`${CONNECTIONS} WHERE c.connection_id ${dialect.oneOf("$1")}`, [
      JSON.stringify(infos.map(({ connectionId }) => connectionId)),
    ]);
    const byId = new Map(known.map(toConnection).map((connection) => [connection.connectionId, connection]));
    const added: string[] = [];
    for (const info of infos) {
      const seen = { type: "seen", status: info.status } as const;
      const before = byId.get(info.connectionId);
      const isSame =
        before?.credentialId === credentialId &&
        describe(before).join("\0") === describe(info).join("\0") &&
        !this.#steps.isChangedBy(before, seen, transaction.now);
      if (isSame) continue;
      if (before === undefined && (await this.#insert(transaction, credentialId, info, onDiscover, seq))) {
        added.push(info.connectionId);
      }
      const connection = await this.#steps.lock(transaction, info.connectionId, dialect.forUpdate);
      if (connection === undefined) continue;
      await this.#describe(transaction, credentialId, info);
      if (connection.credentialId === credentialId) {
        await this.#steps.step(transaction, { ...connection, ...info }, seen);
      } else {
        const state = { ...first, fence: connection.state.fence + 1 };
        const demand = { seq, settledSeq: seq, urgentSeq: 0, firstAt: null, lastAt: null };
        await this.#steps.write(transaction, { ...connection, credentialId, demand }, state);
      }
    }
    return added;
  }

  async #insert(
    transaction: Transaction,
    credentialId: string,
    info: ConnectionInfo,
    onDiscover: "sync" | "ignore",
    seq: number,
  ): Promise<boolean> {
    const { now } = transaction;
    const state = newConnectionState(onDiscover === "sync" ? 0 : seq);
    const rows = await transaction.all(
      `INSERT INTO relay_connection (connection_id, credential_id, name, workspace_id, source_id, source_name, status,
         discovered_at, synced_seq, phase, wake_at, written_at, state, due_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
       ON CONFLICT (connection_id) DO NOTHING RETURNING connection_id`,
      // Whether it is due is seen when it is taken.
      [info.connectionId, credentialId, ...describe(info), now, ...columnsOf(state, now), now],
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
}
