import { CLOCK_STEP, dueAt, earliestDueAt } from "../coalescer/schedule.ts";
import { type Applied } from "./connection.ts";
import { CONNECTIONS, toConnection } from "./connection-rows.ts";
import { type ConnectionSteps } from "./connection-steps.ts";
import { type Database, type Transaction } from "./database.ts";

/** Credentials whose connections are looked at in one transaction: webhooks wait for no more. */
const CREDENTIALS = 20;
/** Connections that one transaction passes over because they are not due after all. */
const CONNECTIONS_AT_ONCE = 8;
/** After which a credential with a connection that somebody else had locked is looked at again, ms. */
const LOOK_AGAIN = 200;
/** A connection at which nothing could be done though it is due is left alone so long, ms. */
const LEFT_ALONE = 1000;

/**
 * Finds what is due by an index, so that a tick costs what is due and not what waits.
 *
 * `due_at` of a connection is no later than the time at which something is to be done there, as far as it depends on
 * the events that were known when it was written; further events only put that off. An event at a clean connection is
 * what brings it forward: whoever accepts one sets `look_at` of its credential, after which all its connections get
 * their `due_at` anew.
 */
export class DueConnections {
  readonly #database: Database;
  readonly #steps: ConnectionSteps;

  constructor(database: Database, steps: ConnectionSteps) {
    this.#database = database;
    this.#steps = steps;
  }

  async take(owner: string, limit: number): Promise<Applied[]> {
    while (await this.#lookAtCredentials());
    for (;;) {
      const { taken, isMore } = await this.#takeDue(owner, limit);
      if (taken.length > 0 || !isMore) return taken;
    }
  }

  /**
   * Has credentials looked at again whose connections owe a sync and know no time for it: a replica of an earlier
   * version writes none.
   */
  async recover(): Promise<void> {
    await this.#database.transaction(
      (transaction) =>
        transaction.all(
          `UPDATE relay_credential SET look_at = $1, look_since = $1 WHERE look_at IS NULL AND credential_id IN (
             SELECT c.credential_id FROM relay_connection c JOIN relay_credential k ON k.credential_id = c.credential_id
             WHERE c.due_at IS NULL AND c.synced_seq < k.seq AND c.phase NOT IN ('PARKED', 'GONE', 'UNMAPPED'))`,
          [transaction.now],
        ),
      { isRepeatable: true },
    );
  }

