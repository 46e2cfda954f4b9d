import { openPostgresStore, type PostgresOptions } from "./postgres.ts";
import { openSqliteStore } from "./sqlite.ts";
import { type Store } from "./store.ts";

/** Opens the store at `postgres://…` or `postgresql://…`, or else in the file at this path. */
export function openStore(location: string, options: PostgresOptions): Promise<Store> {
  return isPostgres(location) ? openPostgresStore(location, options) : openSqliteStore(location, options);
}

export function isPostgres(location: string): boolean {
  return /^postgres(ql)?:\/\//i.test(location);
}
