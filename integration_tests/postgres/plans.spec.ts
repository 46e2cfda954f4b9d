import { expect, test } from "@jest/globals";
import pg from "pg";

import { DEFAULT_TIMINGS } from "../../src/relay/coalescer/timings.ts";
import { openPostgresStore } from "../../src/relay/store/postgres.ts";
import { postgresDatabases } from "./databases.ts";

const { server } = postgresDatabases();

test("a tick finds what is due by indexes, however much waits", async () => {
  const url = await server().createDatabase();
  const store = await openPostgresStore(url, { timingsOf: () => DEFAULT_TIMINGS });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`INSERT INTO relay_credential (credential_id, seq, urgent_seq, last_event_at)
      SELECT 'c' || n, 100, 0, 1 FROM generate_series(1, 1000) n`);
    await client.query(`INSERT INTO relay_connection (connection_id, credential_id, name, workspace_id, source_id,
        source_name, status, discovered_at, synced_seq, phase, written_at, state, due_at)
      SELECT 'k' || n, 'c' || (n % 1000 + 1), '', '', '', '', '', 0, 0, 'IDLE', 1, '{}', 1e15
      FROM generate_series(1, 10000) n`);
    await client.query(`INSERT INTO relay_event (credential_id, event_id, event_type, received_at, seq)
      SELECT 'c' || (n % 1000 + 1), 'e' || n, 't', 1, n / 1000 + 1 FROM generate_series(0, 99999) n`);
    await client.query("ANALYZE");
    const plan = async (sql: string) => {
      const { rows } = await client.query<Record<string, string>>(`EXPLAIN ${sql}`);
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    };
    const plans = await Promise.all([
      plan(
        "SELECT connection_id FROM relay_connection WHERE due_at <= 5 ORDER BY due_at, connection_id LIMIT 8",
      ),
      plan("SELECT connection_id FROM relay_connection WHERE written_at > 5 AND due_at > 5 LIMIT 8"),
      plan("SELECT credential_id FROM relay_credential WHERE look_at <= 5 ORDER BY look_at LIMIT 20"),
      plan("SELECT credential_id FROM relay_credential WHERE look_since > 5 LIMIT 20"),
      plan("SELECT seq FROM relay_event WHERE credential_id = 'c1' AND seq > 0 ORDER BY seq DESC LIMIT 1"),
    ]);
    for (const text of plans) {
      expect(text).toMatch(/Index (Only )?Scan/);
      expect(text).not.toContain("Seq Scan");
    }
  } finally {
    await client.end();
    await store.close();
  }
}, 60_000);
