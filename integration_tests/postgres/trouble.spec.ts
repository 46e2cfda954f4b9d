import { join } from "node:path";

import { afterEach, describe, expect, jest, test } from "@jest/globals";
import pg from "pg";

import { info } from "../../spec/relay/store/suite.ts";
import { webhookEvent } from "../../spec/relay/support/events.ts";
import { DEFAULT_TIMINGS, type Timings } from "../../src/relay/coalescer/timings.ts";
import { GroupCommit } from "../../src/relay/store/group-commit.ts";
import { openPostgresStore } from "../../src/relay/store/postgres.ts";
import { type Store } from "../../src/relay/store/store.ts";
import { Cable } from "../support/cable.ts";
import { postgresDatabases } from "./databases.ts";

const { server } = postgresDatabases();
const timingsOf = () => DEFAULT_TIMINGS;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function open(url: string, timings: Partial<Timings> = {}): Promise<Store> {
  const store = await openPostgresStore(url, { timingsOf: () => ({ ...DEFAULT_TIMINGS, ...timings }) });
  ends.push(() => store.close());
  return store;
}

/** A transaction of somebody else, open until the test ends. */
async function holding(url: string, sql: string): Promise<{ release: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  await client.query("BEGIN");
  await client.query(sql);
  const release = async () => {
    await client.query("ROLLBACK");
  };
  ends.push(() => client.end());
  return { release };
}

/** The same database, reached through a cable. */
async function throughCable(url: string): Promise<{ cable: Cable; url: string }> {
  const address = new URL(url);
  const cable = await Cable.to(join(address.searchParams.get("host") ?? "", ".s.PGSQL.5432"));
  ends.push(() => cable.cut());
  return { cable, url: `postgresql://relay@127.0.0.1:${cable.port}${address.pathname}` };
}

async function seconds(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work.catch(() => undefined);
  return (performance.now() - startedAt) / 1000;
}

describe("a database that falls silent without closing its connections", () => {
  test("is an unavailable store within seconds, and is back as soon as it answers", async () => {
    const { cable, url } = await throughCable(await server().createDatabase());
    const store = await open(url);
    const ingest = new GroupCommit({ store, maxInFlight: 2 });
    expect(await ingest.accept(webhookEvent("a", "1"))).toBe("new");
    cable.fallSilent();
    const outcomes = Promise.allSettled(["2", "3"].map((id) => ingest.accept(webhookEvent("a", id))));
    expect(await seconds(outcomes)).toBeLessThan(12);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "ERR_STORE_UNAVAILABLE" } });
    }
    expect(
      await seconds(expect(ingest.probe()).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" })),
    ).toBeLessThan(12);
    cable.mend();
    expect(await ingest.accept(webhookEvent("a", "2"))).toBe("new");
    await ingest.probe();
  }, 60_000);

  test("loses nothing when only its old connections are silent, as after a fail-over", async () => {
    const { cable, url } = await throughCable(await server().createDatabase());
    const store = await open(url);
    await Promise.all(["1", "2", "3", "4"].map((id) => store.accept([webhookEvent(id, id)])));
    cable.fallSilent({ newOnes: false });
    const work = store.accept([webhookEvent("a", "2")]);
    expect(await seconds(work)).toBeLessThan(8);
    expect(await work).toEqual(["new"]);
    // The other silent connections were given up with the first.
    expect(await seconds(store.accept([webhookEvent("a", "3")]))).toBeLessThan(1);
  }, 60_000);

  test("does not keep the store from closing", async () => {
    const { cable, url } = await throughCable(await server().createDatabase());
    const store = await openPostgresStore(url, { timingsOf });
    cable.fallSilent();
    expect(await seconds(store.close())).toBeLessThan(3);
  }, 30_000);
});

describe("a row that somebody else has locked", () => {
  test("holds up its own credential, and no other for longer than a moment", async () => {
    const url = await server().createDatabase();
    const store = await open(url);
    const ingest = new GroupCommit({ store, maxInFlight: 2 });
    await store.ensureCredentials(["a", "b"]);
    const lock = await holding(url, "SELECT * FROM relay_credential WHERE credential_id = 'a' FOR UPDATE");
    const locked = ingest.accept(webhookEvent("a", "a1"));
    const others: number[] = [];
    for (let number = 0; number < 20; number++) {
      others.push(await seconds(ingest.accept(webhookEvent("b", `b${number}`))));
    }
    expect(Math.max(...others)).toBeLessThan(1);
    await lock.release();
    expect(await locked).toBe("new");
    expect(await store.credentialSummary("b")).toMatchObject({ seq: 20 });
  }, 60_000);

  test("makes its credential's events unavailable when it stays locked", async () => {
    const url = await server().createDatabase();
    const store = await open(url);
    const ingest = new GroupCommit({ store, maxInFlight: 2 });
    await store.ensureCredentials(["a"]);
    await holding(url, "SELECT * FROM relay_credential WHERE credential_id = 'a' FOR UPDATE");
    const locked = ingest.accept(webhookEvent("a", "a1"));
    expect(await seconds(locked)).toBeLessThan(6);
    await expect(locked).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
    // By hand too: nobody waits without end.
    expect(await seconds(store.requestSync("a"))).toBeLessThan(12);
  }, 60_000);
});

test("a replica that is frozen in a transaction is thrown out of it within seconds: no transaction is without limits", async () => {
  const url = await server().createDatabase();
  const limits = await limitsOf(await open(url), url);
  expect(Object.keys(limits)).toHaveLength(3);
  for (const ms of Object.values(limits)) {
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThanOrEqual(5000);
  }
}, 60_000);

/** What a transaction of the store has set for itself, in ms, seen from within it. */
async function limitsOf(store: Store, url: string): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `CREATE TABLE seen (name text, ms int);
       CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO seen SELECT name, setting::int FROM pg_settings
         WHERE name IN ('idle_in_transaction_session_timeout', 'lock_timeout', 'statement_timeout');
         RETURN NULL;
       END $$;
       CREATE TRIGGER see AFTER INSERT ON relay_event EXECUTE FUNCTION see()`,
    );
    await store.accept([webhookEvent("a", "1")]);
    const { rows } = await client.query<{ name: string; ms: number }>("SELECT * FROM seen");
    return Object.fromEntries(rows.map(({ name, ms }) => [name, ms]));
  } finally {
    await client.end();
  }
}

test("an event is as old as the database's clock says, whatever the clocks of replicas say", async () => {
  const store = await open(await server().createDatabase(), { settleDelay: 2000 });
  const now = jest.spyOn(Date, "now").mockReturnValue(Date.now() - 5000);
  try {
    await store.upsertConnections("a", [info("one")], "sync");
    await store.accept([webhookEvent("a", "1")]);
    const { demand } = (await store.connection("one"))!;
    expect(demand).toMatchObject({ seq: 1, settledSeq: 0 });
    expect((demand.firstAt ?? 0) - Date.now()).toBeGreaterThan(4000);
  } finally {
    now.mockRestore();
  }
});

test("a connection to the database has one conversation at a time", async () => {
  const url = await server().createDatabase();
  const store = await open(url);
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  await store.upsertConnections(
    "a",
    ["one", "two", "three"].map((id) => info(id)),
    "sync",
  );
  await store.accept([webhookEvent("a", "1")]);
  expect(await store.connections()).toHaveLength(3);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});
