import { type Connection, type SyncProgress } from "./connection.ts";
import { CONNECTIONS, toConnection } from "./connection-rows.ts";
import { type Database, type Row, type Transaction } from "./database.ts";

/** A credential's connections, so many at once: what to show is found first, and only that is read. */
export class ConnectionPages {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async page(
    credentialId: string,
    { limit, offset }: { limit: number; offset: number },
  ): Promise<{ connections: Connection[]; total: number }> {
    return await this.#database.transaction(
      async (transaction) => {
        const [counted] = await transaction.all(
          "SELECT count(*) AS total FROM relay_connection WHERE credential_id = $1",
          [credentialId],
        );
        const ids = await transaction.all(
          `SELECT connection_id FROM relay_connection WHERE credential_id = $1
           ORDER BY CASE phase WHEN 'PARKED' THEN 0 WHEN 'BACKOFF' THEN 1 WHEN 'GONE' THEN 2 WHEN 'UNMAPPED' THEN 2 ELSE 3 END,
             name, connection_id LIMIT $2 OFFSET $3`,
          [credentialId, limit, offset],
        );
        return { connections: await this.#read(transaction, ids), total: Number(counted?.["total"] ?? 0) };
      },
      { isRepeatable: true },
    );
  }

  async syncProgress(credentialId: string, seq: number, limit: number): Promise<SyncProgress> {
    const failedSeq = this.#database.dialect.jsonText("state", "failedSeq");
    return await this.#database.transaction(
      async (transaction) => {
        const [credential] = await transaction.all(
          "SELECT seq FROM relay_credential WHERE credential_id = $1",
          [credentialId],
        );
        const [counted] = await transaction.all(
          `SELECT count(*) AS total, count(*) FILTER (WHERE synced_seq >= $2) AS synced FROM relay_connection
           WHERE credential_id = $1 AND phase NOT IN ('GONE', 'UNMAPPED')`,
          [credentialId, seq],
        );
        const ids = await transaction.all(
          `SELECT connection_id FROM relay_connection
           WHERE credential_id = $1 AND synced_seq < $2 AND phase NOT IN ('GONE', 'UNMAPPED')
           ORDER BY CASE WHEN phase = 'PARKED' OR CAST(${failedSeq} AS BIGINT) >= $2 THEN 0 ELSE 1 END,
             name, connection_id LIMIT $3`,
          [credentialId, seq, limit],
        );
        return {
          newestSeq: Number(credential?.["seq"] ?? 0),
          total: Number(counted?.["total"] ?? 0),
          synced: Number(counted?.["synced"] ?? 0),
          waiting: await this.#read(transaction, ids),
        };
      },
      { isRepeatable: true },
    );
  }

  /** In the order of the ids. */
  async #read(transaction: Transaction, ids: readonly Row[]): Promise<Connection[]> {
    const wanted = ids.map(({ connection_id: id }) => String(id));
    const found = await transaction.all(
      `${CONNECTIONS} WHERE c.connection_id ${this.#database.dialect.oneOf("$1")}`,
      [JSON.stringify(wanted)],
    );
    const byId = new Map(found.map(toConnection).map((connection) => [connection.connectionId, connection]));
    return wanted.flatMap((id) => byId.get(id) ?? []);
  }
}
