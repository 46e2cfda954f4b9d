import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";

import { type Clock, systemClock } from "../../http/clock.ts";
import { type Database, type Dialect, type Parameter, type Row, type Transaction } from "./database.ts";
import { messageOf } from "./error-message.ts";
import { checkSchema, migrate } from "./migrations.ts";
import { SqlStore } from "./sql-store.ts";
import { type Store } from "./store.ts";
import { type StoreOptions } from "./store-options.ts";
import { StoreUnavailableError } from "./store-unavailable.ts";

/** How long to wait for another process that has the file locked, ms. */
const BUSY_TIMEOUT = 5000;
const BUSY_POLL = 2;
const SQLITE_BUSY = 5;
/** SQLite's primary result codes for a database that can't be written now: busy, locked, readonly, ioerr, full, cantopen. */
const UNAVAILABLE: ReadonlySet<number> = new Set([5, 6, 8, 10, 13, 14]);

/**
 * A store in a file, for one relay. Every commit is synced to the disk before anybody hears of it.
 *
 * @throws Error when the file can't be opened, with the remedy
 */
export async function openSqliteStore(path: string, options: StoreOptions): Promise<Store> {
  const database = new SqliteDatabase(path, options.clock ?? systemClock);
  try {
    await database.transaction(options.mayMigrate === false ? checkSchema : migrate);
  } catch (error) {
    await database.close();
    throw error;
  }
  return new SqlStore(database, options);
}

const dialect: Dialect = {
  // A transaction that may write is alone.
  forUpdate: "",
  skipLocked: "",
  oneOf: (parameter) => `IN (SELECT value FROM json_each(${parameter}))`,
  rows: (parameter, columns) => {
    const selected = Object.keys(columns).map((name) => `json_extract(value, '$.${name}') AS ${name}`);
    return `(SELECT ${selected.join(", ")} FROM json_each(${parameter}))`;
  },
  jsonText: (column, key) => `json_extract(${column}, '$.${key}')`,
};

class SqliteDatabase implements Database, Transaction {
  readonly dialect = dialect;
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #statements = new Map<string, StatementSync>();
  #last: Promise<unknown> = Promise.resolve();
  /** Whether a transaction has run in this turn of the event loop. */
  #hasRun = false;

  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    const folder = dirname(path);
    if (!existsSync(folder)) {
      throw new Error(`can't open the store ${path}: there is no folder ${folder}; create it, or mount it`);
    }
    try {
      this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
      // With WAL, anything less than FULL loses the last commits when the power fails.
      this.#database.exec("PRAGMA journal_mode = WAL");
      this.#database.exec("PRAGMA synchronous = FULL");
      // From now on, waiting is done without blocking everything else in this process.
      this.#database.exec("PRAGMA busy_timeout = 0");
    } catch (error) {
      throw new Error(
        `can't open the store ${path}: ${messageOf(error)}; it must be a file that the relay may write`,
        { cause: error },
      );
    }
  }

  /** One process has the file, so its clock is everybody's. */
  get now(): number {
    return this.#clock.now();
  }

  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const before = this.#last;
    const turn = Promise.withResolvers<undefined>();
    this.#last = turn.promise;
    await before;
    // SQLite answers at once, so transactions that follow each other would leave no turn to sockets and timers.
    if (this.#hasRun) await nextTurn();
    this.#hasRun = true;
    setImmediate(() => {
      this.#hasRun = false;
    });
    try {
      return await this.#run(work);
    } catch (error) {
      throw toStoreError(error);
    } finally {
      turn.resolve(undefined);
    }
  }

  all(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql.replaceAll(/\$(\d+)/g, "?$1"));
      this.#statements.set(sql, statement);
    }
    return Promise.resolve(statement.all(...parameters));
  }

  async close(): Promise<void> {
    await this.#last;
    if (this.#database.isOpen) this.#database.close();
  }

  async #begin(): Promise<void> {
    const giveUpAt = performance.now() + BUSY_TIMEOUT;
    for (;;) {
      try {
        this.#database.exec("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if (primaryCode(error) !== SQLITE_BUSY || performance.now() > giveUpAt) throw error;
      }
      await delay(BUSY_POLL);
    }
  }

  async #run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    await this.#begin();
    try {
      const result = await work(this);
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk has rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** SQLite's result code without its extension. Errors are told by their form: jest runs each file in its own realm. */
function primaryCode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

function toStoreError(error: unknown): unknown {
  const code = primaryCode(error);
  if (code === undefined || !UNAVAILABLE.has(code)) return error;
  return new StoreUnavailableError(`SQLite: ${messageOf(error)}`, { cause: error });
}
