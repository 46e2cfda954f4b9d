import { type ConnectionState } from "../coalescer/connection-state.ts";
import { type Input } from "../coalescer/inputs.ts";
import { CLOCK_STEP, type Context, earliestDueAt } from "../coalescer/schedule.ts";
import { step } from "../coalescer/step.ts";
import { type TimingsOf } from "../coalescer/timings.ts";
import { keepNote } from "./activity-table.ts";
import { type Applied, type Connection } from "./connection.ts";
import { columnsOf, CONNECTIONS, toConnection } from "./connection-rows.ts";
import { type Transaction } from "./database.ts";
import { pause } from "./shared-budget.ts";

/** The coalescer run on one connection inside a transaction. */
export class ConnectionSteps {
  readonly #timingsOf: TimingsOf;
  readonly #random: () => number;

  constructor(timingsOf: TimingsOf, random: () => number) {
    this.#timingsOf = timingsOf;
    this.#random = random;
  }

  async lock(transaction: Transaction, connectionId: string, lock: string): Promise<Connection | undefined> {
    // First the lock, then what depends on it: a statement sees what had been committed when it began.
    const locked = await transaction.all(
      `SELECT connection_id FROM relay_connection WHERE connection_id = $1 ${lock}`,
      [connectionId],
    );
    if (locked.length === 0) return undefined;
    const rows = await transaction.all(`${CONNECTIONS} WHERE c.connection_id = $1`, [connectionId]);
    return rows[0] === undefined ? undefined : toConnection(rows[0]);
  }

  /** Passes an input through the coalescer, and keeps what comes of it. The connection is locked. */
  async step(transaction: Transaction, connection: Connection, input: Input): Promise<Applied> {
    const context = await this.settledContext(transaction, connection);
    const { state, effects } = step(connection.state, input, context);
    if (state !== connection.state) await this.write(transaction, connection, state);
    for (const effect of effects) {
      if (effect.type === "note") await keepNote(transaction, connection.connectionId, effect.note);
      if (effect.type === "pause") await pause(transaction, effect.until);
    }
    return { connection: { ...connection, state, demand: context.demand }, effects };
  }

  /** Whether an input would change anything, as far as that doesn't depend on how old the newest events are. */
  isChangedBy(connection: Connection, input: Input, now: number): boolean {
    return step(connection.state, input, this.contextOf(connection, now)).state !== connection.state;
  }

  async write(
    transaction: Transaction,
    { connectionId, credentialId, state: before, demand }: Connection,
    state: ConnectionState,
  ): Promise<void> {
    const { now } = transaction;
    const isDirty = demand.seq > state.syncedSeq;
    let firstAt = isDirty ? demand.firstAt : null;
    if (isDirty && state.syncedSeq !== before.syncedSeq) {
      const rows = await transaction.all(
        "SELECT received_at FROM relay_event WHERE credential_id = $1 AND seq > $2 ORDER BY seq LIMIT 1",
        [credentialId, state.syncedSeq],
      );
      // The event may be too old to be kept; the demand is not.
      firstAt = rows[0] === undefined ? demand.firstAt : Number(rows[0]["received_at"]);
    }
    const context = this.#context(credentialId, connectionId, now, { ...demand, firstAt });
    await transaction.all(
      `UPDATE relay_connection SET synced_seq = $2, phase = $3, wake_at = $4, written_at = $5, state = $6,
         due_at = $7, first_at = $8
       WHERE connection_id = $1`,
      [connectionId, ...columnsOf(state, now), earliestDueAt(state, context), firstAt],
    );
  }

  contextOf({ credentialId, connectionId, demand }: Connection, now: number): Context {
    return this.#context(credentialId, connectionId, now, demand);
  }

  #context(credentialId: string, connectionId: string, now: number, demand: Context["demand"]): Context {
    return { now, timings: this.#timingsOf(credentialId, connectionId), demand, jitter: this.#random() };
  }

  /**
   * With the newest event that is older than the settle delay. The ledger's times ascend with its numbers, so what lies
   * below that one is older too, and only the young events are passed over.
   */
  async settledContext(transaction: Transaction, connection: Connection): Promise<Context> {
    const { credentialId, state } = connection;
    const { now } = transaction;
    const context = this.contextOf(connection, now);
    const { timings, demand } = context;
    if (timings.settleDelay === 0 || demand.seq <= state.syncedSeq) return context;
    const settled = await transaction.all(
      `SELECT seq FROM relay_event
       WHERE credential_id = $1 AND seq > $2 AND (received_at <= $3 OR received_at > $4) ORDER BY seq DESC LIMIT 1`,
      [credentialId, state.syncedSeq, now - timings.settleDelay, now + CLOCK_STEP],
    );
    if (settled[0] !== undefined) return withSettled(context, Number(settled[0]["seq"]));
    const kept = await transaction.all(
      "SELECT seq FROM relay_event WHERE credential_id = $1 AND seq > $2 ORDER BY seq LIMIT 1",
      [credentialId, state.syncedSeq],
    );
    return kept[0] === undefined ? context : withSettled(context, Number(kept[0]["seq"]) - 1);
  }
}

function withSettled(context: Context, settledSeq: number): Context {
  return { ...context, demand: { ...context.demand, settledSeq } };
}
