import { randomUUID } from "node:crypto";

import { CLOCK_STEP } from "../coalescer/schedule.ts";
import { type Database, type Transaction } from "./database.ts";
import { type SharedLimits, type Slot } from "./shared-limits.ts";

interface Budget {
  readonly tokens: number;
  readonly filledAt: number;
  readonly pausedSince: number;
  readonly pausedUntil: number;
}

/** Requests to Airbyte, counted for all replicas. */
export class SharedBudget {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async takeRequest({ perSecond, burst }: SharedLimits): Promise<number> {
    return await this.#database.transaction(async (transaction) => {
      const { now } = transaction;
      const budget = await this.#lock(transaction);
      if (isPaused(budget, now)) return budget.pausedUntil - now;
      // A clock that was set back gives nothing, and takes nothing away.
      const elapsed = Math.max(0, now - budget.filledAt);
      const tokens =
        budget.tokens < 0 ? burst : Math.min(burst, budget.tokens + (elapsed * perSecond) / 1000);
      // A hair less than a whole one: sums of fractions don't reach 1 exactly.
      const isFree = tokens > 1 - 1e-6;
      await transaction.all("UPDATE relay_budget SET tokens = $1, filled_at = $2", [
        isFree ? Math.max(0, tokens - 1) : tokens,
        now,
      ]);
      return isFree ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond);
    });
  }

  async acquireSlot(owner: string, { concurrency, slotLease }: SharedLimits): Promise<Slot | undefined> {
    const token = randomUUID();
    return await this.#database.transaction(async (transaction) => {
      const { now } = transaction;
      await this.#lock(transaction);
      await transaction.all("DELETE FROM relay_slot WHERE until <= $1 OR since > $2", [
        now,
        now + CLOCK_STEP,
      ]);
      const rows = await transaction.all("SELECT slot FROM relay_slot");
      const taken = new Set(rows.map(({ slot }) => Number(slot)));
      if (taken.size >= concurrency) return undefined;
      let slot = 1;
      while (taken.has(slot)) slot++;
      await transaction.all(
        "INSERT INTO relay_slot (slot, token, owner, since, until) VALUES ($1, $2, $3, $4, $5)",
        [slot, token, owner, now, now + slotLease],
      );
      return { slot, token };
    });
  }

  async releaseSlot({ slot, token }: Slot): Promise<void> {
    await this.#database.transaction(
      (transaction) =>
        transaction.all("DELETE FROM relay_slot WHERE slot = $1 AND token = $2", [slot, token]),
      { isRepeatable: true },
    );
  }

  async pauseUntil(instant: number): Promise<void> {
    await this.#database.transaction((transaction) => pause(transaction, instant), {
      isRepeatable: true,
    });
  }

  async pausedUntil(): Promise<number> {
    return await this.#database.transaction(
      async (transaction) => {
        const budget = await this.#read(transaction, "");
        return isPaused(budget, transaction.now) ? budget.pausedUntil : 0;
      },
      { isRepeatable: true },
    );
  }

  #lock(transaction: Transaction): Promise<Budget> {
    return this.#read(transaction, this.#database.dialect.forUpdate);
  }

  async #read(transaction: Transaction, lock: string): Promise<Budget> {
    const rows = await transaction.all(
      `SELECT tokens, filled_at, paused_since, paused_until FROM relay_budget ${lock}`,
    );
    const row = rows[0] ?? {};
    return {
      tokens: Number(row["tokens"]),
      filledAt: Number(row["filled_at"]),
      pausedSince: Number(row["paused_since"]),
      pausedUntil: Number(row["paused_until"]),
    };
  }
}

function isPaused(
  { pausedSince, pausedUntil }: { pausedSince: number; pausedUntil: number },
  now: number,
): boolean {
  return pausedUntil > now && pausedSince <= now + CLOCK_STEP;
}

/** Lets a longer pause stand. */
export async function pause(transaction: Transaction, until: number): Promise<void> {
  const { now } = transaction;
  await transaction.all(
    `UPDATE relay_budget SET paused_since = $1, paused_until = $2
     WHERE paused_until < $2 OR paused_since > $3`,
    [now, Math.ceil(until), now + CLOCK_STEP],
  );
}
