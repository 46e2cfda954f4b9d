import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { type BenchOptions } from "./options.ts";
import { compareWith } from "./relay/against.ts";
import { type Contender, Contenders, CREDENTIAL, SECRET } from "./relay/contenders.ts";
import { type LoadResult, runLoad } from "./relay/load-client.ts";
import { loadAverage, Report } from "./report.ts";
import { median, summary } from "./statistics.ts";

const RUNS = 5;
const REQUESTS = 20_000;
const CONNECTIONS = 64;
const PACE = 1000;
const PACED_REQUESTS = 10_000;
/** After which a relay that has started has done all that it does at its start, ms. */
const SETTLE_MS = 10_000;

type Say = (text: string) => void;

const load = (url: string, more: { requests: number; perSecond?: number }) =>
  runLoad({
    port: Number(new URL(url).port),
    paths: [`/webhooks/dixa/${CREDENTIAL}`],
    secret: SECRET,
    connections: CONNECTIONS,
    ...more,
  });

/**
 * Durable acknowledgements of signed webhooks with both stores, beside the same server without a store; or beside the
 * relay of another revision.
 */
export async function benchRelay({ against, rounds, stores: wanted }: BenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dixa-relay-bench-"));
  const contenders = new Contenders(folder);
  const report = await Report.open(against === undefined ? "relay" : "relay-against");
  const say = (text: string) => {
    report.say(text);
  };
  try {
    if (against !== undefined) {
      say(`${conditions()}; now and ${against}`);
      const measure = ({ url }: Contender) => load(url, { requests: REQUESTS });
      await compareWith(against, { contenders, stores: wanted, rounds, report, measure });
      return;
    }
    await idleMemory(contenders, say);
    const floor = await contenders.acceptingOnly();
    const stores = [await contenders.sqlite()];
    try {
      stores.push(await contenders.postgres());
    } catch (error) {
      say(`PostgreSQL is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
    await compare(floor, stores, say);
    await atPace([floor, ...stores], say);
  } finally {
    await contenders.close();
    await report.close();
    await rm(folder, { recursive: true });
  }
}

async function idleMemory(contenders: Contenders, say: Say): Promise<void> {
  const relay = await contenders.sqlite();
  await delay(SETTLE_MS);
  say(
    `\ndixa-relay with SQLite, idle for ${SETTLE_MS / 1000} s: ${(await residentMiB(relay)).toFixed(0)} MiB`,
  );
  await relay.stop();
}

/** As the process itself reads it from /proc. */
async function residentMiB({ url }: Contender): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^dixa_relay_process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1]) / 2 ** 20;
}

/** In turn, so that a noisy moment hits all of them. */
async function compare(floor: Contender, stores: readonly Contender[], say: Say): Promise<void> {
  const all = [floor, ...stores];
  const results = new Map<Contender, LoadResult[]>(all.map((contender) => [contender, []]));
  for (let run = 0; run <= RUNS; run++) {
    for (const contender of all) {
      const result = await load(contender.url, { requests: REQUESTS });
      // The first round warms up caches.
      if (run > 0) results.get(contender)?.push(result);
    }
  }
  say(`\n${conditions()}; median [min–max] of ${RUNS}`);
  const rates = (contender: Contender) =>
    (results.get(contender) ?? []).map(({ accepted, seconds }) => accepted / seconds);
  for (const [contender, runs] of results) {
    const share = rates(contender).map((rate, index) => rate / (rates(floor)[index] ?? Number.NaN));
    say(
      `${contender.name.padEnd(28)} ${summary(rates(contender), 0).padEnd(22)} acknowledgements/s  ` +
        `p50 ${summary(
          runs.map(({ p50 }) => p50),
          1,
        )} ms  p99 ${summary(
          runs.map(({ p99 }) => p99),
          1,
        )} ms  ` +
        (contender === floor ? "" : `${summary(share)} of the rate without a store  `) +
        `${(await residentMiB(contender)).toFixed(0)} MiB`,
    );
  }
}

async function atPace(contenders: readonly Contender[], say: Say): Promise<void> {
  say(`\nThe same at ${PACE.toLocaleString("en")} a second for ${PACED_REQUESTS / PACE} s; ${environment()}`);
  for (const { name, url } of contenders) {
    const runs: LoadResult[] = [];
    for (let run = 0; run < 3; run++) {
      runs.push(await load(url, { requests: PACED_REQUESTS, perSecond: PACE }));
    }
    const rate = median(runs.map(({ accepted, seconds }) => accepted / seconds));
    say(
      `${name.padEnd(28)} ${rate.toFixed(0)} acknowledgements/s  p50 ${summary(
        runs.map(({ p50 }) => p50),
        1,
      )} ms  ` +
        `p99 ${summary(
          runs.map(({ p99 }) => p99),
          1,
        )} ms  slowest ${Math.max(...runs.map(({ max }) => max)).toFixed(0)} ms`,
    );
  }
}

function conditions(): string {
  return (
    `${REQUESTS.toLocaleString("en")} signed webhooks of 1 KiB over ${CONNECTIONS} connections, sender on the same ` +
    `machine; ${environment()}`
  );
}

function environment(): string {
  return `${availableParallelism()} CPUs, load average ${loadAverage()}`;
}
