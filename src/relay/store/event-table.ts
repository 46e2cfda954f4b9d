import { createHash, randomUUID } from "node:crypto";

import { type Database, type Transaction } from "./database.ts";
import { type StoredEvent } from "./event.ts";
import { eventRow } from "./rows.ts";

const COLUMNS = {
  credential_id: "TEXT",
  event_id: "TEXT",
  event_type: "TEXT",
  received_at: "BIGINT",
  seq: "BIGINT",
} as const;

export type EventRow = {
  readonly [Name in keyof typeof COLUMNS]: Name extends "received_at" | "seq" ? number : string;
};

/** How long an id may be to be kept as it is. Longer ones would not fit into PostgreSQL's index. */
const PLAIN_ID = /^[\x20-\x7e]{1,200}$/;
/** Ids that the relay itself gives: no sender's event may pass for one. */
const OWN_ID = /^(sha256|manual|owed):/;
const TYPE_LENGTH = 100;
const PURGE_BATCH = 10_000;

/** The ledger that tells duplicates, without payloads. */
export class EventTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async insert(transaction: Transaction, rows: readonly EventRow[]): Promise<void> {
    const names = Object.keys(COLUMNS).join(", ");
    await transaction.all(
      `INSERT INTO relay_event (${names}) SELECT ${names} FROM ${this.#database.dialect.rows("$1", COLUMNS)}`,
      [JSON.stringify(rows)],
    );
  }

  /** Those of the events that have been accepted before, by {@link keyOf}. */
  async known(
    transaction: Transaction,
    rows: readonly Pick<EventRow, "credential_id" | "event_id">[],
  ): Promise<Set<string>> {
    const { credential_id, event_id } = COLUMNS;
    const found = await transaction.all(
      `SELECT e.credential_id, e.event_id FROM relay_event e
       JOIN (SELECT credential_id, event_id FROM ${this.#database.dialect.rows("$1", { credential_id, event_id })}) AS input
       ON input.credential_id = e.credential_id AND input.event_id = e.event_id`,
      [JSON.stringify(rows)],
    );
    return new Set(
      found.map((row) => keyOf(eventRow.pick({ credential_id: true, event_id: true }).parse(row))),
    );
  }

  async recent(credentialId: string, limit: number): Promise<StoredEvent[]> {
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
   * Writes an event and takes it out again: what a full disk lets pass without a word is not writing, and one that has
   * room for less than an event is full.
   *
   * @param statementTimeout ms
   */
  async rehearse(statementTimeout: number): Promise<void> {
    await this.#database.transaction(
      async (transaction) => {
        const id = `rehearsal:${randomUUID()}`;
        await this.insert(transaction, [
          { credential_id: id, event_id: id, event_type: "rehearsal", received_at: transaction.now, seq: 1 },
        ]);
        await transaction.all("DELETE FROM relay_event WHERE credential_id = $1", [id]);
      },
      { isRepeatable: true, statementTimeout },
    );
  }
}

export function keyOf(row: Pick<EventRow, "credential_id" | "event_id">): string {
  return `${row.credential_id} ${row.event_id}`;
}

/** Dixa's ids are UUIDs. Whatever else comes must not make the whole batch fail, and stays distinct. */
export function storedId(id: string): string {
  if (PLAIN_ID.test(id) && !OWN_ID.test(id)) return id;
  // Not as UTF-8, which would make all lone surrogates one.
  return `sha256:${createHash("sha256").update(Buffer.from(id, "utf16le")).digest("hex")}`;
}

export function storedType(type: string): string {
  return type.slice(0, TYPE_LENGTH).replaceAll(/[^\x20-\x7e]/g, "?");
}
