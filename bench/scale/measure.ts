import { setTimeout as delay } from "node:timers/promises";

import { cpuDuring, residentMiB } from "../process-figures.ts";
import { type LoadResult } from "../relay/load-client.ts";
import { median } from "../statistics.ts";
import { type Installation } from "./installation.ts";

const SECONDS = 8;
/** For which the relay is left alone, to see what waiting costs, ms. */
const IDLE_MS = 15_000;
const SETTLE_MS = 2000;
const LOOKS = 7;
/** Metrics are given out for a second, and each look is to find them out. */
const BETWEEN_LOOKS_MS = 1100;

export interface Figures {
  mapping: { seconds: number; load: LoadResult; stallMs: number };
  /** While all connections wait and nobody asks anything: ms of CPU a second. */
  waiting: number;
  at200: Paced;
  at1000: Paced;
  list: Look;
  metrics: Look;
  page: Look;
  account: Look;
  connections: Look;
  rssMiB: number;
}

export interface Paced {
  /** ms a second */
  cpu: number;
  load: LoadResult;
  stallMs: number;
}

/** An answer that was not given before: the middle of a few, ms. */
export interface Look {
  ms: number;
  cpuMs: number;
}

/** All that is to be known of one installation, in about a minute and a half. */
export async function measureInstallation(installation: Installation): Promise<Figures> {
  const { relay, ids } = installation;
  // Webhooks come while Airbyte's connections are learnt for the first time.
  const first = await installation.stallDuring(() =>
    Promise.all([installation.send(200, SECONDS), installation.mapped()]),
  );
  const [load, seconds] = first.result;
  // Each connection has something to wait for, and none is due.
  await installation.send(200, Math.ceil(ids.length / 200));
  await delay(SETTLE_MS);
  const waiting = await cpuDuring(relay.pid, () => delay(IDLE_MS));
  const at200 = await paced(installation, 200);
  const at1000 = await paced(installation, 1000);
  const cookie = await installation.cookie();
  const { bearer } = installation;
  const credential = `/v1/credentials/${ids[0] ?? ""}`;
  return {
    mapping: { seconds, load, stallMs: first.stallMs },
    waiting: waiting.msPerSecond,
    at200,
    at1000,
    list: await look(installation, "/v1/credentials", bearer),
    metrics: await look(installation, "/metrics", bearer),
    page: await look(installation, "/", cookie),
    account: await look(installation, `/accounts/${ids[0] ?? ""}`, cookie),
    connections: await look(installation, credential, bearer),
    rssMiB: await residentMiB(relay.pid),
  };
}

async function paced(installation: Installation, perSecond: number): Promise<Paced> {
  const { result, stallMs } = await installation.stallDuring(() =>
    cpuDuring(installation.relay.pid, () => installation.send(perSecond, SECONDS)),
  );
  return { cpu: result.msPerSecond, load: result.result, stallMs };
}

async function look(
  installation: Installation,
  path: string,
  headers: Record<string, string>,
): Promise<Look> {
  const times: number[] = [];
  const costs: number[] = [];
  for (let time = 0; time < LOOKS; time++) {
    await delay(BETWEEN_LOOKS_MS);
    const startedAt = performance.now();
    const { ms } = await cpuDuring(installation.relay.pid, () => installation.get(path, headers));
    times.push(performance.now() - startedAt);
    costs.push(ms);
  }
  return { ms: median(times), cpuMs: median(costs) };
}
