import { createHash, randomUUID } from "node:crypto";

import { CLOCK_STEP } from "../coalescer/schedule.ts";
import { type Database, isLockedError, type Transaction } from "./database.ts";
import { credentialRow, eventRow } from "./rows.ts";
import { type Acceptance, type StoredEvent, type WebhookEvent } from "./store.ts";

const COLUMNS = {
  credential_id: "TEXT",
  event_id: "TEXT",
  event_type: "TEXT",
  received_at: "BIGINT",
  seq: "BIGINT",
} as const;

/** How long an id may be to be kept as it is. Longer ones would not fit into PostgreSQL's index. */
const PLAIN_ID = /^[\x20-\x7e]{1,200}$/;
const TYPE_LENGTH = 100;
const PURGE_BATCH = 10_000;
/**
 * How long a batch of events may wait for the credentials that another transaction has locked, ms: far longer than a
 * batch of another replica takes, and short beside the patience of the other credentials' senders.
 */
const LOCK_WAIT = 250;
/** For one statement, ms: a sender waits for it. */
const ACCEPT_TIMEOUT = 3000;

/** Events, each once, and the numbers that they get. */
export class EventLedger {
  readonly #database: Database;

  readonly #soonest: (credentialId: string) => number;

  /** @param soonest how long after an event a connection of its credential may be due, ms, at the earliest */
  constructor(database: Database, soonest: (credentialId: string) => number) {
    this.#database = database;
    this.#soonest = soonest;
  }

  /** @param options.waitForLocks false: for those whose credentials have just been waited for. Default true. */
  async accept(
    events: readonly WebhookEvent[],
    { waitForLocks = true }: { waitForLocks?: boolean } = {},
  ): Promise<(Acceptance | "locked")[]> {
    if (events.length === 0) return [];
    const { forUpdate, skipLocked } = this.#database.dialect;
    try {
      return await this.#accept(events, waitForLocks ? forUpdate : skipLocked);
    } catch (error) {
      if (!isLockedError(error)) throw error;
    }
    try {
      return await this.#accept(events, skipLocked);
    } catch (error) {
      // Credentials that another transaction is about to insert can't be skipped.
      if (!isLockedError(error)) throw error;
      return events.map(() => "locked");
    }
  }

