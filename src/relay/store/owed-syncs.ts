import { CLOCK_STEP } from "../coalescer/schedule.ts";
import { BeatTable } from "./beat-table.ts";
import { ascending, type CredentialTable } from "./credential-table.ts";
import { type Database, type Transaction } from "./database.ts";
import { type EventTable } from "./event-table.ts";
import { type Beat, type Missed, type OwedReason, type OwedSync } from "./owed.ts";
import { owingRow } from "./rows.ts";

/** Credentials that one transaction has owe a sync: webhooks wait for no more. */
const BATCH = 50;

/** What is read of a credential that may come to owe a sync. */
const OWING = "k.credential_id, k.seq, k.last_event_at, k.owed_at";

type Owing = ReturnType<typeof owingRow.parse>;

/**
 * Syncs that credentials owe for what may have happened unheard. Each is an event like any other, so only a sync that
 * begins after it covers it, and it survives what events survive; being no webhook, it waits for no debounce.
 */
export class OwedSyncs {
  readonly #database: Database;
  readonly #credentials: CredentialTable;
  readonly #events: EventTable;
  readonly #beats: BeatTable;

  constructor(database: Database, credentials: CredentialTable, events: EventTable) {
    this.#database = database;
    this.#credentials = credentials;
    this.#events = events;
    this.#beats = new BeatTable(database);
  }

  /**
   * An outage gets its number with the beat that ends it, and each credential remembers the last one that it has owed a
   * sync for. So every credential owes one, however many replicas notice the outage and die of it, and no clocks are
   * compared.
   */
  async beat(credentialIds: readonly string[], bound: number): Promise<Beat> {
    const wanted = new Set(credentialIds);
    const { gapMs, debtors } = await this.#beats.beat(bound);
    const own = debtors.filter((id) => wanted.has(id));
    const owed: OwedSync[] = [];
    for (const batch of batches(own)) {
      const found = await this.#database.transaction(
        async (transaction) => {
          const rows = await this.#lock(transaction, batch, "k.outage < (SELECT outage FROM relay_beat)");
          return await this.#oweAll(transaction, rows, () => "outage");
        },
        { isRepeatable: true },
      );
      owed.push(...found);
    }
    return { gapMs, owed };
  }

  async owe(missed: readonly Missed[]): Promise<{ owed: OwedSync[]; locked: string[] }> {
    const owed: OwedSync[] = [];
    const locked: string[] = [];
    for (const batch of batches(missed)) {
      const byId = new Map(batch.map((each) => [each.credentialId, each]));
      const found = await this.#database.transaction(
        async (transaction) => {
          const { now } = transaction;
          await this.#credentials.insert(transaction, [...byId.keys()]);
          const rows = await this.#lock(transaction, [...byId.keys()]);
          const due = rows.filter((row) => {
            const { agoMs = 0 } = byId.get(row.credential_id) ?? {};
            return !isOwed(row, now - agoMs, now);
          });
          const free = new Set(rows.map(({ credential_id: id }) => id));
          return {
            owed: await this.#oweAll(transaction, due, (id) => byId.get(id)?.reason ?? "refused"),
            locked: [...byId.keys()].filter((id) => !free.has(id)),
          };
        },
        { isRepeatable: true },
      );
      owed.push(...found.owed);
      locked.push(...found.locked);
    }
    return { owed, locked };
  }

  async oweStale(limits: ReadonlyMap<string, number>): Promise<OwedSync[]> {
    const owed: OwedSync[] = [];
    for (const batch of batches([...limits])) {
      const parameter = JSON.stringify(batch.map(([id, wait]) => ({ credential_id: id, wait })));
      const found = await this.#database.transaction(
        async (transaction) => {
          const { now } = transaction;
          const { dialect } = this.#database;
          const isOld = (column: string) =>
            `(${column} IS NULL OR ${column} <= $2 - l.wait OR ${column} > $3)`;
          const rows = await transaction.all(
            `SELECT ${OWING} FROM relay_credential k JOIN (
               SELECT credential_id, wait FROM ${dialect.rows("$1", { credential_id: "TEXT", wait: "BIGINT" })}
             ) AS l ON l.credential_id = k.credential_id
             WHERE ${isOld("k.last_event_at")} AND ${isOld("k.owed_at")} ORDER BY k.credential_id ${dialect.skipLocked}`,
            [parameter, now, now + CLOCK_STEP],
          );
          return await this.#oweAll(
            transaction,
            rows.map((row) => owingRow.parse(row)),
            () => "stale",
          );
        },
        { isRepeatable: true },
      );
      owed.push(...found);
    }
    return owed;
  }

  /**
   * Has a credential owe a sync as part of a transaction that knows why, unless it has come to owe one since the instant
   * at which something was missed (ms UTC). It waits for whoever has the credential locked.
   */
  async oweOne(
    transaction: Transaction,
    credentialId: string,
    reason: OwedReason,
    missedAt: number,
  ): Promise<OwedSync[]> {
    await this.#credentials.insert(transaction, [credentialId]);
    const rows = await transaction.all(
      `SELECT ${OWING} FROM relay_credential k WHERE k.credential_id = $1 ${this.#database.dialect.forUpdate}`,
      [credentialId],
    );
    const due = rows
      .map((row) => owingRow.parse(row))
      .filter((row) => !isOwed(row, missedAt, transaction.now));
    return await this.#oweAll(transaction, due, () => reason);
  }

  async #lock(transaction: Transaction, ids: readonly string[], condition = "1 = 1"): Promise<Owing[]> {
    const rows = await transaction.all(
      `SELECT ${OWING} FROM relay_credential k
       WHERE k.credential_id ${this.#database.dialect.oneOf("$1")} AND ${condition}
       ORDER BY k.credential_id ${this.#database.dialect.skipLocked}`,
      [JSON.stringify(ids)],
    );
    return rows.map((row) => owingRow.parse(row));
  }

  async #oweAll(
    transaction: Transaction,
    rows: readonly Owing[],
    reasonOf: (credentialId: string) => OwedReason,
  ): Promise<OwedSync[]> {
    const owed = rows.map((row) => ({
      credentialId: row.credential_id,
      reason: reasonOf(row.credential_id),
      seq: row.seq + 1,
      at: ascending(transaction.now, row.last_event_at),
    }));
    if (owed.length === 0) return owed;
    await this.#events.insert(
      transaction,
      owed.map(({ credentialId, reason, seq, at }) => ({
        credential_id: credentialId,
        event_id: `owed:${seq}`,
        event_type: `owed: ${reason}`,
        received_at: at,
        seq,
      })),
    );
    for (const { credentialId, reason, seq, at } of owed) {
      await transaction.all(
        `UPDATE relay_credential SET seq = $2, owed_seq = $2, owed_at = $3, owed_reason = $4,
           outage = (SELECT outage FROM relay_beat), look_at = $5, look_since = coalesce(look_since, $5)
         WHERE credential_id = $1`,
        [credentialId, seq, at, reason, transaction.now],
      );
    }
    return owed;
  }
}

/** Whether a sync is owed already for all that was missed up to an instant, ms UTC; in the same ms it may have come first. */
function isOwed({ owed_at: at }: Owing, missedAt: number, now: number): boolean {
  return at !== null && at > missedAt && at <= now + CLOCK_STEP;
}

function batches<T>(all: readonly T[]): T[][] {
  const found: T[][] = [];
  for (let from = 0; from < all.length; from += BATCH) found.push(all.slice(from, from + BATCH));
  return found;
}
