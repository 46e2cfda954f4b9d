import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import pg from "pg";

import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { type AirbyteSimulator, startAirbyteSimulator } from "../simulators/airbyte/index.ts";
import { Cable } from "../support/cable.ts";
import { RelayServer } from "../support/relay-server.ts";
import { claimsOf, firstCover, ledgerOf } from "./evidence.ts";
import { chaosConfig, SECRET } from "./relay-config.ts";
import { WebhookLoader } from "./webhook-loader.ts";

/** What the clocks of the two replicas are off by, ms: one is slow, the other an hour fast. */
const SKEWS = [-5000, 3_600_000];
const SKEW = new URL("../support/skewed-clock.ts", import.meta.url);
const PER_SECOND = 50;
const PATIENCE_MS = 60_000;

const credentials = [randomUUID(), randomUUID(), randomUUID()];
const [first = "", second = ""] = credentials;
const connections = new Map<string, string>();

let folder: string;
let postgres: PostgresServer;
let databaseUrl: string;
let cable: Cable;
let airbyte: AirbyteSimulator;
let replicas: RelayServer[];
let urls: string[];
let loader: WebhookLoader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-trouble-"));
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase();
  const address = new URL(databaseUrl);
  cable = await Cable.to(join(address.searchParams.get("host") ?? "", ".s.PGSQL.5432"));
  airbyte = await startAirbyteSimulator({ pendingMs: 30, runningMs: 250, startMs: 60, seed: 7 });
  for (const credentialId of credentials) {
    const { sourceId } = airbyte.addSource({ configuration: { credential_id: credentialId } });
    connections.set(credentialId, airbyte.addConnection({ sourceId }).connectionId);
  }
  const config = join(folder, "relay.yaml");
  await writeFile(config, relayConfig(`postgresql://relay@127.0.0.1:${cable.port}${address.pathname}`));
  replicas = SKEWS.map(
    (skew) =>
      new RelayServer(config, {
        bundled: true,
        env: { ...process.env, NODE_OPTIONS: `--import ${SKEW.href}`, CLOCK_SKEW_MS: `${skew}` },
      }),
  );
  urls = await Promise.all(replicas.map(({ listening }) => listening));
}, 60_000);

afterAll(async () => {
  await Promise.allSettled(replicas.map((replica) => replica.kill()));
  await airbyte.close();
  await cable.cut();
  await postgres.stop();
  await rm(folder, { recursive: true });
}, 60_000);

function relayConfig(store: string): string {
  return chaosConfig({
    listen: "127.0.0.1:0",
    store,
    airbyte,
    credentials,
    more: { concurrency: 20 },
    timings: {
      debounce: "200ms",
      max_wait: "500ms",
      min_interval: "300ms",
      settle_delay: "1s",
      lease: "3s",
      job_poll: "100ms",
      busy_poll: "100ms",
      error_backoff: "200ms",
      max_backoff: "1s",
      refresh: "2s",
    },
  });
}

/** Sends events of all credentials to these replicas for a while, until each is acknowledged and covered. */
async function underLoad(
  ms: number,
  targets: readonly string[],
  trouble: () => Promise<void>,
): Promise<void> {
  loader = new WebhookLoader({ urls: targets, secret: SECRET, timeoutMs: 20_000 });
  try {
    const over = new AbortController();
    let turn = 0;
    const load = loader.run(PER_SECOND, () => credentials[turn++ % credentials.length] ?? "", over.signal);
    await Promise.all([delay(ms), trouble()]);
    over.abort();
    await load;
    await loader.settled();
    await covered();
  } finally {
    loader.close();
  }
}

/** Every acknowledged event is in the ledger, and a sync that began after it has succeeded. */
async function covered(): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const [ledger, claims] = await Promise.all([ledgerOf(databaseUrl), claimsOf(databaseUrl)]);
    const uncovered = loader.events.filter(({ credentialId, eventId }) => {
      const entry = ledger.get(credentialId)?.get(eventId);
      const connectionId = connections.get(credentialId) ?? "";
      const claim = claims.find((other) => other.connectionId === connectionId);
      if (entry === undefined) throw new Error(`${eventId} was acknowledged and is lost`);
      const isCovered = firstCover(airbyte, connectionId, entry.receivedAt) !== undefined;
      // What is said to be synced is.
      if ((claim?.syncedSeq ?? 0) >= entry.seq)
        expect({ eventId, isCovered }).toEqual({ eventId, isCovered: true });
      return (claim?.syncedSeq ?? 0) < entry.seq;
    });
    if (uncovered.length === 0) return;
    if (Date.now() > giveUpAt) throw new Error(`${uncovered.length} events are not synced`);
    await delay(200);
  }
}

/** How long acknowledgements of a credential's events took, from the first sending of each, ms. */
function slowest(credentialIds: readonly string[]): number {
  const waits = loader.acked
    .filter(({ credentialId }) => credentialIds.includes(credentialId))
    .map(({ ackedAt = Infinity, firstSentAt }) => ackedAt - firstSentAt);
  return Math.max(...waits);
}

test("a replica that is frozen under load stops no other", async () => {
  const [frozen] = replicas;
  const [, other = ""] = urls;
  const both = new WebhookLoader({ urls, secret: SECRET, timeoutMs: 2000 });
  const over = new AbortController();
  const load = both.run(PER_SECOND, () => first, over.signal);
  await delay(1000);
  frozen?.signal("SIGSTOP");
  over.abort();
  await underLoad(8000, [other], () => Promise.resolve());
  expect(slowest(credentials)).toBeLessThan(9000);
  frozen?.signal("SIGCONT");
  await load;
  await both.settled();
  both.close();
}, 120_000);

test("one locked row stops no other account", async () => {
  await underLoad(6000, urls, async () => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query("BEGIN");
    await client.query("SELECT * FROM relay_credential WHERE credential_id = $1 FOR UPDATE", [second]);
    await delay(5000);
    await client.query("ROLLBACK");
    await client.end();
  });
  expect(slowest(credentials.filter((id) => id !== second))).toBeLessThan(3000);
  expect(slowest([second])).toBeGreaterThan(2000);
}, 120_000);

test("a database that falls silent is told to senders and probes within seconds, and loses nothing", async () => {
  const statuses: number[] = [];
  await underLoad(12_000, urls, async () => {
    await delay(1000);
    cable.fallSilent();
    await delay(4000);
    for (const url of urls) statuses.push((await fetch(`${url}/readyz`)).status);
    await delay(3000);
    cable.mend();
  });
  expect(statuses).toEqual([503, 503]);
  expect(slowest(credentials)).toBeLessThan(25_000);
  for (const url of urls) expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(replicas.map(({ log }) => log.includes("not ready"))).toEqual([true, true]);
}, 120_000);

test("the same webhook at two replicas in the same moment counts once", async () => {
  const pair = urls.map((url) => new WebhookLoader({ urls: [url], secret: SECRET }));
  for (let time = 0; time < 20; time++) {
    const event = pair[0]?.newEvent(first);
    if (event === undefined) throw new Error("there is no replica");
    expect(await Promise.all(pair.map((replica) => replica.send(event)))).toEqual([202, 202]);
  }
  for (const each of pair) each.close();
  const ledger = await ledgerOf(databaseUrl);
  const entries = [...(ledger.get(first) ?? [])];
  const seqs = entries.map(([, { seq }]) => seq).sort((a, b) => a - b);
  // No number was given twice, and none was left out.
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
}, 60_000);
