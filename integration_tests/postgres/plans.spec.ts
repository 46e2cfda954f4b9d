import { afterEach, expect, jest, test } from "@jest/globals";
import pg from "pg";

import { info } from "../../spec/relay/store/suite.ts";
import { webhookEvent } from "../../spec/relay/support/events.ts";
import { DEFAULT_TIMINGS } from "../../src/relay/coalescer/timings.ts";
import { openPostgresStore } from "../../src/relay/store/postgres.ts";
import { type Store } from "../../src/relay/store/store.ts";
import { postgresDatabases } from "./databases.ts";

const { server } = postgresDatabases();

interface Statement {
  text: string;
  values: unknown[];
}

afterEach(() => {
  jest.restoreAllMocks();
});

/** Every statement that is sent to the database while the work goes on. */
async function sentDuring(work: () => Promise<unknown>): Promise<Statement[]> {
  const spy = jest.spyOn(pg.Client.prototype, "query");
  await work();
  const statements = spy.mock.calls.flatMap((call): Statement[] => {
    const [query] = call as unknown[];
    if (typeof query !== "object" || query === null || !("text" in query)) return [];
    const values: unknown = "values" in query ? query.values : [];
    return [{ text: String(query.text), values: Array.isArray(values) ? values : [] }];
  });
  spy.mockRestore();
  return statements.filter(({ text }) => /^\s*(SELECT|UPDATE|DELETE|INSERT|WITH)/.test(text));
}

/** 20,000 credentials; 1,000 of them have ten connections that wait, and 100 events each. */
async function fill(client: pg.Client): Promise<void> {
  await client.query(`INSERT INTO relay_credential (credential_id, seq, urgent_seq, last_event_at)
    SELECT 'c' || n, 100, 0, 1 FROM generate_series(1, 20000) n`);
  await client.query(`INSERT INTO relay_connection (connection_id, credential_id, name, workspace_id, source_id,
      source_name, status, discovered_at, synced_seq, phase, written_at, state, due_at)
    SELECT 'k' || n, 'c' || (n % 1000 + 1), '', '', '', '', '', 0, 0, 'IDLE', 1, '{}', 1e15
    FROM generate_series(1, 10000) n`);
  await client.query(`INSERT INTO relay_event (credential_id, event_id, event_type, received_at, seq)
    SELECT 'c' || (n % 1000 + 1), 'e' || n, 't', 1, n / 1000 + 1 FROM generate_series(0, 99999) n`);
  await client.query("ANALYZE");
}

test.each<[string, (store: Store) => Promise<unknown>, number]>([
  ["a tick at which nothing is due", (store) => store.take("r", 1), 4],
  ["an event", (store) => store.accept([webhookEvent("c7", "new")]), 4],
  [
    "a tick at which a connection is due",
    async (store) => {
      await store.upsertConnections("c7007", [info("due")], "sync");
      expect(await store.take("r", 1)).toHaveLength(1);
    },
    10,
  ],
  ["a beat", (store) => store.beat(["c1", "c2"], 30_000), 2],
  ["a sync that is owed", (store) => store.owe([{ credentialId: "c9", reason: "refused", agoMs: 0 }]), 4],
])(
  "%s asks for what it needs by indexes, however much waits",
  async (_, work, atLeast) => {
    const url = await server().createDatabase();
    const store = await openPostgresStore(url, {
      timingsOf: () => ({ ...DEFAULT_TIMINGS, debounce: 0, maxWait: 0, settleDelay: 0 }),
    });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await fill(client);
      const statements = await sentDuring(() => work(store));
      expect(statements.length).toBeGreaterThanOrEqual(atLeast);
      for (const { text, values } of statements) {
        const { rows } = await client.query<Record<string, string>>(`EXPLAIN ${text}`, values);
        const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
        expect({ text, plan }).toEqual({
          text,
          plan: expect.not.stringMatching(/Seq Scan on relay_(connection|credential|event|activity)/),
        });
      }
    } finally {
      await client.end();
      await store.close();
    }
  },
  60_000,
);
