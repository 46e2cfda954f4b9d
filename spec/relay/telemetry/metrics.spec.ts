import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Gauge, Registry } from "prom-client";

import { type CredentialSummary } from "../../../src/relay/store/credential.ts";
import { label, metricText } from "../../../src/relay/telemetry/metric-text.ts";
import { Metrics } from "../../../src/relay/telemetry/metrics.ts";

const NOW = Date.UTC(2026, 0, 1);

function summary(credentialId: string, more: Partial<CredentialSummary> = {}): CredentialSummary {
  return {
    credentialId,
    seq: 1,
    lastEventAt: null,
    pendingSince: null,
    phases: {},
    owed: null,
    subscription: null,
    ...more,
  };
}

async function scraped(metrics: Metrics, summaries: readonly CredentialSummary[]): Promise<string[]> {
  const text = await metrics.scrape({
    credentials: () => Promise.resolve(summaries),
    isReady: () => Promise.resolve(true),
    now: () => NOW,
  });
  expect(text.endsWith("\n")).toBe(true);
  return text.split("\n");
}

test("a metric of many series is written as the client library writes it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc.tuple(fc.string(), fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))),
      ),
      async (series) => {
        const registry = new Registry();
        const head = { name: "a_metric", help: "What it tells.", type: "gauge" } as const;
        const gauge = new Gauge({ ...head, labelNames: ["a"], registers: [registry] });
        const byValue = new Map(series);
        for (const [value, number] of byValue) gauge.set({ a: value }, number);
        const text = metricText(
          head,
          [...byValue].map(([value, number]) => [label("a", value), number]),
        );
        expect(text.trimEnd().split("\n")).toEqual((await registry.metrics()).trimEnd().split("\n"));
      },
    ),
  );
});

test("each credential has its age, its connections by state, and what Dixa says of its webhook", async () => {
  const lines = await scraped(new Metrics(), [
    summary("a", { pendingSince: NOW - 1500, phases: { PARKED: 2, PENDING: 1 } }),
    summary("b", { pendingSince: NOW + 500, subscription: { state: "off", since: 0, failing: "a 500" } }),
    summary("c", { subscription: { state: "on", since: 0, failing: null } }),
  ]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'dixa_relay_pending_age_seconds{credential="a"} 1.5',
      'dixa_relay_pending_age_seconds{credential="b"} 0',
      'dixa_relay_connections{credential="a",state="parked"} 2',
      'dixa_relay_connections{credential="a",state="clean"} 0',
      'dixa_relay_subscription_on{credential="b"} 0',
      'dixa_relay_subscription_on{credential="c"} 1',
      'dixa_relay_deliveries_failing{credential="b"} 1',
      'dixa_relay_deliveries_failing{credential="c"} 0',
    ]),
  );
  expect(lines.filter((line) => line.startsWith('dixa_relay_subscription_on{credential="a"'))).toEqual([]);
  expect(lines.filter((line) => line.startsWith("dixa_relay_connections{"))).toHaveLength(21);
});

test("webhooks are counted by credential and outcome", async () => {
  const metrics = new Metrics();
  for (const outcome of ["new", "new", "duplicate"] as const) metrics.accepted("a", outcome);
  metrics.accepted("b", "filtered");
  const counted = (await scraped(metrics, [])).filter((line) => line.startsWith("dixa_relay_webhooks_total"));
  expect(counted.toSorted()).toEqual([
    'dixa_relay_webhooks_total{credential="a",outcome="duplicate"} 1',
    'dixa_relay_webhooks_total{credential="a",outcome="new"} 2',
    'dixa_relay_webhooks_total{credential="b",outcome="filtered"} 1',
  ]);
});

test("each metric is introduced once, each series stands there once, and what follows a metric is of it", async () => {
  const metrics = new Metrics();
  metrics.accepted("a", "new");
  const lines = await scraped(metrics, [summary("a"), summary("b")]);
  const names = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.split(" ")[2] ?? "");
  expect(new Set(names).size).toBe(names.length);
  let current = "";
  const series: string[] = [];
  for (const line of lines) {
    if (line.startsWith("# TYPE ")) current = line.split(" ")[2] ?? "";
    if (line === "" || line.startsWith("#")) continue;
    expect(line.slice(0, current.length)).toBe(current);
    series.push(line.slice(0, line.lastIndexOf(" ")));
  }
  expect(new Set(series).size).toBe(series.length);
});
