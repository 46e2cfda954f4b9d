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
   * @param options.isRepeatable whether to run it again when the database doesn't say if it has committed
   * @throws StoreUnavailableError, what `work` throws
   */
  transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    options?: { isRepeatable?: boolean },
  ): Promise<T>;
  close(): Promise<void>;
}

export interface Transaction {
  all(sql: string, parameters?: readonly Parameter[]): Promise<Row[]>;
}

export type Parameter = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

export interface Dialect {
  /** After a SELECT: locks its rows until the end of the transaction. */
  readonly forUpdate: string;
  /** The same, leaving out rows that somebody else has locked. */
  readonly skipLocked: string;
  /** A table of the objects in a JSON array, given as the parameter `$n`. */
  rows(parameter: string, columns: Readonly<Record<string, "TEXT" | "BIGINT">>): string;
}
