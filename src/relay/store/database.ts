/**
 * The little that the two databases must have in common, so that everything above is written once. SQL uses `$1`, `$2`
 * … for parameters, and only what SQLite and PostgreSQL both understand, but for the fragments of the dialect.
 */
export interface Database {
  readonly dialect: Dialect;
  /**
   * Runs `work` in a transaction that has committed, durably, when this resolves. Nothing but the transaction may be
   * awaited in `work`, which may run more than once.
   *
   * @throws StoreUnavailableError; LockedError, if `lockWait` is given; what `work` throws
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  close(): Promise<void>;
}

export interface TransactionOptions {
  /** Whether to run it again when the database doesn't say if it has committed. Default false. */
  isRepeatable?: boolean;
  /**
   * How long to wait for what another transaction has locked, ms; after that, LockedError. Without it, the database's
   * usual patience, and StoreUnavailableError.
   */
  lockWait?: number;
  /** How long one statement may take, ms, where nobody waits for it. Default: seconds. */
  statementTimeout?: number;
}

/** Another transaction has locked what this one needs, and did not end in time. Nothing was written. */
export class LockedError extends Error {
  override readonly name = "LockedError";
  readonly code = "ERR_LOCKED";
}

/** By name and not by `instanceof`: jest runs each test file in a realm of its own. */
export function isLockedError(error: unknown): boolean {
  return error instanceof Error && error.name === "LockedError";
}

export interface Transaction {
  /** When it began, ms UTC, by the one clock that all replicas share: that of the database, if it has one. */
  readonly now: number;
  all(sql: string, parameters?: readonly Parameter[]): Promise<Row[]>;
}

export type Parameter = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

export interface Dialect {
  /** After a SELECT: locks its rows until the end of the transaction. */
  readonly forUpdate: string;
  /** The same, leaving out rows that somebody else has locked. */
  readonly skipLocked: string;
  /**
   * After a column: that it is one of the texts in a JSON array, given as the parameter `$n`. Written so that the planner
   * expects few of them, and goes by the column's index.
   */
  oneOf(parameter: string): string;
  /** A table of the objects in a JSON array, given as the parameter `$n`. */
  rows(parameter: string, columns: Readonly<Record<string, "TEXT" | "BIGINT">>): string;
  /** A member of the JSON object in a column, as text; NULL if there is none. */
  jsonText(column: string, key: string): string;
}
