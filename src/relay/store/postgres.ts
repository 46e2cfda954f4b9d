import { setTimeout as delay } from "node:timers/promises";

import type pg from "pg";
import { z } from "zod";

import { type Clock } from "../../http/clock.ts";
import {
  type Database,
  type Dialect,
  LockedError,
  type Transaction,
  type TransactionOptions,
} from "./database.ts";
import { messageOf } from "./error-message.ts";
import { checkSchema, migrate } from "./migrations.ts";
import {
  codeOf,
  isRolledBack,
  isTransient,
  isUnwritable,
  LOCK_NOT_AVAILABLE,
  unavailable,
} from "./postgres-errors.ts";
import { PostgresPool } from "./postgres-pool.ts";
import { SqlStore } from "./sql-store.ts";
import { type Store } from "./store.ts";
import { type StoreOptions } from "./store-options.ts";

export interface PostgresOptions extends StoreOptions {
  /** Connections at most. Default 8. */
  poolSize?: number | undefined;
  /** For how long a database that doesn't answer is tried again, ms. Default 5000. */
  patience?: number | undefined;
  /** Told of connections that break while nobody uses them. */
  onConnectionError?: ((error: Error) => void) | undefined;
}

const POOL_SIZE = 8;
const PATIENCE = 5000;
const STATEMENT_TIMEOUT = 5000;
/** The server gives up a statement first, and says so; only one that says nothing is cut off by us, this much later, ms. */
const SILENCE_MARGIN = 1000;
/** For a lock, unless the transaction names its own wait, ms. */
const LOCK_TIMEOUT = 4000;
/** A replica that is frozen inside a transaction must not hold its rows longer than this, ms. */
const IDLE_TIMEOUT = 3000;
/** Indexes on a long ledger take their time, and so do other replicas at the same migration, ms. */
const MIGRATION_TIMEOUT = 1_800_000;
const FIRST_RETRY = 25;
const LONGEST_RETRY = 500;
/** Any number that other programs on the same database are unlikely to lock. */
const MIGRATION_LOCK = 7_348_201_655;

/**
 * A store for any number of replicas.
 *
 * @throws StoreUnavailableError when the database can't be reached; Error when its schema is from a later version
 */
export async function openPostgresStore(url: string, options: PostgresOptions): Promise<Store> {
  const database = new PostgresDatabase(url, options);
  try {
    await database.transaction(
      async (transaction) => {
        await transaction.all("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
        await (options.mayMigrate === false ? checkSchema : migrate)(transaction);
      },
      { isRepeatable: true, statementTimeout: MIGRATION_TIMEOUT },
    );
  } catch (error) {
    await database.close();
    throw error;
  }
  return new SqlStore(database, options);
}

const dialect: Dialect = {
  forUpdate: "FOR UPDATE",
  skipLocked: "FOR UPDATE SKIP LOCKED",
  oneOf: (parameter) => `= ANY (ARRAY(SELECT jsonb_array_elements_text(${parameter}::jsonb)))`,
  rows: (parameter, columns) => {
    const typed = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
    return `jsonb_to_recordset(${parameter}::jsonb) AS rows(${typed.join(", ")})`;
  },
  jsonText: (column, key) => `(${column}::json ->> '${key}')`,
};

class PostgresDatabase implements Database {
  readonly dialect = dialect;
  readonly #pool: PostgresPool;
  readonly #patience: number;
  /** Undefined: the server's. */
  readonly #clock: Clock | undefined;

  constructor(url: string, options: PostgresOptions) {
    this.#clock = options.clock;
    this.#patience = options.patience ?? PATIENCE;
    const { poolSize: size = POOL_SIZE, onConnectionError } = options;
    this.#pool = new PostgresPool({ url, size, onConnectionError });
  }

  async transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    const { isRepeatable = false } = options;
    const giveUpAt = performance.now() + this.#patience;
    for (let wait = FIRST_RETRY; ; wait = Math.min(wait * 2, LONGEST_RETRY)) {
      const outcome = await this.#attempt(work, options);
      if (outcome.kind === "done") return outcome.result;
      const { error } = outcome;
      if (options.lockWait !== undefined && codeOf(error) === LOCK_NOT_AVAILABLE) {
        throw new LockedError(`PostgreSQL: ${messageOf(error)}`, { cause: error });
      }
      if (!isTransient(error)) throw isUnwritable(error) ? unavailable(error) : error;
      if (outcome.kind === "in doubt" && !isRepeatable && !isRolledBack(error)) throw unavailable(error);
      if (performance.now() + wait > giveUpAt) throw unavailable(error);
      await delay(wait);
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #attempt<T>(
    work: (transaction: Transaction) => Promise<T>,
    options: TransactionOptions,
  ): Promise<{ kind: "done"; result: T } | { kind: "failed" | "in doubt"; error: unknown }> {
    let kind: "failed" | "in doubt" = "failed";
    try {
      const result = await this.#pool.use((client) =>
        run(client, work, this.#clock, options, () => (kind = "in doubt")),
      );
      return { kind: "done", result };
    } catch (error) {
      return { kind, error };
    }
  }
}

async function run<T>(
  client: pg.PoolClient,
  work: (transaction: Transaction) => Promise<T>,
  clock: Clock | undefined,
  { statementTimeout = STATEMENT_TIMEOUT, lockWait }: TransactionOptions,
  onCommit: () => void,
): Promise<T> {
  // pg itself gives up a statement whose answer doesn't come: a server can fall silent without closing its connections.
  const query_timeout = statementTimeout + SILENCE_MARGIN;
  const query = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
    client.query<R>({ text, values, query_timeout } as pg.QueryConfig);
  const lockTimeout = lockWait ?? Math.max(LOCK_TIMEOUT, statementTimeout - SILENCE_MARGIN);
  const begun: unknown = await query(beginning(statementTimeout, lockTimeout));
  const result = await work({
    now: clock?.now() ?? instantIn(begun),
    all: async (sql, parameters = []) => {
      const { rows } = await query<Record<string, unknown>>(sql, [...parameters]);
      return rows;
    },
  });
  onCommit();
  await query("COMMIT");
  return result;
}

/**
 * Begins a transaction under its limits. They are set here and not when the connection is made: a pooler in between
 * refuses parameters that it doesn't know, and gives each transaction another connection. A server that answers before
 * it has written would make the relay lose what it has accepted.
 */
function beginning(statementTimeout: number, lockTimeout: number): string {
  return `BEGIN; SELECT set_config('statement_timeout', '${statementTimeout}', true),
    set_config('lock_timeout', '${lockTimeout}', true),
    set_config('idle_in_transaction_session_timeout', '${IDLE_TIMEOUT}', true),
    CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END,
    (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`;
}

/** The server's clock in the answer to {@link beginning}, ms UTC. */
function instantIn(begun: unknown): number {
  const last: unknown = Array.isArray(begun) ? begun.at(-1) : undefined;
  const parsed = beginningAnswer.safeParse(last);
  if (!parsed.success) throw new Error("PostgreSQL did not tell the time at the beginning of a transaction");
  return Math.floor(parsed.data.rows[0].now);
}

const beginningAnswer = z.object({ rows: z.tuple([z.object({ now: z.number() })]) });
