import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { type PostgresServer, startPostgres } from "../integration_tests/postgres/server.ts";
import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  startAirbyteSimulator,
} from "../integration_tests/simulators/airbyte/index.ts";
import { RelayServer } from "../integration_tests/support/relay-server.ts";
import { SECRET } from "./relay/contenders.ts";
import { type LoadResult, runLoad } from "./relay/load-client.ts";
import { median } from "./statistics.ts";

const ADMIN_TOKEN = "token-of-the-benchmark";
const SIZES = [
  { credentials: 10, each: 3 },
  { credentials: 1000, each: 10 },
] as const;
const CONNECTIONS = 32;
const SECONDS = 8;
const PACES = [200, 1000];
/** For which the relay is left alone, to see what waiting costs, ms. */
const IDLE_MS = 10_000;
const LOOKS = 3;
/** Readiness and metrics are given out for a second. */
const ANSWER_AGE_MS = 1100;
const MAPPING_PATIENCE_MS = 180_000;
/** Ticks of the clock in which Linux counts a process's time, a second. */
const TICKS = 100;

const say = (text: string) => process.stdout.write(`${text}\n`);

interface Figures {
  mapping: { seconds: number; load: LoadResult };
  /** While all connections wait and nobody asks anything: ms of CPU a second. */
  waiting: number;
  paced: { perSecond: number; cpu: number; load: LoadResult }[];
  list: number;
  metrics: number;
  page: number;
  account: number;
  rssMiB: number;
}

/** A small installation beside a large one, with both stores, in one run. */
export async function benchScale(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dixa-relay-scale-"));
  let postgres: PostgresServer | undefined;
  say(`\nThe cost of size; ${availableParallelism()} CPUs, load average ${load()} before`);
  try {
    for (const size of SIZES)
      say(
        describe(
          `SQLite, ${nameOf(size)}`,
          await measure(join(folder, `${size.credentials}.db`), size, folder),
        ),
      );
    try {
      postgres = await startPostgres();
    } catch (error) {
      say(`PostgreSQL is left out: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    for (const size of SIZES) {
      say(
        describe(`PostgreSQL, ${nameOf(size)}`, await measure(await postgres.createDatabase(), size, folder)),
      );
    }
  } finally {
    await postgres?.stop();
    await rm(folder, { recursive: true });
    say(`load average ${load()} after`);
  }
}

async function measure(store: string, size: (typeof SIZES)[number], folder: string): Promise<Figures> {
  const ids = Array.from({ length: size.credentials }, () => randomUUID());
  const airbyte = await startAirbyteSimulator();
  for (const id of ids) {
    const { sourceId } = airbyte.addSource({ configuration: { credential_id: id } });
    for (let index = 0; index < size.each; index++) airbyte.addConnection({ sourceId });
  }
  const config = join(folder, "relay.yaml");
  // JSON is YAML.
  await writeFile(config, JSON.stringify(configOf(store, airbyte, ids)));
  const relay = new RelayServer(config, { bundled: true, env: { ...process.env, DATABASE_URL: "" } });
  try {
    const url = await relay.listening;
    const sent = (perSecond: number, seconds: number) =>
      runLoad({
        port: Number(new URL(url).port),
        paths: ids.map((id) => `/webhooks/dixa/${id}`),
        secret: SECRET,
        connections: CONNECTIONS,
        requests: perSecond * seconds,
        perSecond,
      });
    const startedAt = performance.now();
    // Webhooks come while Airbyte's connections are learnt for the first time.
    const [first, seconds] = await Promise.all([sent(200, SECONDS), mapped(relay, startedAt)]);
    // Each connection has something to wait for, and none is due.
    await sent(200, Math.ceil(ids.length / 200));
    await delay(2000);
    const waiting = await cpuDuring(relay, () => delay(IDLE_MS));
    const paced: Figures["paced"] = [];
    for (const perSecond of PACES) {
      let result: LoadResult | undefined;
      const cpu = await cpuDuring(relay, async () => (result = await sent(perSecond, SECONDS)));
      if (result !== undefined) paced.push({ perSecond, cpu, load: result });
    }
    const bearer = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const cookie = { cookie: await signIn(url) };
    return {
      mapping: { seconds, load: first },
      waiting,
      paced,
      list: await timeOf(`${url}/v1/credentials`, bearer),
      metrics: await timeOf(`${url}/metrics`, bearer),
      page: await timeOf(`${url}/`, cookie),
      account: await timeOf(`${url}/accounts/${ids[0] ?? ""}`, cookie),
      rssMiB: await residentMiB(relay),
    };
  } finally {
    await relay.stop();
    await airbyte.close();
  }
}

function configOf(store: string, { url }: AirbyteSimulator, ids: readonly string[]): unknown {
  return {
    listen: "127.0.0.1:0",
    store,
    admin_token: ADMIN_TOKEN,
    shutdown_delay: "0s",
    airbyte: {
      url,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      requests_per_second: 1000,
      burst: 1000,
    },
    credentials: ids.map((id) => ({ id, webhook_secrets: [SECRET] })),
    // Nothing is to become due while it is measured how all of it waits.
    timings: { debounce: "1h", max_wait: "2h" },
  };
}

/** @returns after how many seconds the relay had learnt the connections */
async function mapped(relay: RelayServer, startedAt: number): Promise<number> {
  while (!relay.log.includes("connections found")) {
    if (performance.now() - startedAt > MAPPING_PATIENCE_MS)
      throw new Error("the connections were not found");
    await delay(50);
  }
  return (performance.now() - startedAt) / 1000;
}

/** CPU that a relay takes while something goes on, ms a second. */
async function cpuDuring({ pid }: RelayServer, work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const before = await cpuMs(pid);
  await work();
  return ((await cpuMs(pid)) - before) / ((performance.now() - startedAt) / 1000);
}

/** As Linux counts it, user and system. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // Behind the program's name, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

async function residentMiB({ pid }: RelayServer): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/login`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ token: ADMIN_TOKEN }),
  });
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

/** How long an answer takes, ms: the middle of a few. */
async function timeOf(url: string, headers: Record<string, string>): Promise<number> {
  const times: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await delay(ANSWER_AGE_MS);
    const startedAt = performance.now();
    const response = await fetch(url, { headers, redirect: "manual" });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

function describe(name: string, figures: Figures): string {
  const { mapping, waiting, paced, list, metrics, page, account, rssMiB } = figures;
  const latency = ({ p50, p99, max }: LoadResult) =>
    `p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  slowest ${max.toFixed(0)} ms`;
  return [
    `\n${name}`,
    `  first mapping ${mapping.seconds.toFixed(1)} s, webhooks at 200/s meanwhile: ${latency(mapping.load)}`,
    `  all connections wait: ${waiting.toFixed(1)} CPU ms/s`,
    ...paced.map((each) => `  ${each.perSecond}/s: ${each.cpu.toFixed(0)} CPU ms/s  ${latency(each.load)}`),
    `  /v1/credentials ${list.toFixed(0)} ms  /metrics ${metrics.toFixed(0)} ms  page ${page.toFixed(0)} ms  ` +
      `one account ${account.toFixed(0)} ms  RSS ${rssMiB.toFixed(0)} MiB`,
  ].join("\n");
}

function nameOf({ credentials, each }: (typeof SIZES)[number]): string {
  return `${credentials.toLocaleString("en")} × ${each}`;
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
