import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";

import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  startAirbyteSimulator,
} from "../simulators/airbyte/index.ts";
import { freePort } from "../support/free-port.ts";
import { RelayServer } from "../support/relay-server.ts";
import { firstCover, ledgerOf } from "./evidence.ts";
import { WebhookLoader } from "./webhook-loader.ts";

const SECRET = "00112233445566778899aabbccddeeff";
const ADMIN_TOKEN = "chaos-admin-token-0123456789";
const CLOCK = new URL("../support/skewed-clock.ts", import.meta.url);
const HOUR = 3_600_000;
const PATIENCE_MS = 60_000;

const credentials = [randomUUID(), randomUUID()];
const [first = ""] = credentials;
const connections = new Map<string, string>();

let folder: string;
let postgres: PostgresServer;
let airbyte: AirbyteSimulator;
const servers: RelayServer[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-unheard-"));
  postgres = await startPostgres();
  airbyte = await startAirbyteSimulator({ pendingMs: 30, runningMs: 200, startMs: 20 });
  for (const credentialId of credentials) {
    const { sourceId } = airbyte.addSource({ configuration: { credential_id: credentialId } });
    connections.set(credentialId, airbyte.addConnection({ sourceId }).connectionId);
  }
}, 60_000);

afterEach(async () => {
  await Promise.allSettled(servers.splice(0).map((server) => server.kill()));
});

afterAll(async () => {
  await airbyte.close();
  await postgres.stop();
  await rm(folder, { recursive: true });
}, 60_000);

/** A relay whose clock can be stepped. */
async function start(store: string, port: number, timings: Record<string, string> = {}, skewMs = 0) {
  const name = randomUUID();
  const config = join(folder, `${name}.yaml`);
  const clock = join(folder, `${name}.clock`);
  await writeFile(clock, `${skewMs}`);
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      listen: `127.0.0.1:${port}`,
      store,
      admin_token: ADMIN_TOKEN,
      shutdown_delay: "0s",
      airbyte: {
        url: airbyte.url,
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        requests_per_second: 300,
        burst: 300,
      },
      credentials: credentials.map((id) => ({ id, webhook_secrets: [SECRET] })),
      timings: {
        debounce: "200ms",
        max_wait: "500ms",
        min_interval: "300ms",
        settle_delay: "100ms",
        lease: "5s",
        job_poll: "100ms",
        busy_poll: "100ms",
        error_backoff: "200ms",
        max_backoff: "1s",
        refresh: "2s",
        ...timings,
      },
    }),
  );
  const env = {
    ...process.env,
    DATABASE_URL: "",
    NODE_OPTIONS: `--import ${CLOCK.href}`,
    CLOCK_SKEW_FILE: clock,
  };
  const server = new RelayServer(config, { bundled: true, env });
  servers.push(server);
  const url = await server.listening;
  const step = async (ms: number) => {
    await writeFile(clock, `${ms}`);
    server.signal("SIGUSR2");
  };
  return { server, url, step };
}

const accountSchema = z.object({
  seq: z.number(),
  last_owed: z.object({ reason: z.string(), seq: z.number() }).nullable(),
  connections: z.array(z.object({ synced_seq: z.number() })),
});

