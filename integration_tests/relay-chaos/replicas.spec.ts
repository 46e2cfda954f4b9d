import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { type AirbyteSimulator, startAirbyteSimulator } from "../simulators/airbyte/index.ts";
import { generator } from "../simulators/dixa/random.ts";
import { type Claim, claimsOf, firstCover, ledgerOf, notesOf, openJobs, overlaps } from "./evidence.ts";
import { chaosConfig, SECRET } from "./relay-config.ts";
import { type Replica, startReplicas } from "./replica.ts";
import { WebhookLoader } from "./webhook-loader.ts";

const CREDENTIALS = 8;
const LOAD_MS = 90_000;
const PER_SECOND = 150;
const KILL_EVERY_MS = 1000;
/** So many kills in a row hit the same replica. */
const VICTIM_FOR = 10;
/** Since the beginning of the load, ms. */
const DATABASE_CRASHES = [30_000, 82_000];
const AIRBYTE_DOWN = { from: 15_000, to: 75_000 };
const PATIENCE_MS = 60_000;

const credentials = Array.from({ length: CREDENTIALS }, () => randomUUID());

let folder: string;
let postgres: PostgresServer;
let databaseUrl: string;
let airbyte: AirbyteSimulator;
let loader: WebhookLoader;
/** Ids of connections by credential. */
const connections = new Map<string, string[]>();
const replicas: Replica[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-chaos-"));
  postgres = await startPostgres();
  databaseUrl = await postgres.createDatabase();
  airbyte = await startAirbyteSimulator({ pendingMs: 30, runningMs: 250, startMs: 60, seed: 7 });
  for (const [index, credentialId] of credentials.entries()) {
    const { sourceId } = airbyte.addSource({ configuration: { credential_id: credentialId } });
    const own = Array.from(
      { length: 1 + (index % 2) },
      () => airbyte.addConnection({ sourceId }).connectionId,
    );
    connections.set(credentialId, own);
  }
  const started = await startReplicas(folder, relayConfig);
  replicas.push(...started.replicas);
  loader = new WebhookLoader({ urls: started.urls, secret: SECRET });
}, 60_000);

afterAll(async () => {
  loader.close();
  await Promise.allSettled(replicas.map((replica) => replica.stop()));
  await airbyte.close();
  await postgres.stop();
  await rm(folder, { recursive: true });
}, 60_000);

function relayConfig(listen: string): string {
  return chaosConfig({
    listen,
    store: databaseUrl,
    airbyte,
    credentials,
    // The places of killed replicas stay taken for half a minute.
    more: { concurrency: 20 },
    timings: {
      debounce: "200ms",
      max_wait: "500ms",
      min_interval: "300ms",
      lease: "3s",
      job_poll: "100ms",
      busy_poll: "100ms",
      error_backoff: "200ms",
      failed_backoff: "300ms",
      cancelled_backoff: "300ms",
      max_backoff: "1s",
      max_failed_jobs: 50,
      refresh: "2s",
    },
  });
}

/** Each credential has a time of its own in which something happens, so each has its last event in another storm. */
function activeCredentials(elapsed: number): string[] {
  const share = LOAD_MS / CREDENTIALS;
  return credentials.filter((_, index) => elapsed >= (index - 2) * share && elapsed < (index + 1) * share);
}

/** Kills one replica a second, at a random moment of it; now the one and then the other. */
async function killReplicas(signal: AbortSignal, random: () => number): Promise<void> {
  for (let second = 0; !signal.aborted; second++) {
    const rest = delay(KILL_EVERY_MS);
    await delay(random() * KILL_EVERY_MS);
    await replicas[Math.floor(second / VICTIM_FOR) % replicas.length]?.kill();
    await rest;
  }
}

/** What the relay says in between must be true at that time. */
async function watchClaims(claims: Claim[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    claims.push(...(await claimsOf(databaseUrl).catch(() => [])));
    await delay(250);
  }
}

async function crashDatabase(): Promise<void> {
  for (const [index, at] of DATABASE_CRASHES.entries()) {
    await delay(at - (DATABASE_CRASHES[index - 1] ?? 0));
    await postgres.restart("immediate");
  }
}

async function stopAirbyte(): Promise<void> {
  await delay(AIRBYTE_DOWN.from);
  airbyte.faults.clear();
  airbyte.addFault({ kind: "reset", rate: 1, untilMs: Date.now() + AIRBYTE_DOWN.to - AIRBYTE_DOWN.from });
  annoy();
}

/** Replies that are lost after the sync was started, refusals, and jobs that fail or are cancelled in the queue. */
function annoy(): void {
  airbyte.addFault({ route: "start", kind: "reset", effect: true, rate: 0.05 });
  airbyte.addFault({ route: "start", kind: "502", effect: true, rate: 0.03 });
  airbyte.addFault({ kind: "503", rate: 0.03 });
  airbyte.addFault({ kind: "cut", rate: 0.02 });
}

