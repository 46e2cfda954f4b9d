import { setTimeout as delay } from "node:timers/promises";

import pg from "pg";

import { type Database, type Dialect, type Transaction } from "./database.ts";
import { messageOf } from "./error-message.ts";
import { migrate } from "./migrations.ts";
import { SqlStore, type StoreOptions } from "./sql-store.ts";
import { type Store, StoreUnavailableError } from "./store.ts";

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
const CONNECT_TIMEOUT = 5000;
const STATEMENT_TIMEOUT = 15_000;
/** A replica that is frozen inside a transaction must not hold its rows forever, ms. */
const IDLE_TIMEOUT = 30_000;
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
        await migrate(transaction);
      },
      { isRepeatable: true },
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
  rows: (parameter, columns) => {
    const typed = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
    return `jsonb_to_recordset(${parameter}::jsonb) AS rows(${typed.join(", ")})`;
  },
};

class PostgresDatabase implements Database {
  readonly dialect = dialect;
  readonly #pool: pg.Pool;
  readonly #patience: number;

  constructor(url: string, options: PostgresOptions) {
    this.#patience = options.patience ?? PATIENCE;
    const types = new pg.TypeOverrides();
    // Times and numbers of events stay far below 2^53.
    types.setTypeParser(pg.types.builtins.INT8, Number);
    this.#pool = new pg.Pool({
      connectionString: url,
      max: options.poolSize ?? POOL_SIZE,
      application_name: "dixa-relay",
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      statement_timeout: STATEMENT_TIMEOUT,
      idle_in_transaction_session_timeout: IDLE_TIMEOUT,
      types,
    });
    // Without a listener, a server that restarts would end the process.
    this.#pool.on("error", (error) => {
      options.onConnectionError?.(error);
    });
    // A server that answers before it has written would make the relay lose what it has accepted.
    this.#pool.on("connect", (client) => {
      client
        .query(
          "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        )
        .catch(() => undefined);
    });
  }

  async transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    { isRepeatable = false }: { isRepeatable?: boolean } = {},
  ): Promise<T> {
    const giveUpAt = performance.now() + this.#patience;
    for (let wait = FIRST_RETRY; ; wait = Math.min(wait * 2, LONGEST_RETRY)) {
      const outcome = await this.#attempt(work);
      if (outcome.kind === "done") return outcome.result;
      const { error } = outcome;
      if (!isTransient(error)) throw isUnwritable(error) ? unavailable(error) : error;
      if (outcome.kind === "in doubt" && !isRepeatable && !isRolledBack(error)) throw unavailable(error);
      if (performance.now() + wait > giveUpAt) throw unavailable(error);
      await delay(wait);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #attempt<T>(
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<{ kind: "done"; result: T } | { kind: "failed" | "in doubt"; error: unknown }> {
    let kind: "failed" | "in doubt" = "failed";
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      const result = await run(client, work, () => (kind = "in doubt"));
      client.release();
      return { kind: "done", result };
    } catch (error) {
      // A connection in an unknown state is not used again.
      client?.release(true);
      return { kind, error };
    }
  }
}

async function run<T>(
  client: pg.PoolClient,
  work: (transaction: Transaction) => Promise<T>,
  onCommit: () => void,
): Promise<T> {
  // An error between two queries reaches the next query as well, and would otherwise end the process.
  const ignore = () => undefined;
  client.on("error", ignore);
  try {
    await client.query("BEGIN");
    const result = await work({
      all: async (sql, parameters = []) => {
        const { rows } = await client.query<Record<string, unknown>>(sql, [...parameters]);
        return rows;
      },
    });
    onCommit();
    await client.query("COMMIT");
    return result;
  } finally {
    client.off("error", ignore);
  }
}

/** SQLSTATE, or the code of a system call. By the error's form: jest runs each file in its own realm. */
function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** Serialization failure, deadlock, lock not available: certainly not committed. */
function isRolledBack(error: unknown): boolean {
  return ["40001", "40P01", "55P03"].includes(codeOf(error));
}

/** Whether trying again may help within seconds. */
function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (isRolledBack(error) || code.startsWith("08") || code.startsWith("57P") || code === "53300") return true;
  if (
    ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"].includes(code)
  ) {
    return true;
  }
  // pg's own errors have no code: "Connection terminated unexpectedly", "timeout exceeded when trying to connect".
  return code === "" && /connection|timeout/i.test(messageOf(error));
}

/** The disk is full, the server runs out of something, is read-only, was told to stop the query, or has an I/O error. */
function isUnwritable(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code.startsWith("53") || code.startsWith("58") || code === "25006" || code === "57014" || code === "25P03"
  );
}

function unavailable(error: unknown): StoreUnavailableError {
  return new StoreUnavailableError(`PostgreSQL: ${messageOf(error)}`, { cause: error });
}
