import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fetch from "node-fetch";

import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { type AirbyteSimulator, startAirbyteSimulator } from "../simulators/airbyte/index.ts";
import { generator } from "../simulators/dixa/random.ts";
import { firstCover, ledgerOf, overlaps } from "./evidence.ts";
import { ADMIN_TOKEN, chaosConfig } from "./relay-config.ts";
import { type Replica, startReplicas } from "./replica.ts";
import { WebhookLoader } from "./webhook-loader.ts";

const ROUNDS = 8;
const PER_SECOND = 60;
const KILL_EVERY_MS = 1200;
/** A sync may be under way to Airbyte at the moment in which its account is removed, ms. */
const STARTING_MS = 1000;
/**
 * How long a slow account's events wait: longer than replicas need to learn of its removal, so that what was
 * accepted until then would be synced long after.
 */
const SLOW = "6s";
const SLOW_MS = 6000;
const PATIENCE_MS = 60_000;

/** An account as this test has made it. */
interface Account {
  readonly id: string;
  readonly connectionId: string;
  secret: string;
  /** When the relay had confirmed that it is removed, ms UTC. */
  removedAt?: number;
  /** When each replica had refused a webhook of it since, ms UTC. */
  refusedAt?: number;
}

let folder: string;
let postgres: PostgresServer;
let databaseUrl: string;
let airbyte: AirbyteSimulator;
let loader: WebhookLoader;
/** Send to one replica each, of accounts that are removed. */
const lateLoaders: WebhookLoader[] = [];
/** An account that nobody ever adds. */
const stranger = randomUUID();
/** Of an account that nobody ever adds. */
let foreign: string;
const urls: string[] = [];
const replicas: Replica[] = [];
const accounts = new Map<string, Account>();
/** Those to which events are sent. */
const active: Account[] = [];
const random = generator(5);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-accounts-"));
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase();
  airbyte = await startAirbyteSimulator({ pendingMs: 20, runningMs: 100, startMs: 30 });
  foreign = addConnection(stranger);
  const secretKey = randomBytes(32).toString("hex");
  const started = await startReplicas(folder, (listen) => relayConfig(listen, secretKey));
  replicas.push(...started.replicas);
  urls.push(...started.urls);
  const secret = (id: string) => accounts.get(id)?.secret ?? "";
  loader = new WebhookLoader({ urls, secret });
  lateLoaders.push(...urls.map((url) => new WebhookLoader({ urls: [url], secret })));
}, 60_000);

afterAll(async () => {
  for (const each of [loader, ...lateLoaders]) each.close();
  await Promise.allSettled(replicas.map((replica) => replica.stop()));
  await airbyte.close();
  await postgres.stop();
  await rm(folder, { recursive: true });
}, 60_000);

function relayConfig(listen: string, secretKey: string): string {
  return chaosConfig({
    listen,
    store: databaseUrl,
    airbyte,
    credentials: [],
    secretKey,
    timings: {
      debounce: "200ms",
      max_wait: "500ms",
      min_interval: "300ms",
      settle_delay: "100ms",
      lease: "3s",
      job_poll: "100ms",
      busy_poll: "100ms",
      error_backoff: "200ms",
      max_backoff: "1s",
      refresh: "1s",
    },
  });
}

function addConnection(credentialId: string): string {
  const { sourceId } = airbyte.addSource({ configuration: { credential_id: credentialId } });
  return airbyte.addConnection({ sourceId }).connectionId;
}

