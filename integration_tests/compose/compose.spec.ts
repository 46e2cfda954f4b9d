import { execFile, execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { sign } from "../../src/dixa/webhooks/signature.ts";
import { firstCover, type LedgerEntry, overlaps } from "../relay-chaos/evidence.ts";
import { WebhookLoader } from "../relay-chaos/webhook-loader.ts";
import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  startAirbyteSimulator,
} from "../simulators/airbyte/index.ts";
import { freePort } from "../support/free-port.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
/** The credential of the example. */
const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const SECRET = "00112233445566778899aabbccddeeff";
const PATIENCE_MS = 90_000;
const PER_SECOND = 100;

let airbyte: AirbyteSimulator;
let connectionId: string;
let folder: string;
let env: NodeJS.ProcessEnv;
let url: string;

async function compose(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", ["compose", ...args], { cwd: folder, env });
  return stdout;
}

/** As the guide says: the two files side by side, and the secrets in the environment. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-compose-"));
  await copyFile(join(ROOT, "compose.yaml"), join(folder, "compose.yaml"));
  airbyte = await startAirbyteSimulator({ host: await gateway(), pendingMs: 50, runningMs: 200 });
  const { sourceId } = airbyte.addSource({ configuration: { credential_id: CREDENTIAL } });
  ({ connectionId } = airbyte.addConnection({ sourceId }));
  const example = await readFile(join(ROOT, "relay.example.yaml"), "utf8");
  const config = example
    .replace("https://api.airbyte.com/v1", airbyte.url)
    .replace("# requests_per_second: 1", "requests_per_second: 50")
    .replace("# concurrency: 2", "concurrency: 20\n  start_timeout: 5s")
    .replace(/^# credentials:\n(?:# {3}.*\n)+/m, (block) => block.replaceAll(/^# /gm, ""))
    // In less of a hurry, the test would take minutes.
    .replace("debounce: 30s", "debounce: 500ms")
    .replace("max_wait: 2m", "max_wait: 1s")
    .replace("min_interval: 5m", "min_interval: 1s\n    lease: 10s\n    job_poll: 200ms");
  await writeFile(join(folder, "relay.yaml"), config);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  env = {
    ...process.env,
    COMPOSE_PROJECT_NAME: `relay-compose-${process.pid}`,
    RELAY_PORT: `${port}`,
    RELAY_ADMIN_TOKEN: randomBytes(32).toString("hex"),
    RELAY_SECRET_KEY: randomBytes(32).toString("hex"),
    POSTGRES_PASSWORD: randomBytes(16).toString("hex"),
    AIRBYTE_CLIENT_ID: CLIENT_ID,
    AIRBYTE_CLIENT_SECRET: CLIENT_SECRET,
    DIXA_WEBHOOK_SECRET: SECRET,
  };
}, 60_000);

afterAll(async () => {
  await compose("down", "--volumes", "--timeout", "5");
  await airbyte.close();
  await rm(folder, { recursive: true });
}, 60_000);

/** Where containers of every bridge network reach this machine. */
async function gateway(): Promise<string> {
  const format = "{{(index .IPAM.Config 0).Gateway}}";
  const { stdout } = await run("docker", ["network", "inspect", "bridge", "--format", format]);
  return stdout.trim();
}

interface ContainerState {
  name: string;
  health: string;
}

async function relays(): Promise<ContainerState[]> {
  const lines = (await compose("ps", "--all", "--format", "json", "relay")).trim().split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { Name: string; Health: string })
    .map(({ Name: name, Health: health }) => ({ name, health }));
}

async function bothHealthy(): Promise<ContainerState[]> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const states = await relays();
    if (states.length === 2 && states.every(({ health }) => health === "healthy")) return states;
    if (Date.now() > giveUpAt) {
      throw new Error(`not healthy: ${JSON.stringify(states)}\n${await compose("logs", "--tail", "30")}`);
    }
    await delay(500);
  }
}

/** Ends a container's process as a crash does. `docker kill` would count as a wish that it stays away. */
async function crash(name: string): Promise<void> {
  const { stdout } = await run("docker", ["inspect", "--format", "{{.State.Pid}}", name]);
  const shell = ["--pid", "host", "--user", "0", "--read-only", "--entrypoint", "/bin/sh", "dixa-relay"];
  await run("docker", ["run", "--rm", ...shell, "-c", `kill -KILL ${stdout.trim()}`]);
}

async function restarted(name: string): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const { stdout } = await run("docker", ["inspect", "--format", "{{.RestartCount}}", name]);
    if (stdout.trim() === "1") return;
    if (Date.now() > giveUpAt) throw new Error(`${name} was not started again`);
    await delay(200);
  }
}

/** What the store has of the events, by id. */
async function ledger(): Promise<Map<string, LedgerEntry>> {
  // Where the image asks for no password.
  const login = ["--host", "127.0.0.1", "--username", "relay", "--dbname", "relay"];
  const sql = "SELECT event_id, seq, received_at FROM relay_event";
  const psql = ["psql", ...login, "--tuples-only", "--no-align", "--command", sql];
  const rows = await compose("exec", "--no-TTY", "database", ...psql);
  return new Map(
    rows
      .trim()
      .split("\n")
      .map((row) => row.split("|"))
      .map(([eventId = "", seq, receivedAt]) => [
        eventId,
        { seq: Number(seq), receivedAt: Number(receivedAt) },
      ]),
  );
}

