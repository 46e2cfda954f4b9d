import { systemClock } from "../../http/clock.ts";
import { openPostgresStore, type PostgresOptions } from "./postgres.ts";
import { openSqliteStore } from "./sqlite.ts";
import { type Store } from "./store.ts";
import { isStoreUnavailable } from "./store-unavailable.ts";

/** Between two tries to reach a database, ms. */
const RETRY_MS = 1000;

/** Opens the store at `postgres://…` or `postgresql://…`, or else in the file at this path. */
export function openStore(location: string, options: PostgresOptions): Promise<Store> {
  return isPostgres(location) ? openPostgresStore(location, options) : openSqliteStore(location, options);
}

/**
 * The same, waiting for a database that can't be reached yet.
 *
 * @param options.onWait told why, at every try
 * @throws the signal's reason; what {@link openStore} throws, when waiting would not help
 */
export async function openStoreInTime(
  location: string,
  options: PostgresOptions & { onWait: (error: unknown) => void },
  signal: AbortSignal,
): Promise<Store> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await openStore(location, options);
    } catch (error) {
      if (!isPostgres(location) || !isStoreUnavailable(error)) throw error;
      options.onWait(error);
      await systemClock.sleep(RETRY_MS, signal);
    }
  }
}

/** Which store it is, without user and password. */
export function describeStore(location: string): string {
  if (!isPostgres(location)) return `the store ${location}`;
  const url = URL.parse(location);
  return `PostgreSQL at ${url === null ? "the configured address" : `${url.host}${url.pathname}`}`;
}

export function isPostgres(location: string): boolean {
  return /^postgres(ql)?:\/\//i.test(location);
}
