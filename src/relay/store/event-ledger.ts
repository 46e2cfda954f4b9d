import { randomUUID } from "node:crypto";

import { ascending, type CredentialRow, type CredentialTable } from "./credential-table.ts";
import { type Database, isLockedError, type Transaction } from "./database.ts";
import { type Acceptance, type WebhookEvent } from "./event.ts";
import { type EventRow, type EventTable, keyOf, storedId, storedType } from "./event-table.ts";

/**
 * How long a batch of events may wait for the credentials that another transaction has locked, ms: far longer than a
 * batch of another replica takes, and short beside the patience of the other credentials' senders.
 */
const LOCK_WAIT = 250;
/** For one statement, ms: a sender waits for it. */
export const ACCEPT_TIMEOUT = 3000;

const COUNTED = {
  credential_id: "TEXT",
  seq: "BIGINT",
  last_event_at: "BIGINT",
  look_at: "BIGINT",
} as const;

export interface EventLedgerOptions {
  database: Database;
  credentials: CredentialTable;
  events: EventTable;
  /** How long after an event a connection of its credential may be due, ms, at the earliest. */
  soonest: (credentialId: string) => number;
}

/** Events, each once, and the numbers that they get. */
export class EventLedger {
  readonly #options: EventLedgerOptions;

  constructor(options: EventLedgerOptions) {
    this.#options = options;
  }

  /** @param options.waitForLocks false: for those whose credentials have just been waited for. Default true. */
  async accept(
    events: readonly WebhookEvent[],
    { waitForLocks = true }: { waitForLocks?: boolean } = {},
  ): Promise<(Acceptance | "locked")[]> {
    if (events.length === 0) return [];
    const { forUpdate, skipLocked } = this.#options.database.dialect;
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
    const { database, credentials: table, events: ledger } = this.#options;
    const rows = events.map((event) => ({
      credential_id: event.credentialId,
      event_id: storedId(event.eventId),
      event_type: storedType(event.eventType),
    }));
    return await database.transaction(
      async (transaction) => {
        const credentials = await table.lock(
          transaction,
          rows.map(({ credential_id: id }) => id),
          lock,
        );
        // With their credentials locked, nobody else adds events of them.
        const known = await ledger.known(transaction, rows);
        const answers: (Acceptance | "locked")[] = [];
        const fresh: EventRow[] = [];
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
          const receivedAt = ascending(transaction.now, credential.last_event_at);
          credential.last_event_at = receivedAt;
          fresh.push({ ...row, received_at: receivedAt, seq: credential.seq });
        }
        if (fresh.length > 0) await ledger.insert(transaction, fresh);
        await this.#count(transaction, [...new Set(fresh.map((row) => row.credential_id))], credentials);
        return answers;
      },
      { isRepeatable: true, lockWait: LOCK_WAIT, statementTimeout: ACCEPT_TIMEOUT },
    );
  }

  /** Writes down how far credentials have come, and when their connections must be looked at, in one statement. */
  async #count(
    transaction: Transaction,
    ids: readonly string[],
    credentials: ReadonlyMap<string, CredentialRow>,
  ): Promise<void> {
    if (ids.length === 0) return;
    const { database, soonest } = this.#options;
    const { now } = transaction;
    const rows = ids.map((id) => {
      const { seq = 0, last_event_at = null } = credentials.get(id) ?? {};
      return { credential_id: id, seq, last_event_at, look_at: now + soonest(id) };
    });
    await transaction.all(
      `WITH u AS MATERIALIZED (SELECT credential_id, seq, last_event_at, look_at FROM ${database.dialect.rows("$1", COUNTED)})
       UPDATE relay_credential SET seq = u.seq, last_event_at = u.last_event_at,
         look_since = coalesce(relay_credential.look_since, $2),
         look_at = CASE WHEN relay_credential.look_at <= u.look_at THEN relay_credential.look_at ELSE u.look_at END
       FROM u WHERE relay_credential.credential_id = u.credential_id
         AND relay_credential.credential_id ${database.dialect.oneOf("$3")}`,
      [JSON.stringify(rows), now, JSON.stringify(ids)],
    );
  }

  async requestSync(credentialId: string): Promise<number> {
    const { database, credentials: table, events: ledger } = this.#options;
    return await database.transaction(
      async (transaction) => {
        const { now } = transaction;
        const credentials = await table.lock(transaction, [credentialId], database.dialect.forUpdate);
        const seq = (credentials.get(credentialId)?.seq ?? 0) + 1;
        const eventId = `manual:${randomUUID()}`;
        await ledger.insert(transaction, [
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
}
