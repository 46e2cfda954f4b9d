import pg from "pg";

import { type AirbyteSimulator, hasEnded, type Job } from "../simulators/airbyte/index.ts";

/** What the relay has said of a connection at some time. */
export interface Claim {
  connectionId: string;
  syncedSeq: number;
  /** ms UTC */
  at: number;
}

/** An event of the relay's ledger. */
export interface LedgerEntry {
  seq: number;
  /** ms UTC */
  receivedAt: number;
}

/** The relay's ledger, by credential and event. */
export async function ledgerOf(databaseUrl: string): Promise<Map<string, Map<string, LedgerEntry>>> {
  const rows = await query<{ credential_id: string; event_id: string; seq: string; received_at: string }>(
    databaseUrl,
    "SELECT credential_id, event_id, seq, received_at FROM relay_event",
  );
  const ledger = new Map<string, Map<string, LedgerEntry>>();
  for (const { credential_id: id, event_id: eventId, seq, received_at: receivedAt } of rows) {
    const entries = ledger.get(id) ?? new Map<string, LedgerEntry>();
    entries.set(eventId, { seq: Number(seq), receivedAt: Number(receivedAt) });
    ledger.set(id, entries);
  }
  return ledger;
}

/** What the relay says now of all connections. */
export async function claimsOf(databaseUrl: string): Promise<Claim[]> {
  const rows = await query<{ connection_id: string; synced_seq: string }>(
    databaseUrl,
    "SELECT connection_id, synced_seq FROM relay_connection",
  );
  const at = Date.now();
  return rows.map((row) => ({ connectionId: row.connection_id, syncedSeq: Number(row.synced_seq), at }));
}

/** How often the relay has noted each kind of thing that happened to connections. */
export async function notesOf(databaseUrl: string): Promise<Record<string, number>> {
  const rows = await query<{ kind: string; count: string }>(
    databaseUrl,
    "SELECT note::jsonb->>'kind' AS kind, count(*) AS count FROM relay_activity GROUP BY 1 ORDER BY 1",
  );
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, Number(count)]));
}

/** The first sync of a connection that began after an instant (ms UTC) and succeeded, and that by another one. */
export function firstCover(
  { jobs }: AirbyteSimulator,
  connectionId: string,
  instant: number,
  by = Infinity,
): Job | undefined {
  return jobs
    .filter((job) => job.connectionId === connectionId && job.status === "succeeded" && job.updatedAt <= by)
    .find(({ attempts }) => (attempts.at(-1)?.startedAt ?? 0) > instant);
}

/** Attempts of one connection that ran at the same time. */
export function overlaps({ jobs }: AirbyteSimulator): string[] {
  return jobs.flatMap((job, index) =>
    jobs
      .slice(index + 1)
      .filter(({ connectionId }) => connectionId === job.connectionId)
      .filter((later) =>
        job.attempts.some(({ startedAt, endedAt = Infinity }) =>
          later.attempts.some(
            (other) => other.startedAt < endedAt && startedAt < (other.endedAt ?? Infinity),
          ),
        ),
      )
      .map((later) => `${job.jobId} and ${later.jobId}`),
  );
}

export function openJobs({ jobs }: AirbyteSimulator): number {
  return jobs.filter((job) => !hasEnded(job)).length;
}

async function query<T extends pg.QueryResultRow>(databaseUrl: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  // The server is restarted under it.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}
