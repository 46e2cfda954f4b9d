import { z } from "zod";

import { type Database, type Transaction } from "./database.ts";
import { type HistoryEntry } from "./history.ts";

/** What one row of the history tells of, ms. */
export const HISTORY_INTERVAL_MS = 300_000;
/** How long it is told of, ms. With a row for each interval in which anything happened, that bounds the table. */
export const HISTORY_KEPT_MS = 86_400_000;

const historyRow = z.object({
  at: z.number(),
  seq: z.number(),
  syncs: z.coerce.number(),
  failures: z.coerce.number(),
  lag_ms: z.number().nullable(),
});

/**
 * How much happened to each credential, interval by interval. It is written down afterwards, from what is kept anyhow,
 * so that no event waits for it. An interval in which nothing happened has no row.
 */
export class HistoryTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes down the interval that has ended last. A second time, or from a second replica, changes nothing. */
  async keep(): Promise<void> {
    await this.#database.transaction(
      async (transaction) => {
        const end = intervalOf(transaction.now);
        await transaction.all(
          `INSERT INTO relay_history (credential_id, at, seq, syncs, failures, lag_ms)
           SELECT k.credential_id, CAST($2 AS BIGINT), k.seq, coalesce(a.syncs, 0), coalesce(a.failures, 0), a.lag_ms
           FROM relay_credential k LEFT JOIN (${this.#syncs("a.at >= $1 AND a.at < $2")}) AS a
             ON a.credential_id = k.credential_id
           WHERE a.credential_id IS NOT NULL OR k.seq <> coalesce((SELECT h.seq FROM relay_history h
             WHERE h.credential_id = k.credential_id ORDER BY h.at DESC LIMIT 1), 0)
           ON CONFLICT (credential_id, at) DO NOTHING`,
          [end - HISTORY_INTERVAL_MS, end],
        );
      },
      { isRepeatable: true },
    );
  }

  /** The intervals of a credential that ended after `since`, oldest first, and at last the one that has not ended. */
  async read(credentialId: string, since: number): Promise<HistoryEntry[]> {
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.all(
          `SELECT at, seq, syncs, failures, lag_ms FROM relay_history WHERE credential_id = $1 AND at >= coalesce(
             (SELECT max(at) FROM relay_history WHERE credential_id = $1 AND at <= $2), 0) ORDER BY at`,
          [credentialId, since],
        );
        const entries: HistoryEntry[] = [];
        let before = 0;
        for (const row of [
          ...rows.map((found) => historyRow.parse(found)),
          await this.#open(transaction, credentialId),
        ]) {
          const { at, seq, syncs, failures, lag_ms: lagMs } = row;
          if (at > since) entries.push({ at, events: Math.max(0, seq - before), syncs, failures, lagMs });
          before = seq;
        }
        return entries;
      },
      { isRepeatable: true },
    );
  }

  /** The last row of each credential stays: the next one is compared with it. */
  async purge(): Promise<void> {
    await this.#database.transaction(
      async (transaction) => {
        await transaction.all(
          `DELETE FROM relay_history WHERE (at < $1 AND EXISTS (SELECT 1 FROM relay_history n
             WHERE n.credential_id = relay_history.credential_id AND n.at > relay_history.at))
           OR credential_id NOT IN (SELECT credential_id FROM relay_credential)`,
          [transaction.now - HISTORY_KEPT_MS - HISTORY_INTERVAL_MS],
        );
      },
      { isRepeatable: true },
    );
  }

  /** The interval that has not ended; what has not been written down yet counts as part of it. */
  async #open(transaction: Transaction, credentialId: string): Promise<z.infer<typeof historyRow>> {
    const { now } = transaction;
    const [sums] = await transaction.all(
      `SELECT k.seq, coalesce(a.syncs, 0) AS syncs, coalesce(a.failures, 0) AS failures, a.lag_ms
       FROM relay_credential k LEFT JOIN (${this.#syncs("a.at >= $2 AND c.credential_id = $1")}) AS a
         ON a.credential_id = k.credential_id
       WHERE k.credential_id = $1`,
      [credentialId, intervalOf(now)],
    );
    return historyRow.parse({ seq: 0, syncs: 0, failures: 0, lag_ms: null, ...sums, at: now });
  }

  #syncs(where: string): string {
    const kind = this.#database.dialect.jsonText("a.note", "kind");
    const lag = this.#database.dialect.jsonText("a.note", "lagMs");
    return `SELECT c.credential_id, count(*) FILTER (WHERE ${kind} IN ('succeeded', 'covered')) AS syncs,
        count(*) FILTER (WHERE ${kind} IN ('failed', 'cancelled')) AS failures,
        max(CAST(${lag} AS BIGINT)) AS lag_ms
      FROM relay_activity a JOIN relay_connection c ON c.connection_id = a.connection_id
      WHERE ${where} AND ${kind} IN ('succeeded', 'covered', 'failed', 'cancelled') GROUP BY 1`;
  }
}

/** When the interval that is not over began. */
function intervalOf(now: number): number {
  return Math.floor(now / HISTORY_INTERVAL_MS) * HISTORY_INTERVAL_MS;
}