/** Asks whichever replica answers, again while none does, as an operator would. @returns the status */
async function call(method: string, path: string, body?: Record<string, unknown>): Promise<number> {
  for (let turn = 0; ; turn++) {
    try {
      const response = await fetch(`${urls[turn % urls.length] ?? ""}/v1/credentials${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(5000),
      });
      await response.text();
      if (response.status < 500) return response.status;
    } catch {
      // Whether it was done is unknown: the same again must do no harm.
    }
    await delay(100);
  }
}

async function add(): Promise<void> {
  const id = randomUUID();
  const account: Account = { id, connectionId: addConnection(id), secret: randomBytes(16).toString("hex") };
  accounts.set(id, account);
  const timings = accounts.size % 2 === 0 ? { debounce: SLOW, max_wait: SLOW } : {};
  const given = {
    credential_id: id,
    name: `Dixa ${accounts.size}`,
    webhook_secret: account.secret,
    timings,
  };
  expect([200, 201]).toContain(await call("POST", "", given));
  active.push(account);
}

async function rename({ id }: Account): Promise<void> {
  expect(await call("PATCH", `/${id}`, { name: `Renamed ${randomUUID()}` })).toBe(200);
}

/** Webhooks under the old secret are on their way meanwhile. */
async function rotate(account: Account): Promise<void> {
  const secret = randomBytes(16).toString("hex");
  expect(await call("PATCH", `/${account.id}`, { webhook_secret: secret })).toBe(200);
  account.secret = secret;
}

/** Dixa goes on to send, and whichever replica doesn't know it yet accepts that. */
async function remove(account: Account): Promise<void> {
  active.splice(active.indexOf(account), 1);
  await waitUntil(() =>
    loader.events.every((each) => each.credentialId !== account.id || each.ackedAt !== undefined),
  );
  expect([200, 404]).toContain(await call("DELETE", `/${account.id}`));
  account.removedAt = Date.now();
  await Promise.all(lateLoaders.map((late) => sendUntilRefused(late, account)));
  account.refusedAt = Date.now();
}

async function sendUntilRefused(late: WebhookLoader, { id }: Account): Promise<void> {
  await waitUntil(async () => (await late.send(late.newEvent(id))) === 404);
  await waitUntil(async () => (await late.send(late.newEvent(stranger))) === 404);
}

/** Both are up for a while before one is killed: where they are slow to start, there would hardly ever be one otherwise. */
async function killReplicas(signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await Promise.all(replicas.map((replica) => replica.up()));
    await delay(KILL_EVERY_MS);
    await replicas[turn % replicas.length]?.kill();
  }
}

async function waitUntil(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) {
      const answers = JSON.stringify([...loader.answers]);
      throw new Error(`waited too long; webhooks were answered with ${answers}`);
    }
    await delay(100);
  }
}

test("accounts that come, change and go meanwhile lose no acknowledged event, and no foreign connection is synced", async () => {
  for (let index = 0; index < 3; index++) await add();
  const over = new AbortController();
  const load = loader.run(
    PER_SECOND,
    () => active[Math.floor(random() * active.length)]?.id ?? "",
    over.signal,
  );
  const chaos = killReplicas(over.signal);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await add();
      for (const account of active) await rename(account);
      for (const account of active.slice(0, 2)) await rotate(account);
      await delay(1500);
      const [oldest] = active;
      if (oldest !== undefined) await remove(oldest);
    }
  } finally {
    over.abort();
  }
  await Promise.all([load, chaos]);
  await loader.settled();

  const ledger = await ledgerOf(databaseUrl);
  const receivedAt = ({ credentialId, eventId }: { credentialId: string; eventId: string }) =>
    ledger.get(credentialId)?.get(eventId)?.receivedAt;
  const acked = [loader, ...lateLoaders].flatMap((each) => each.acked);
  expect(loader.acked).toHaveLength(loader.events.length);
  expect(acked.filter((event) => receivedAt(event) === undefined)).toEqual([]);
  const uncovered = () =>
    acked.filter((event) => {
      const { connectionId = "", removedAt } = accounts.get(event.credentialId) ?? {};
      return (
        removedAt === undefined && firstCover(airbyte, connectionId, receivedAt(event) ?? 0) === undefined
      );
    });
  await waitUntil(() => uncovered().length === 0);
  // What the last of those that were removed might still have been owed.
  await delay(SLOW_MS + STARTING_MS);

  const removed = [...accounts.values()].filter(({ removedAt }) => removedAt !== undefined);
  expect(removed).toHaveLength(ROUNDS);
  const late = removed.flatMap(({ connectionId, refusedAt = 0 }) =>
    airbyte.jobs.filter(
      (job) => job.connectionId === connectionId && job.createdAt > refusedAt + STARTING_MS,
    ),
  );
  expect(late).toEqual([]);
  expect(airbyte.jobs.filter(({ connectionId }) => connectionId === foreign)).toEqual([]);
  // There was something to sync: what they had waited for, and what was accepted after they had been removed.
  const owed = removed.filter(({ id, connectionId }) =>
    acked.some(
      (event) =>
        event.credentialId === id &&
        firstCover(airbyte, connectionId, receivedAt(event) ?? Infinity) === undefined,
    ),
  );
  expect(owed.length).toBeGreaterThan(ROUNDS / 2);
  expect(lateLoaders.flatMap((each) => each.acked)).not.toEqual([]);
  expect(acked.filter(({ credentialId }) => credentialId === stranger)).toEqual([]);
  expect(overlaps(airbyte)).toEqual([]);
  expect(airbyte.violations).toEqual([]);
  expect(replicas.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThan(5);
  expect(loader.events.length).toBeGreaterThan(300);
}, 420_000);