  async #accept(events: readonly WebhookEvent[], lock: string): Promise<(Acceptance | "locked")[]> {
    const given = events.map((event) => ({
      credential_id: event.credentialId,
      event_id: storedId(event.eventId),
      event_type: storedType(event.eventType),
    }));
    return await this.#database.transaction(
      async (transaction) => {
        const rows = given.map((row) => ({ ...row, received_at: transaction.now }));
        const credentials = await this.#lock(
          transaction,
          rows.map(({ credential_id: id }) => id),
          lock,
        );
        // With their credentials locked, nobody else adds events of them.
        const known = await this.#known(transaction, rows);
        const answers: (Acceptance | "locked")[] = [];
        const fresh: ((typeof rows)[number] & { seq: number })[] = [];
        for (const row of rows) {
          const credential = credentials.get(row.credential_id);
          const key = keyOf(row);
          if (credential === undefined) {
            answers.push("locked");
            continue;
          }
          if (known.has(key)) {
            answers.push("duplicate");
            continue;
          }
          known.add(key);
          answers.push("new");
          credential.seq++;
          const receivedAt = ascending(row.received_at, credential.last_event_at);
          credential.last_event_at = receivedAt;
          fresh.push({ ...row, received_at: receivedAt, seq: credential.seq });
        }
        if (fresh.length > 0) await this.#insert(transaction, fresh);
        for (const id of new Set(fresh.map((row) => row.credential_id))) {
          const { seq = 0, last_event_at: lastAt = null } = credentials.get(id) ?? {};
          await transaction.all(
            `UPDATE relay_credential SET seq = $2, last_event_at = $3, look_since = coalesce(look_since, $5),
               look_at = CASE WHEN look_at <= $4 THEN look_at ELSE $4 END
             WHERE credential_id = $1`,
            [id, seq, lastAt, transaction.now + this.#soonest(id), transaction.now],
          );
        }
        return answers;
      },
      { isRepeatable: true, lockWait: LOCK_WAIT, statementTimeout: ACCEPT_TIMEOUT },
    );
  }

  /**
   * Writes an event and takes it out again: what a full disk lets pass without a word is not writing, and one that has
   * room for less than an event is full.
   */
  async rehearse(): Promise<void> {
    await this.#database.transaction(
      async (transaction) => {
        const id = `rehearsal:${randomUUID()}`;
        await this.#insert(transaction, [
          { credential_id: id, event_id: id, event_type: "rehearsal", received_at: transaction.now, seq: 1 },
        ]);
        await transaction.all("DELETE FROM relay_event WHERE credential_id = $1", [id]);
      },
      { isRepeatable: true, statementTimeout: ACCEPT_TIMEOUT },
    );
  }

  async requestSync(credentialId: string): Promise<number> {
    return await this.#database.transaction(
      async (transaction) => {
        const { now } = transaction;
        const { forUpdate } = this.#database.dialect;
        const credentials = await this.#lock(transaction, [credentialId], forUpdate);
        const seq = (credentials.get(credentialId)?.seq ?? 0) + 1;
        const eventId = `manual:${randomUUID()}`;
        await this.#insert(transaction, [
          { credential_id: credentialId, event_id: eventId, event_type: "manual", received_at: now, seq },
        ]);
        await transaction.all(
          `UPDATE relay_credential SET seq = $2, urgent_seq = $2, look_at = $3, look_since = coalesce(look_since, $3)
           WHERE credential_id = $1`,
          [credentialId, seq, now],
        );
        return seq;
      },
      // Asked for twice is no harm.
      { isRepeatable: true },
    );
  }

  async ensureCredentials(credentialIds: readonly string[]): Promise<void> {
    await this.#database.transaction(
      async (transaction) => {
        await this.#insertCredentials(transaction, credentialIds);
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

  async recentEvents(credentialId: string, limit: number): Promise<StoredEvent[]> {
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.all(
          `SELECT credential_id, event_id, event_type, received_at, seq FROM relay_event
           WHERE credential_id = $1 ORDER BY seq DESC LIMIT $2`,
          [credentialId, limit],
        );
        return rows.map((row) => {
          const event = eventRow.parse(row);
          return {
            credentialId: event.credential_id,
            eventId: event.event_id,
            eventType: event.event_type,
            receivedAt: event.received_at,
            seq: event.seq,
          };
        });
      },
      { isRepeatable: true },
    );
  }

  /** In batches, so that a long ledger doesn't hold up the events that come meanwhile. */
  async purge(instant: number): Promise<number> {
    let total = 0;
    for (;;) {
      const count = await this.#database.transaction(
        async (transaction) => {
          const rows = await transaction.all(
            `DELETE FROM relay_event WHERE (credential_id, event_id) IN (
               SELECT credential_id, event_id FROM relay_event WHERE received_at < $1 LIMIT ${PURGE_BATCH}
             ) RETURNING seq`,
            [instant],
          );
          return rows.length;
        },
        { isRepeatable: true },
      );
      total += count;
      if (count < PURGE_BATCH) return total;
    }
  }

  /**
   * Always in the same order, so that two replicas can't wait for each other. Without those that are locked, if `lock`
   * says to skip them.
   */
  async #lock(
    transaction: Transaction,
    ids: readonly string[],
    lock: string,
  ): Promise<Map<string, { seq: number; last_event_at: number | null }>> {
    const wanted = [...new Set(ids)].sort();
    const read = async () => {
      const rows = await transaction.all(
        `SELECT credential_id, seq, urgent_seq, last_event_at FROM relay_credential
         WHERE credential_id IN (SELECT credential_id FROM ${this.#rows("$1", ["credential_id"])})
         ORDER BY credential_id ${lock}`,
        [JSON.stringify(wanted.map((id) => ({ credential_id: id })))],
      );
      return new Map(rows.map((row) => credentialRow.parse(row)).map((row) => [row.credential_id, row]));
    };
    const found = await read();
    if (found.size === wanted.length) return found;
    await this.#insertCredentials(transaction, wanted);
    return await read();
  }

  async #insertCredentials(transaction: Transaction, ids: readonly string[]): Promise<void> {
    await transaction.all(
      `INSERT INTO relay_credential (credential_id, seq, urgent_seq)
       SELECT credential_id, 0, 0 FROM ${this.#rows("$1", ["credential_id"])} WHERE true ORDER BY credential_id
       ON CONFLICT (credential_id) DO NOTHING`,
      [JSON.stringify([...new Set(ids)].sort().map((id) => ({ credential_id: id })))],
    );
  }

  async #known(
    transaction: Transaction,
    rows: readonly { credential_id: string; event_id: string }[],
  ): Promise<Set<string>> {
    const found = await transaction.all(
      `SELECT e.credential_id, e.event_id FROM relay_event e
       JOIN (SELECT credential_id, event_id FROM ${this.#rows("$1", ["credential_id", "event_id"])}) AS input
       ON input.credential_id = e.credential_id AND input.event_id = e.event_id`,
      [JSON.stringify(rows)],
    );
    return new Set(
      found.map((row) => keyOf(eventRow.pick({ credential_id: true, event_id: true }).parse(row))),
    );
  }

  async #insert(
    transaction: Transaction,
    rows: readonly Record<keyof typeof COLUMNS, unknown>[],
  ): Promise<void> {
    const names = Object.keys(COLUMNS).join(", ");
    await transaction.all(
      `INSERT INTO relay_event (${names}) SELECT ${names} FROM ${this.#database.dialect.rows("$1", COLUMNS)}`,
      [JSON.stringify(rows)],
    );
  }

  #rows(parameter: string, names: readonly ("credential_id" | "event_id")[]): string {
    const columns = Object.fromEntries(names.map((name) => [name, COLUMNS[name]]));
    return this.#database.dialect.rows(parameter, columns);
  }
}

/** Times ascend with numbers, whichever replica's transaction began first; unless a clock has been set back. */
function ascending(now: number, lastAt: number | null): number {
  return lastAt !== null && lastAt > now && lastAt <= now + CLOCK_STEP ? lastAt : now;
}

function keyOf(row: { credential_id: string; event_id: string }): string {
  return `${row.credential_id} ${row.event_id}`;
}

/** Dixa's ids are UUIDs. Whatever else comes must not make the whole batch fail, and stays distinct. */
function storedId(id: string): string {
  if (PLAIN_ID.test(id) && !id.startsWith("sha256:")) return id;
  // Not as UTF-8, which would make all lone surrogates one.
  return `sha256:${createHash("sha256").update(Buffer.from(id, "utf16le")).digest("hex")}`;
}

function storedType(type: string): string {
  return type.slice(0, TYPE_LENGTH).replaceAll(/[^\x20-\x7e]/g, "?");
}
