import { CLOCK_STEP } from "../coalescer/schedule.ts";
import { type Database, type Transaction } from "./database.ts";
import { credentialRow } from "./rows.ts";

/** What is counted for one credential. */
export interface CredentialRow {
  readonly credential_id: string;
  seq: number;
  last_event_at: number | null;
}

/** The rows that count the events of each credential. Whoever has locked one gives out its numbers. */
export class CredentialTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Always in the same order, so that two replicas can't wait for each other. Without those that are locked, if `lock`
   * says to skip them.
   */
  async lock(
    transaction: Transaction,
    ids: readonly string[],
    lock: string,
  ): Promise<Map<string, CredentialRow>> {
    const wanted = [...new Set(ids)].sort();
    const read = async () => {
      const rows = await transaction.all(
        `SELECT credential_id, seq, urgent_seq, last_event_at FROM relay_credential
         WHERE credential_id ${this.#database.dialect.oneOf("$1")}
         ORDER BY credential_id ${lock}`,
        [JSON.stringify(wanted)],
      );
      return new Map(rows.map((row) => credentialRow.parse(row)).map((row) => [row.credential_id, row]));
    };
    const found = await read();
    if (found.size === wanted.length) return found;
    await this.insert(transaction, wanted);
    return await read();
  }

  /** Those that there are already stay as they are. A new one has missed nothing of what went before. */
  async insert(transaction: Transaction, ids: readonly string[]): Promise<void> {
    await transaction.all(
      `INSERT INTO relay_credential (credential_id, seq, urgent_seq, outage)
       SELECT credential_id, 0, 0, (SELECT outage FROM relay_beat)
       FROM ${this.#database.dialect.rows("$1", { credential_id: "TEXT" })} WHERE true ORDER BY credential_id
       ON CONFLICT (credential_id) DO NOTHING`,
      [JSON.stringify([...new Set(ids)].sort().map((id) => ({ credential_id: id })))],
    );
  }

  /** Has all connections of a credential looked at as soon as this is committed. */
  async lookAt(transaction: Transaction, credentialId: string): Promise<void> {
    await transaction.all(
      `INSERT INTO relay_credential (credential_id, seq, urgent_seq, outage, look_at, look_since)
       VALUES ($1, 0, 0, (SELECT outage FROM relay_beat), $2, $2)
       ON CONFLICT (credential_id) DO UPDATE SET look_at = $2,
         look_since = coalesce(relay_credential.look_since, $2)`,
      [credentialId, transaction.now],
    );
  }

  async ensure(credentialIds: readonly string[]): Promise<void> {
    await this.#database.transaction(
      async (transaction) => {
        await this.insert(transaction, credentialIds);
        // Timings may have been changed since their connections were looked at.
        await transaction.all(
          `UPDATE relay_credential SET look_at = $1, look_since = coalesce(look_since, $1)
           WHERE credential_id IN (SELECT credential_id FROM relay_credential ${this.#database.dialect.skipLocked})`,
          [transaction.now],
        );
      },
      { isRepeatable: true },
    );
  }
}

/** Times ascend with numbers, whichever replica's transaction began first; unless a clock has been set back. */
export function ascending(now: number, lastAt: number | null): number {
  return lastAt !== null && lastAt > now && lastAt <= now + CLOCK_STEP ? lastAt : now;
}
