import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { sign } from "../../src/dixa/webhooks/signature.ts";
import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  startAirbyteSimulator,
} from "../simulators/airbyte/index.ts";
import { RelayServer } from "../support/relay-server.ts";
import { type AttackResult, carryOut } from "./attacker.ts";
import { nextAttack, slowAttack, type Target } from "./hostile-requests.ts";
import { randomOf } from "./random.ts";

const REQUESTS = 10_000;
const SLOW = 20;
const AT_ONCE = 32;
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_260_101);

const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const ADMIN_TOKEN = "fuzz-admin-token-0123456789";
const SECRET = "00112233445566778899aabbccddeeff";
const NOTIFICATION_SECRET = "fuzz-notification-secret";
const MIB = 1024 * 1024;

let folder: string;
let airbyte: AirbyteSimulator;
let relay: RelayServer;
let relayUrl: string;
let hasEnded: boolean;
let target: Target;
let results: AttackResult[];
let before: Record<string, number>;
let after: Record<string, number>;
let startsBefore: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-fuzz-"));
  airbyte = await startAirbyteSimulator({ pendingMs: 10, runningMs: 20 });
  const { sourceId } = airbyte.addSource({ configuration: { credential_id: CREDENTIAL } });
  const { connectionId } = airbyte.addConnection({ sourceId });
  const config = join(folder, "relay.json");
  // JSON is YAML.
  await writeFile(config, JSON.stringify(configuration()));
  relay = new RelayServer(config, { bundled: true });
  relayUrl = await relay.listening;
  hasEnded = false;
  void relay.ended.then(() => {
    hasEnded = true;
  });
  const body = Buffer.from('{"event_id":"genuine","event_fqn":"CONVERSATION_CLOSED"}');
  const delivered = { body, signature: sign(SECRET, body, Date.now()) };
  target = { credentialId: CREDENTIAL, connectionId, secret: SECRET, delivered };
  await deliverGenuine();
  startsBefore = starts();

  const port = Number(new URL(relayUrl).port);
  const random = randomOf(SEED);
  results = [];
  const slow = Array.from({ length: SLOW }, () => carryOut(slowAttack(target), port));
  // What the first requests warm up is no leak.
  await storm(1000, random, port);
  before = await metrics();
  await storm(REQUESTS - 1000 - SLOW, random, port);
  results.push(...(await Promise.all(slow)));
  after = await metrics();
}, 600_000);

afterAll(async () => {
  await relay.stop();
  await airbyte.close();
  await rm(folder, { recursive: true });
}, 60_000);

function configuration(): unknown {
  return {
    listen: "127.0.0.1:0",
    store: join(folder, "relay.db"),
    admin_token: ADMIN_TOKEN,
    airbyte: {
      url: airbyte.url,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      notification_secret: NOTIFICATION_SECRET,
      requests_per_second: 100,
      burst: 100,
    },
    credentials: [{ id: CREDENTIAL, webhook_secrets: [SECRET] }],
    timings: {
      debounce: "50ms",
      max_wait: "100ms",
      min_interval: "10ms",
      job_poll: "50ms",
      refresh: "1s",
    },
    shutdown_delay: "0s",
  };
}

async function storm(requests: number, random: () => number, port: number): Promise<void> {
  let left = requests;
  const attacker = async () => {
    while (left-- > 0) results.push(await carryOut(nextAttack(random, target), port));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attacker));
}

/** One real event, followed until its sync has succeeded. */
async function deliverGenuine(): Promise<void> {
  const response = await fetch(`${relayUrl}/webhooks/dixa/${CREDENTIAL}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-dixa-signature": target.delivered.signature },
    body: target.delivered.body,
  });
  expect(response.status).toBe(202);
  while ((await credential()).connections[0]?.state !== "clean") {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function credential() {
  const response = await fetch(`${relayUrl}/v1/credentials/${CREDENTIAL}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  return (await response.json()) as { seq: number; connections: { state: string; synced_seq: number }[] };
}

function starts(): number {
  return airbyte.requests.filter(({ route }) => route === "start").length;
}

async function metrics(): Promise<Record<string, number>> {
  const text = await (await fetch(`${relayUrl}/metrics`)).text();
  return Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}

describe(`${REQUESTS} hostile requests`, () => {
  test("were made, of every kind", () => {
    expect(results).toHaveLength(REQUESTS);
    const kinds = new Map<string, number>();
    for (const { kind } of results) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    expect(kinds.size).toBe(15);
    for (const [kind, amount] of kinds) expect([kind, amount]).toEqual([kind, Math.max(amount, SLOW)]);
  });

  test("leave the relay running and ready", async () => {
    expect(hasEnded).toBe(false);
    expect((await fetch(`${relayUrl}/readyz`)).status).toBe(200);
  });

  test("are never answered with a mistake of the relay", () => {
    const mistakes = results.filter(({ statuses }) =>
      statuses.some((status) => status >= 500 && status !== 503),
    );
    expect(mistakes.slice(0, 5)).toEqual([]);
  });

  test("are accepted only when they are genuine and change nothing", () => {
    const accepted = results.filter(({ statuses }) => statuses.includes(202));
    expect(new Set(accepted.map(({ kind }) => kind))).toEqual(new Set(["replay", "signed garbage"]));
    for (const { answer } of accepted) expect(answer).toMatch(/\{"status":"(duplicate|filtered)"\}/);
  });

  test("hold no connection for longer than the relay allows", () => {
    expect(results.filter(({ isStuck }) => isStuck)).toEqual([]);
    // The one on which this was asked, the listener and the like.
    expect(after["dixa_relay_process_open_fds"]).toBeLessThan(before["dixa_relay_process_open_fds"]! + 16);
  });

  test("trigger nothing, and leave no trace in the store", async () => {
    expect(starts()).toBe(startsBefore);
    expect(await credential()).toMatchObject({ seq: 1, connections: [{ state: "clean", synced_seq: 1 }] });
    expect(airbyte.violations).toEqual([]);
  });

  test("are counted", () => {
    const rejected = (reason: string) => after[`dixa_relay_webhooks_rejected_total{reason="${reason}"}`];
    for (const reason of ["unauthorized", "malformed", "too_large", "media_type", "aborted", "method"]) {
      expect([reason, rejected(reason)]).not.toEqual([reason, 0]);
    }
  });

  test("don't fill the memory", () => {
    // What a collection of garbage leaves is about 20 MiB; the rest of the process stays where bursts have put it.
    expect(after["dixa_relay_nodejs_heap_size_used_bytes"]).toBeLessThan(128 * MIB);
    expect(after["dixa_relay_process_resident_memory_bytes"]).toBeLessThan(400 * MIB);
  });

  test("don't fill the log, and learn no secret from it or from any answer", () => {
    const lines = relay.log.split("\n");
    expect(lines.length).toBeLessThan(200);
    expect(lines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
    const told = `${relay.log}\n${results.map(({ answer }) => answer).join("\n")}`;
    for (const secret of [ADMIN_TOKEN, SECRET, CLIENT_SECRET, NOTIFICATION_SECRET])
      expect(told).not.toContain(secret);
    expect(told).not.toMatch(/at .*\.ts:\d+/);
  });
});