test("whatever is killed, every webhook that got a 2xx is covered by a sync that began after it", async () => {
  const random = generator(11);
  annoy();
  airbyte.planJob({ rate: 0.06, failedAttempts: 1 });
  airbyte.planJob({ rate: 0.06, cancelled: "queued", queuedMs: 150 });
  const over = new AbortController();
  const claims: Claim[] = [];
  const startedAt = performance.now();
  const next = () => {
    const active = activeCredentials(performance.now() - startedAt);
    return active[Math.floor(random() * active.length)] ?? credentials.at(-1) ?? "";
  };
  const load = loader.run(PER_SECOND, next, over.signal);
  const chaos = Promise.all([
    killReplicas(over.signal, random),
    watchClaims(claims, over.signal),
    crashDatabase(),
    stopAirbyte(),
  ]);
  await Promise.all([delay(LOAD_MS), Promise.race([chaos, delay(LOAD_MS)])]);
  over.abort();
  await Promise.all([load, chaos]);
  airbyte.faults.clear();
  airbyte.jobBook.plans.clear();
  await loader.settled();
  await quiescence();

  const { events } = loader;
  const ledger = await ledgerOf(databaseUrl);
  const entryOf = (credentialId: string, eventId: string) => ledger.get(credentialId)?.get(eventId);
  const lost = events.filter(({ credentialId, eventId }) => entryOf(credentialId, eventId) === undefined);
  expect(lost).toEqual([]);

  const lags: number[] = [];
  const uncovered: string[] = [];
  for (const { credentialId, eventId } of events) {
    const { receivedAt = 0 } = entryOf(credentialId, eventId) ?? {};
    for (const connectionId of connections.get(credentialId) ?? []) {
      const job = firstCover(airbyte, connectionId, receivedAt);
      if (job === undefined) uncovered.push(`${eventId} at ${connectionId}`);
      else lags.push(job.updatedAt - receivedAt);
    }
  }
  expect(uncovered).toEqual([]);

  claims.push(...(await claimsOf(databaseUrl)));
  expect(claims.filter((claim) => !isTrue(claim, ledger))).toEqual([]);
  expect(overlaps(airbyte)).toEqual([]);
  expect(airbyte.violations).toEqual([]);
  expect(airbyte.requests.filter(({ route }) => route === "cancel")).toEqual([]);

  const kills = replicas.reduce((sum, replica) => sum + replica.kills, 0);
  expect(kills).toBeGreaterThan(30);
  const jobs = Object.fromEntries(
    [...Map.groupBy(airbyte.jobs, ({ status }) => status)].map(([status, list]) => [status, list.length]),
  );
  lags.sort((a, b) => a - b);
  tell({
    events: events.length,
    sent: events.reduce((sum, { attempts }) => sum + attempts, 0),
    answers: Object.fromEntries(loader.answers),
    kills,
    starts: airbyte.requests.filter(({ route }) => route === "start").length,
    jobs,
    notes: await notesOf(databaseUrl),
    claims: claims.length,
    lag: { p50: lags[Math.floor(lags.length / 2)], max: lags.at(-1) },
  });

  const endings = await Promise.all(replicas.map((replica) => replica.stop()));
  for (const { code, log } of endings) {
    expect({ code, unexpected: log.includes("unexpected error") ? log : "" }).toEqual({
      code: 0,
      unexpected: "",
    });
  }
}, 230_000);

/** A watermark is true if a sync that began after its event had succeeded by then. */
function isTrue(
  { connectionId, syncedSeq, at }: Claim,
  ledger: Awaited<ReturnType<typeof ledgerOf>>,
): boolean {
  if (syncedSeq === 0) return true;
  const owner = [...connections].find(([, ids]) => ids.includes(connectionId))?.[0] ?? "";
  const entry = [...(ledger.get(owner)?.values() ?? [])].find(({ seq }) => seq === syncedSeq);
  return entry !== undefined && firstCover(airbyte, connectionId, entry.receivedAt, at) !== undefined;
}

async function quiescence(): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const [ledger, claims] = await Promise.all([ledgerOf(databaseUrl), claimsOf(databaseUrl)]);
    const waiting = [...connections].flatMap(([credentialId, ids]) =>
      ids.filter((id) => {
        const synced = claims.find(({ connectionId }) => connectionId === id)?.syncedSeq;
        return synced !== (ledger.get(credentialId)?.size ?? 0);
      }),
    );
    if (waiting.length === 0 && openJobs(airbyte) === 0) return;
    if (Date.now() > giveUpAt) throw new Error(`still not synced: ${waiting.join(", ")}`);
    await delay(200);
  }
}

function tell(figures: Record<string, unknown>): void {
  process.stderr.write(`${JSON.stringify(figures)}\n`);
}
