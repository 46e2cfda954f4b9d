import { type Transaction } from "./database.ts";

/**
 * The schema, step by step, for both databases. A step that has been released is never changed: add another.
 *
 * `relay_event` is the ledger that tells duplicates, without payloads; `relay_credential` counts; `relay_connection`
 * holds what the coalescer knows (`state`), and beside it what the stores look for. Times are ms UTC.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE relay_credential (
      credential_id TEXT PRIMARY KEY,
      seq BIGINT NOT NULL,
      urgent_seq BIGINT NOT NULL,
      last_event_at BIGINT
    )`,
    `CREATE TABLE relay_event (
      credential_id TEXT NOT NULL,
      event_id TEXT NOT NULL,
      event_type TEXT NOT NULL,
      received_at BIGINT NOT NULL,
      seq BIGINT NOT NULL,
      PRIMARY KEY (credential_id, event_id)
    )`,
    "CREATE UNIQUE INDEX relay_event_seq ON relay_event (credential_id, seq)",
    "CREATE INDEX relay_event_received_at ON relay_event (received_at)",
    `CREATE TABLE relay_connection (
      connection_id TEXT PRIMARY KEY,
      credential_id TEXT NOT NULL,
      name TEXT NOT NULL,
      workspace_id TEXT NOT NULL,
      source_id TEXT NOT NULL,
      source_name TEXT NOT NULL,
      status TEXT NOT NULL,
      discovered_at BIGINT NOT NULL,
      synced_seq BIGINT NOT NULL,
      phase TEXT NOT NULL,
      wake_at BIGINT,
      written_at BIGINT NOT NULL,
      state TEXT NOT NULL
    )`,
    "CREATE INDEX relay_connection_credential ON relay_connection (credential_id)",
    "CREATE INDEX relay_connection_wake_at ON relay_connection (wake_at)",
    `CREATE TABLE relay_activity (
      connection_id TEXT NOT NULL,
      at BIGINT NOT NULL,
      number BIGINT NOT NULL,
      note TEXT NOT NULL,
      PRIMARY KEY (connection_id, number)
    )`,
    "CREATE INDEX relay_activity_at ON relay_activity (at)",
    `CREATE TABLE relay_budget (
      id BIGINT PRIMARY KEY,
      tokens DOUBLE PRECISION NOT NULL,
      filled_at BIGINT NOT NULL,
      paused_since BIGINT NOT NULL,
      paused_until BIGINT NOT NULL
    )`,
    `CREATE TABLE relay_slot (
      slot BIGINT PRIMARY KEY,
      token TEXT NOT NULL,
      owner TEXT NOT NULL,
      since BIGINT NOT NULL,
      until BIGINT NOT NULL
    )`,
    "INSERT INTO relay_budget (id, tokens, filled_at, paused_since, paused_until) VALUES (1, -1, 0, 0, 0)",
  ],
  // When to look next, so that a tick needn't look at all that waits, and since when a sync is owed, which outlives the
  // event. `wake_at` is for replicas of the version before, and no longer read.
  [
    "ALTER TABLE relay_connection ADD COLUMN due_at BIGINT",
    "ALTER TABLE relay_connection ADD COLUMN first_at BIGINT",
    "ALTER TABLE relay_credential ADD COLUMN look_at BIGINT",
    "ALTER TABLE relay_credential ADD COLUMN look_since BIGINT",
    "UPDATE relay_credential SET look_at = 0, look_since = 0",
    "DROP INDEX relay_connection_wake_at",
    "DROP INDEX relay_connection_credential",
    "CREATE INDEX relay_connection_due_at ON relay_connection (due_at)",
    "CREATE INDEX relay_connection_written_at ON relay_connection (written_at)",
    "CREATE INDEX relay_connection_summary ON relay_connection (credential_id, phase, synced_seq, first_at, due_at)",
    "CREATE INDEX relay_credential_look_at ON relay_credential (look_at)",
    "CREATE INDEX relay_credential_look_since ON relay_credential (look_since)",
  ],
  // Whether anybody listened, what Dixa says of its webhooks, and the last sync that was owed for either.
  [
    `CREATE TABLE relay_beat (
      id BIGINT PRIMARY KEY,
      at BIGINT NOT NULL,
      outage BIGINT NOT NULL
    )`,
    "INSERT INTO relay_beat (id, at, outage) VALUES (1, 0, 0)",
    "ALTER TABLE relay_credential ADD COLUMN outage BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE relay_credential ADD COLUMN owed_seq BIGINT",
    "ALTER TABLE relay_credential ADD COLUMN owed_at BIGINT",
    "ALTER TABLE relay_credential ADD COLUMN owed_reason TEXT",
    "CREATE INDEX relay_credential_outage ON relay_credential (outage)",
    `CREATE TABLE relay_subscription (
      credential_id TEXT PRIMARY KEY,
      state TEXT NOT NULL,
      since BIGINT NOT NULL,
      checked_at BIGINT NOT NULL,
      failing TEXT,
      failed_at BIGINT
    )`,
  ],
  // How much happened, for the charts: a row says how far the events had come at the end of an interval, and how many
  // syncs ended in it. What was there before any history counts as no event of the first interval.
  [
    `CREATE TABLE relay_history (
      credential_id TEXT NOT NULL,
      at BIGINT NOT NULL,
      seq BIGINT NOT NULL,
      syncs BIGINT NOT NULL,
      failures BIGINT NOT NULL,
      lag_ms BIGINT,
      PRIMARY KEY (credential_id, at)
    )`,
    `INSERT INTO relay_history (credential_id, at, seq, syncs, failures)
     SELECT credential_id, 0, seq, 0, 0 FROM relay_credential WHERE seq > 0`,
  ],
  // Credentials made while the relay runs, removed ones too; `secrets` is encrypted. The version tells replicas to read.
  [
    `CREATE TABLE relay_account (
      credential_id TEXT PRIMARY KEY,
      settings TEXT NOT NULL,
      secrets TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      changed_at BIGINT NOT NULL,
      removed_at BIGINT
    )`,
    "CREATE TABLE relay_account_version (id BIGINT PRIMARY KEY, version BIGINT NOT NULL)",
    "INSERT INTO relay_account_version (id, version) VALUES (1, 0)",
  ],
];

/**
 * Brings the schema up to date. The caller sees to it that no other process does so at the same time.
 *
 * @throws Error when the database was written by a later version of the relay
 */