async function account(url: string, id: string): Promise<z.infer<typeof accountSchema>> {
  const response = await fetch(`${url}/v1/credentials/${id}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  return accountSchema.parse(await response.json());
}

/** Resolves when a sync that began after the instant has succeeded, and the relay knows that nothing is left to do. */
async function covered(url: string, id: string, instant: number): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const { seq, connections: own } = await account(url, id);
    const isSynced = own.length === 1 && own.every(({ synced_seq: synced }) => synced === seq);
    if (isSynced && firstCover(airbyte, connections.get(id) ?? "", instant) !== undefined) return;
    if (Date.now() > giveUpAt) throw new Error(`${id} is not synced`);
    await delay(100);
  }
}

/** Something that a relay which is away can't hear. @returns when */
async function unheard(loader: WebhookLoader, id: string): Promise<number> {
  expect(await loader.send(loader.newEvent(id))).toBe(0);
  return Date.now();
}

test("five minutes of events that nobody heard are made good by themselves, once", async () => {
  const port = await freePort();
  const store = join(folder, "away.db");
  const { server, url } = await start(store, port);
  const loader = new WebhookLoader({ urls: [url], secret: SECRET });
  expect(await loader.send(loader.newEvent(first))).toBe(202);
  await covered(url, first, Date.now() - 1000);
  await server.stop();
  const missedAt = new Map<string, number>();
  for (const id of credentials) missedAt.set(id, await unheard(loader, id));

  // By its clock, it was away for five minutes.
  const back = await start(store, port, {}, 300_000);
  for (const id of credentials) {
    while ((await account(url, id)).last_owed === null) await delay(50);
    await covered(url, id, missedAt.get(id) ?? Infinity);
    expect((await account(url, id)).last_owed).toMatchObject({ reason: "outage" });
  }
  expect(back.server.log.match(/no relay was listening for 5m/g)).toHaveLength(1);
  const owed = await Promise.all(credentials.map((id) => account(url, id)));
  await back.server.stop();

  // A restart is no outage.
  const again = await start(store, port, {}, 300_000);
  await delay(1000);
  expect(await Promise.all(credentials.map((id) => account(again.url, id)))).toEqual(owed);
  loader.close();
}, 120_000);

test("what two replicas on PostgreSQL did not hear is made good once, though both notice", async () => {
  const database = await postgres.createDatabase();
  const ports = [await freePort(), await freePort()];
  const timings = { outage: "3s" };
  const replicas = await Promise.all(ports.map((port) => start(database, port, timings)));
  const urls = replicas.map(({ url }) => url);
  const loader = new WebhookLoader({ urls, secret: SECRET });
  expect(await loader.send(loader.newEvent(first))).toBe(202);
  // One that is left hears everything.
  await replicas[0]?.server.kill();
  await delay(5000);
  expect((await account(urls[1] ?? "", first)).last_owed).toBeNull();
  await replicas[1]?.server.kill();
  const missedAt = await unheard(loader, first);
  await delay(5000);
  await Promise.all(ports.map((port) => start(database, port, timings)));
  for (const id of credentials) await covered(urls[0] ?? "", id, missedAt);
  await delay(2000);
  const ledger = await ledgerOf(database);
  for (const id of credentials) {
    const owed = [...(ledger.get(id)?.keys() ?? [])].filter((eventId) => eventId.startsWith("owed:"));
    expect(owed).toHaveLength(1);
  }
  loader.close();
}, 120_000);

test.each(["SQLite", "PostgreSQL"])(
  "a clock that is stepped by an hour, back and forth, under load loses nothing and stops nothing: %s",
  async (kind) => {
    const store = kind === "SQLite" ? join(folder, "steps.db") : await postgres.createDatabase();
    const { server, url, step } = await start(store, await freePort());
    const loader = new WebhookLoader({ urls: [url], secret: SECRET });
    const over = new AbortController();
    let turn = 0;
    const load = loader.run(30, () => credentials[turn++ % credentials.length] ?? "", over.signal);
    for (const skew of [HOUR, 0, -HOUR, 0]) {
      await delay(2000);
      await step(skew);
      // Each step is followed by syncs before long, though those before it noted other times.
      const steppedAt = Date.now();
      const giveUpAt = steppedAt + PATIENCE_MS;
      const isSynced = () =>
        [...connections.values()].every((id) => firstCover(airbyte, id, steppedAt) !== undefined);
      while (!isSynced() && Date.now() < giveUpAt) await delay(100);
      expect({ skew, isSynced: isSynced() }).toEqual({ skew, isSynced: true });
    }
    over.abort();
    await load;
    await loader.settled();
    const lastAt = Math.max(...loader.acked.map(({ ackedAt = 0 }) => ackedAt));
    expect(loader.acked).toHaveLength(loader.events.length);
    for (const id of credentials) await covered(url, id, lastAt - 1000);
    expect(server.log).not.toContain("unexpected error");
    loader.close();
  },
  180_000,
);