/**
 * Sends webhooks evenly while something happens, as Dixa would that is told nothing: each again until it is acknowledged.
 *
 * @param happen gets what tells how many are acknowledged so far
 */
async function underLoad(happen: (acked: () => number) => Promise<void>): Promise<WebhookLoader> {
  // A busy machine must not be taken for a relay that gives no answer.
  const loader = new WebhookLoader({ urls: [url], secret: SECRET, timeoutMs: 15_000 });
  const over = new AbortController();
  const load = loader.run(PER_SECOND, () => CREDENTIAL, over.signal);
  try {
    await delay(1500);
    await happen(() => loader.acked.length);
    await delay(1500);
    over.abort();
    await load;
    await loader.settled();
  } finally {
    over.abort();
    loader.close();
  }
  return loader;
}

/** Every event that was acknowledged is kept, and a sync that began after it has succeeded, one at a time. */
async function expectNothingLost({ acked, events, answers }: WebhookLoader): Promise<void> {
  expect(acked.length).toBe(events.length);
  const kept = await ledger();
  expect(acked.filter(({ eventId }) => !kept.has(eventId))).toEqual([]);
  const last = Math.max(...acked.map(({ eventId }) => kept.get(eventId)?.receivedAt ?? 0));
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (firstCover(airbyte, connectionId, last) === undefined) {
    if (Date.now() > giveUpAt)
      throw new Error(`not synced:\n${await compose("logs", "--tail", "50", "relay")}`);
    await delay(200);
  }
  expect(overlaps(airbyte)).toEqual([]);
  process.stderr.write(`${JSON.stringify({ acked: acked.length, answers: Object.fromEntries(answers) })}\n`);
}

/**
 * No webhook was left without an answer of the relay, between a replica's death and the proxy's notice of it neither: it is
 * 202, or 503 with Retry-After, as when a transaction of the dead still holds the account's row.
 */
function expectAnswered({ answers, retryAfters }: WebhookLoader): void {
  expect([...answers.keys()].filter((status) => status !== 202 && status !== 503)).toEqual([]);
  expect(retryAfters.has(null)).toBe(false);
}

async function deliver(eventId: string): Promise<{ status: number; body: unknown }> {
  const body = Buffer.from(JSON.stringify({ event_id: eventId, event_fqn: "CONVERSATION_CLOSED" }));
  const response = await fetch(`${url}/webhooks/dixa/${CREDENTIAL}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-dixa-signature": sign(SECRET, body, Date.now()) },
    body,
  });
  return { status: response.status, body: await response.json() };
}

test("two replicas become healthy behind the proxy, take webhooks, and know each other's", async () => {
  await compose("config", "--quiet");
  await compose("up", "--detach", "--no-build");
  const states = await bothHealthy();

  const eventId = randomUUID();
  expect(await deliver(eventId)).toEqual({ status: 202, body: { status: "new" } });
  // Whichever replica the proxy chooses.
  for (let time = 0; time < 4; time++) {
    expect(await deliver(eventId)).toEqual({ status: 202, body: { status: "duplicate" } });
  }
  for (const { name } of states) {
    const health = ["exec", name, "/usr/local/bin/node", "/relay/dixa-relay.mjs", "health"];
    expect(execFileSync("docker", health, { encoding: "utf8" })).toBe("ok\n");
  }
}, 240_000);

test("one replica is killed under load: webhooks go on, and none that was acknowledged is lost", async () => {
  const [{ name } = { name: "" }] = await bothHealthy();
  const loader = await underLoad(async (acked) => {
    await run("docker", ["kill", "--signal", "KILL", name]);
    // While the other is alone.
    for (let second = 0; second < 6; second++) {
      const before = acked();
      await delay(1000);
      expect(acked() - before).toBeGreaterThan(0);
    }
    await run("docker", ["start", name]);
    await bothHealthy();
  });
  await expectNothingLost(loader);
  expectAnswered(loader);
}, 180_000);

test("one replica crashes under load: it comes back by itself, and nothing that was acknowledged is lost", async () => {
  const [, { name } = { name: "" }] = await bothHealthy();
  const loader = await underLoad(async () => {
    await crash(name);
    await restarted(name);
    await bothHealthy();
  });
  await expectNothingLost(loader);
  expectAnswered(loader);
}, 180_000);

test("one replica goes, and the other takes what comes", async () => {
  const [first] = await relays();
  execFileSync("docker", ["stop", "--time", "20", first?.name ?? ""]);
  for (let time = 0; time < 4; time++) {
    expect(await deliver(randomUUID())).toEqual({ status: 202, body: { status: "new" } });
  }
}, 60_000);

test("a replica without its database is not healthy, and says so", async () => {
  await compose("stop", "database");
  const states = (await relays()).filter(({ health }) => health !== "");
  const [running] = states;
  await expect(
    run("docker", ["exec", running?.name ?? "", "/usr/local/bin/node", "/relay/dixa-relay.mjs", "health"]),
  ).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("does not accept webhooks now") });
}, 60_000);