  /** @returns whether there may be more of them */
  async #lookAtCredentials(): Promise<boolean> {
    return await this.#database.transaction(
      async (transaction) => {
        const { now } = transaction;
        const { skipLocked } = this.#database.dialect;
        const due = await transaction.all(
          `SELECT credential_id FROM relay_credential WHERE look_at <= $1
           ORDER BY look_at LIMIT ${CREDENTIALS} ${skipLocked}`,
          [now],
        );
        const ids = due.length > 0 ? due : await this.#fromTheFuture(transaction);
        if (ids.length === 0) return false;
        await this.#look(
          transaction,
          ids.map(({ credential_id: id }) => String(id)),
        );
        return true;
      },
      { isRepeatable: true },
    );
  }

  /** Credentials of a clock that has been set back since. */
  async #fromTheFuture(transaction: Transaction) {
    return await transaction.all(
      `SELECT credential_id FROM relay_credential WHERE look_since > $1
       LIMIT ${CREDENTIALS} ${this.#database.dialect.skipLocked}`,
      [transaction.now + CLOCK_STEP],
    );
  }

  async #look(transaction: Transaction, credentialIds: readonly string[]): Promise<void> {
    const { now } = transaction;
    const { dialect } = this.#database;
    const wanted = dialect.oneOf("$1");
    const parameter = JSON.stringify(credentialIds);
    const locked = await transaction.all(
      `SELECT connection_id FROM relay_connection WHERE credential_id ${wanted} ORDER BY connection_id ${dialect.skipLocked}`,
      [parameter],
    );
    const mine = new Set(locked.map(({ connection_id: id }) => String(id)));
    const found = await transaction.all(`${CONNECTIONS} WHERE c.credential_id ${wanted}`, [parameter]);
    const again = new Set<string>();
    const changes: { connection_id: string; due_at: number | null; first_at: number | null }[] = [];
    for (const connection of found.map(toConnection)) {
      const { connectionId, credentialId, state, demand } = connection;
      if (!mine.has(connectionId)) {
        again.add(credentialId);
        continue;
      }
      const context = this.#steps.contextOf(connection, now);
      const firstAt = demand.seq > state.syncedSeq ? demand.firstAt : null;
      changes.push({
        connection_id: connectionId,
        due_at: earliestDueAt(state, context),
        first_at: firstAt,
      });
    }
    const columns = { connection_id: "TEXT", due_at: "BIGINT", first_at: "BIGINT" } as const;
    await transaction.all(
      // SQLite would read the list anew for each connection, unless it is made a table of first.
      `WITH u AS MATERIALIZED (SELECT connection_id, due_at, first_at FROM ${dialect.rows("$1", columns)})
       UPDATE relay_connection SET due_at = u.due_at, first_at = u.first_at, written_at = $2 FROM u
       WHERE relay_connection.connection_id = u.connection_id AND relay_connection.connection_id ${dialect.oneOf("$3")}`,
      [JSON.stringify(changes), now, JSON.stringify(changes.map(({ connection_id: id }) => id))],
    );
    for (const id of credentialIds) {
      await transaction.all(
        "UPDATE relay_credential SET look_at = $2, look_since = $3 WHERE credential_id = $1",
        again.has(id) ? [id, now + LOOK_AGAIN, now] : [id, null, null],
      );
    }
  }

  async #takeDue(owner: string, limit: number): Promise<{ taken: Applied[]; isMore: boolean }> {
    return await this.#database.transaction(async (transaction) => {
      const { now } = transaction;
      const paused = await transaction.all(
        "SELECT id FROM relay_budget WHERE paused_until > $1 AND paused_since <= $2",
        [now, now + CLOCK_STEP],
      );
      if (paused.length > 0) return { taken: [], isMore: false };
      const { skipLocked } = this.#database.dialect;
      const most = Math.max(limit, CONNECTIONS_AT_ONCE);
      const due = await transaction.all(
        `SELECT connection_id FROM relay_connection WHERE due_at <= $1
         ORDER BY due_at, connection_id LIMIT ${most} ${skipLocked}`,
        [now],
      );
      // Of a clock that has been set back since.
      const late = await transaction.all(
        `SELECT connection_id FROM relay_connection WHERE written_at > $1 AND due_at > $2 LIMIT ${most} ${skipLocked}`,
        [now + CLOCK_STEP, now],
      );
      const taken: Applied[] = [];
      for (const { connection_id: id } of [...due, ...late]) {
        if (taken.length === limit) break;
        const connection = await this.#steps.lock(transaction, String(id), skipLocked);
        if (connection === undefined) continue;
        const applied = await this.#steps.step(transaction, connection, { type: "take", owner });
        if (applied.effects.length > 0) taken.push(applied);
        else await this.#putOff(transaction, applied);
      }
      return { taken, isMore: due.length + late.length >= most };
    });
  }

  /** What is due but for the settle delay is soon tried again: an event that settles ends a wait, too. */
  async #putOff(transaction: Transaction, { connection }: Applied): Promise<void> {
    const { now } = transaction;
    const { connectionId, state, demand } = connection;
    const exact = dueAt(state, { ...this.#steps.contextOf(connection, now), demand });
    const earliest = earliestDueAt(state, this.#steps.contextOf(connection, now)) ?? Infinity;
    const next = earliest > now ? exact : exact > now ? Math.min(exact, now + LEFT_ALONE) : now + LEFT_ALONE;
    await transaction.all(
      "UPDATE relay_connection SET due_at = $2, written_at = $3 WHERE connection_id = $1",
      [connectionId, Number.isFinite(next) ? Math.ceil(next) : null, now],
    );
  }
}
