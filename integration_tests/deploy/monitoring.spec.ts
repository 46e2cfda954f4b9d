import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { type Alert, readAlerts, RULES } from "./alerts.ts";
import { DASHBOARD, faultsOf, parseDashboard, readDashboard } from "./dashboard.ts";
import { BUILD_TIMEOUT_MS, buildGoTool, type GoTool } from "./go-tools.ts";
import { type LiveRelays, startLiveRelays } from "./live-relays.ts";
import { type LiveRule, Prometheus } from "./prometheus.ts";

const PATIENCE_MS = 60_000;

/** In the expressions of the alerts: series with what they are chosen by. */
const SELECTOR = /\b(?:dixa_relay_\w+|up)\b(?:\{[^}]*\})?/g;

describe("with two live relays and a real Prometheus", () => {
  let relays: LiveRelays;
  let prometheus: Prometheus;

  beforeAll(async () => {
    relays = await startLiveRelays();
    prometheus = await Prometheus.start(relays.addresses, RULES);
  }, 120_000);

  afterAll(async () => {
    await prometheus.stop();
    await relays.stop();
  }, 60_000);

  /** Resolves when the rules, all of them, satisfy the condition. */
  async function rulesThat(isEnough: (rules: LiveRule[]) => boolean): Promise<LiveRule[]> {
    const giveUpAt = Date.now() + PATIENCE_MS;
    for (;;) {
      const rules = await prometheus.rules();
      if (isEnough(rules)) return rules;
      if (Date.now() > giveUpAt) throw new Error(`still ${JSON.stringify(rules)}`);
      await delay(500);
    }
  }

  /** Selectors of the alerts that choose nothing: an alert over them could never fire, and nobody would see it. */
  async function emptySelectors(alerts: readonly Alert[]): Promise<string[]> {
    const selectors = new Set(alerts.flatMap(({ expr }) => expr.match(SELECTOR) ?? []));
    const empty: string[] = [];
    for (const selector of selectors) {
      if ((await prometheus.query(selector)).length === 0) empty.push(selector);
    }
    return empty;
  }

  test("every alert is evaluated without an error, those with cause fire, and say so in words", async () => {
    const strangers = ["DixaRelayUnknownCredential", "DixaRelayWebhooksUnauthorized"];
    const rules = await rulesThat(
      (all) =>
        all.every(({ health }) => health !== "unknown") &&
        strangers.every((name) => all.some((rule) => rule.name === name && rule.state === "firing")),
    );
    expect(rules.map(({ name }) => name)).toEqual(readAlerts().map(({ alert }) => alert));
    expect(rules.filter(({ health, lastError = "" }) => health !== "ok" || lastError !== "")).toEqual([]);
    const firing = rules.filter(({ state }) => state === "firing");
    expect(firing.map(({ name }) => name).sort()).toEqual(strangers);
    for (const { alerts } of firing) {
      // One for both replicas.
      expect(alerts.length).toBe(1);
      expect(JSON.stringify(alerts)).not.toMatch(/no value|error/i);
    }
  }, 120_000);

  test("every series that an alert looks at is there, by its labels too", async () => {
    const alerts = readAlerts();
    expect(await emptySelectors(alerts)).toEqual([]);
    for (const [word, wrong] of [
      ["dixa_relay_pending_age_seconds", "dixa_relay_pending_age_second"],
      ['reason="unavailable"', 'reason="unavailible"'],
      ['state="parked"', 'status="parked"'],
    ] as const) {
      const mutated = alerts.map((alert) => ({ ...alert, expr: alert.expr.replaceAll(word, wrong) }));
      expect([wrong, (await emptySelectors(mutated)).length]).toEqual([wrong, 1]);
    }
  }, 120_000);

  test("everything that the dashboard asks has an answer, with the labels that it shows", async () => {
    // The first syncs have ended, and there are rates.
    await rulesThat((rules) => rules.some(({ state }) => state === "firing"));
    const giveUpAt = Date.now() + PATIENCE_MS;
    let faults = await faultsOf(readDashboard(), prometheus);
    while (faults.length > 0 && Date.now() < giveUpAt) {
      await delay(1000);
      faults = await faultsOf(readDashboard(), prometheus);
    }
    expect(faults).toEqual([]);
  }, 150_000);

  test.each([
    ["a metric", "dixa_relay_sync_lag_seconds_bucket", "dixa_relay_sync_lags_seconds_bucket", /no series/],
    ["a label", "sum by (outcome)", "sum by (outcomes)", /no label outcome/],
    ["a label's value", 'state=\\"parked\\"', 'state=\\"PARKED\\"', /no series/],
    ["a legend", "{{instance}}", "{{instances}}", /no label instances/],
    ["a variable", "$credential", "$account", /nothing defines/],
    [
      "a variable's query",
      "pending_age_seconds, credential",
      "pending_age_seconds, account",
      /variable credential/,
    ],
  ])(
    "%s that is misspelt in the dashboard is found",
    async (_, text, wrong, fault) => {
      const shipped = readFileSync(DASHBOARD, "utf8");
      expect(shipped).toContain(text);
      const faults = await faultsOf(parseDashboard(shipped.replaceAll(text, () => wrong)), prometheus);
      expect(faults.join("\n")).toMatch(fault);
    },
    60_000,
  );
});

describe("Grafana's own schemas", () => {
  let tool: GoTool;
  let folder: string;

  beforeAll(async () => {
    tool = await buildGoTool("dashboard");
    folder = await mkdtemp(join(tmpdir(), "dashboard-"));
  }, BUILD_TIMEOUT_MS);

  afterAll(async () => {
    await tool.remove();
    await rm(folder, { recursive: true });
  });

  test("have nothing against the dashboard", async () => {
    expect(await tool.run(DASHBOARD)).toEqual({ isOk: true, stdout: "", stderr: "" });
  });

  test.each([
    ["of a dashboard", '"graphTooltip": 1', '"graphToolTip": 1', "graphToolTip"],
    ["of a panel", '"stacking"', '"stackin"', "stackin"],
    ["of its options", '"displayMode"', '"displaymode"', "displaymode"],
    ["of a query", '"legendFormat"', '"legend"', "legend"],
    ["of a wrong type", '"min": 0', '"min": "0"', "min"],
  ])("find what is misspelt %s", async (_, text, wrong, fault) => {
    const path = join(folder, "misspelt.json");
    const shipped = readFileSync(DASHBOARD, "utf8");
    expect(shipped).toContain(text);
    await writeFile(
      path,
      shipped.replace(text, () => wrong),
    );
    const { isOk, stderr } = await tool.run(path);
    expect({ isOk, stderr }).toEqual({ isOk: false, stderr: expect.stringContaining(fault) });
  });
});
