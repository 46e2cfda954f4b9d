import { beforeEach, expect, test } from "@jest/globals";

import { AirbyteApiError } from "../../../src/airbyte/api/errors.ts";
import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { type Refresh } from "../../../src/relay/dispatch/mapping.ts";
import { DirectoryWatch } from "../../../src/relay/process/directory-watch.ts";
import { createRelayLogger } from "../../../src/relay/telemetry/log.ts";
import { Metrics } from "../../../src/relay/telemetry/metrics.ts";

const NOTHING: Refresh = { mapped: new Map(), added: [], contested: [], lost: [] };

let metrics: Metrics;
let answer: () => Promise<Refresh>;
let watch: DirectoryWatch;

beforeEach(() => {
  metrics = new Metrics();
  const logger = createRelayLogger({
    secrets: new SecretFilter(),
    level: "error",
    write: () => undefined,
  });
  watch = new DirectoryWatch({ refresh: () => answer() }, logger, metrics);
});

async function counts(): Promise<Record<string, number>> {
  const text = await metrics.registry.metrics();
  const found = text.matchAll(/^dixa_relay_refreshes_total{outcome="(\w+)"} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, outcome = "", count]) => [outcome, Number(count)]));
}

test("a look at Airbyte's connections is counted by how it ended", async () => {
  const { signal } = new AbortController();
  answer = () => Promise.resolve(NOTHING);
  await watch.refresh(signal);
  for (const kind of ["unauthorized", "forbidden", "unavailable"] as const) {
    answer = () => Promise.reject(new AirbyteApiError(kind, "no"));
    await expect(watch.refresh(signal)).rejects.toThrow("no");
  }
  answer = () => Promise.reject(new Error("the store is away"));
  await expect(watch.refresh(signal)).rejects.toThrow("the store is away");
  expect(await counts()).toEqual({ done: 1, unauthorized: 2, failed: 2 });
});

test("one that a stop has cut off is no failure", async () => {
  const stop = new AbortController();
  stop.abort();
  answer = () => Promise.reject(new Error("aborted"));
  await expect(watch.refresh(stop.signal)).rejects.toThrow("aborted");
  expect(await counts()).toEqual({ done: 0, unauthorized: 0, failed: 0 });
});