export async function migrate(transaction: Transaction): Promise<void> {
  await transaction.all("CREATE TABLE IF NOT EXISTS relay_schema (version BIGINT NOT NULL)");
  const rows = await transaction.all("SELECT max(version) AS version FROM relay_schema");
  const version = Number(rows[0]?.["version"] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new Error(
      `the store has schema version ${version}, and this dixa-relay knows only up to ${MIGRATIONS.length}: ` +
        "start the newer dixa-relay again, or give this one a store of its own",
    );
  }
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < version) continue;
    for (const statement of statements) await transaction.all(statement);
    await transaction.all("INSERT INTO relay_schema (version) VALUES ($1)", [index + 1]);
  }
}

/**
 * For those who only look.
 *
 * @throws Error when the schema is not the one of this version
 */
export async function checkSchema(transaction: Transaction): Promise<void> {
  let version: number;
  try {
    const rows = await transaction.all("SELECT max(version) AS version FROM relay_schema");
    version = Number(rows[0]?.["version"] ?? 0);
  } catch (error) {
    throw new Error(
      "the store has no tables of a relay yet: they are made when dixa-relay is first started",
      {
        cause: error,
      },
    );
  }
  if (version === MIGRATIONS.length) return;
  throw new Error(
    `the store has schema version ${version}, and this dixa-relay works with ${MIGRATIONS.length}: ` +
      (version < MIGRATIONS.length
        ? "start this dixa-relay, which brings it up to date"
        : "use the newer dixa-relay"),
  );
}
