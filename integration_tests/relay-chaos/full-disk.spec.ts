import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { type AirbyteSimulator, startAirbyteSimulator } from "../simulators/airbyte/index.ts";
import { freePort } from "../support/free-port.ts";
import { firstCover } from "./evidence.ts";
import { chaosConfig, SECRET } from "./relay-config.ts";
import { Replica } from "./replica.ts";
import { SmallDisk } from "./small-disk.ts";
import { type SentEvent, WebhookLoader } from "./webhook-loader.ts";

const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
/** The write-ahead log alone may take 4 MiB before its first checkpoint. */
const DISK_KIB = 16_384;
const PATIENCE_MS = 30_000;

let folder: string;
let disk: SmallDisk;
let airbyte: AirbyteSimulator;
let connectionId: string;
let replica: Replica;
let loader: WebhookLoader;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-disk-"));
  await mkdir(join(folder, "disk"));
  disk = await SmallDisk.mount(join(folder, "disk"), DISK_KIB);
  airbyte = await startAirbyteSimulator({ pendingMs: 10, runningMs: 50 });
  const { sourceId } = airbyte.addSource({ configuration: { credential_id: CREDENTIAL } });
  connectionId = airbyte.addConnection({ sourceId }).connectionId;
  const port = await freePort();
  const config = join(folder, "relay.yaml");
  await writeFile(
    config,
    chaosConfig({
      listen: `127.0.0.1:${port}`,
      store: join(disk.folder, "relay.db"),
      airbyte,
      credentials: [CREDENTIAL],
      perSecond: 100,
      timings: {
        debounce: "100ms",
        max_wait: "300ms",
        min_interval: "100ms",
        job_poll: "50ms",
        refresh: "1s",
      },
    }),
  );
  replica = new Replica(config);
  await replica.up();
  url = `http://127.0.0.1:${port}`;
  loader = new WebhookLoader({ urls: [url], secret: SECRET });
}, 30_000);

afterAll(async () => {
  loader.close();
  await replica.stop();
  await airbyte.close();
  disk.unmount();
  await rm(folder, { recursive: true });
}, 30_000);

/** Sends events one after the other, each once, until enough of them have got this status. */
async function sendUntil(status: number, count: number): Promise<SentEvent[]> {
  const sent: SentEvent[] = [];
  for (let met = 0; met < count;) {
    const event = loader.newEvent(CREDENTIAL);
    const got = await loader.send(event);
    if (![202, 503].includes(got)) throw new Error(`a webhook was answered with ${got}`);
    if (got === status) met++;
    sent.push(event);
    if (sent.length > 20_000) throw new Error(`${status} did not come`);
  }
  return sent;
}

function storedIds(): Set<string> {
  const database = new DatabaseSync(join(disk.folder, "relay.db"));
  try {
    const rows = database.prepare("SELECT event_id FROM relay_event").all();
    return new Set(rows.map((row) => String(row["event_id"])));
  } finally {
    database.close();
  }
}

async function covered(instant: number): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (firstCover(airbyte, connectionId, instant) === undefined) {
    if (Date.now() > giveUpAt) throw new Error("the last event is not covered by a sync");
    await delay(50);
  }
}

test("on a full disk webhooks get 503 and never 202, a crash changes nothing, and space heals it", async () => {
  await sendUntil(202, 50);

  await disk.fill();
  const full = await sendUntil(503, 100);
  expect([...loader.retryAfters]).toEqual([expect.stringMatching(/^[1-9]\d*$/)]);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);

  await disk.free();
  const healed = await sendUntil(202, 50);
  // An answer is given out for a second.
  await delay(1100);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await disk.fill();
  await sendUntil(503, 10);
  await replica.kill();
  await disk.free();
  await replica.up();
  const refused = loader.events.filter(({ ackedAt }) => ackedAt === undefined);
  const [again, never] = [refused.slice(0, 60), refused.slice(60)];
  for (const event of again) expect(await loader.send(event)).toBe(202);
  const last = await sendUntil(202, 1);
  await covered(last.at(-1)?.ackedAt ?? Infinity);

  const stored = storedIds();
  expect(loader.acked.filter(({ eventId }) => !stored.has(eventId))).toEqual([]);
  expect(never.filter(({ eventId }) => stored.has(eventId))).toEqual([]);
  expect(never.length).toBeGreaterThan(0);
  expect(airbyte.violations).toEqual([]);
  process.stderr.write(
    `${JSON.stringify({ answers: Object.fromEntries(loader.answers), full: full.length, healed: healed.length })}\n`,
  );
}, 90_000);
