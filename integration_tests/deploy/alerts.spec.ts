import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { readAlerts, readExpectations, RULES, UNIT_TESTS } from "./alerts.ts";
import { outcomeOf } from "./go-tools.ts";

const ROOT = join(import.meta.dirname, "../..");
const alerts = readAlerts();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "alerts-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Debian's; an old enough Prometheus to tell what needs a newer one. */
async function promtool(...args: string[]): Promise<{ isOk: boolean; said: string }> {
  const { isOk, stdout, stderr } = await outcomeOf("promtool", args).catch((error: unknown) => {
    throw new Error("promtool is missing: apt-get install prometheus", { cause: error });
  });
  return { isOk, said: `${stdout}${stderr}` };
}

/** Runs the unit tests on rules whose expressions are others. @returns the alerts whose tests failed */
async function failuresWith(expr: string): Promise<{ isOk: boolean; failed: string[] }> {
  const text = (await readFile(RULES, "utf8")).replaceAll(
    /^( +)expr: (?:>-\n(?:\1 {2}.*\n)+|.*\n)/gm,
    (_, indent: string) => `${indent}expr: ${expr}\n`,
  );
  await writeFile(join(folder, "dixa-relay.rules.yaml"), text);
  await copyFile(UNIT_TESTS, join(folder, "dixa-relay.tests.yaml"));
  const { isOk, said } = await promtool("test", "rules", join(folder, "dixa-relay.tests.yaml"));
  return {
    isOk,
    failed: [
      ...new Set([...said.matchAll(/expr: "ALERTS{alertname=\\"(\w+)\\"/g)].map(([, name = ""]) => name)),
    ],
  };
}

test("promtool accepts the rules, and each alert's unit tests pass", async () => {
  expect(await promtool("check", "rules", RULES)).toEqual({
    isOk: true,
    said: expect.stringContaining(`${alerts.length} rules found`),
  });
  expect(await promtool("test", "rules", UNIT_TESTS)).toEqual({
    isOk: true,
    said: expect.stringContaining("SUCCESS"),
  });
});

test("Prometheus accepts the configuration that the guide shows", async () => {
  const guide = await readFile(join(ROOT, "deploy/README.md"), "utf8");
  const [, shown = ""] = /```yaml\n(scrape_configs:.+?)```/s.exec(guide) ?? [];
  await copyFile(RULES, join(folder, "dixa-relay.rules.yaml"));
  await writeFile(join(folder, "prometheus.yml"), shown);
  expect(await promtool("check", "config", join(folder, "prometheus.yml"))).toEqual({
    isOk: true,
    said: expect.stringContaining(`${alerts.length} rules found`),
  });
});

test("each alert has a test in which it fires and one in which it does not, and either can fail", async () => {
  const names = alerts.map(({ alert }) => alert).sort();
  const expectations = readExpectations();
  for (const fires of [true, false]) {
    const tested = expectations.filter(({ firing }) => firing.length > 0 === fires).map(({ alert }) => alert);
    expect([...new Set(tested)].sort()).toEqual(names);
  }
  const never = await failuresWith("vector(0) > 1");
  expect({ isOk: never.isOk, failed: never.failed.sort() }).toEqual({ isOk: false, failed: names });
  // Whatever the expression says of labels, it fires at once and for good.
  const always = await failuresWith("vector(1)");
  expect({ isOk: always.isOk, failed: always.failed.sort() }).toEqual({ isOk: false, failed: names });
});

test("each alert says what is wrong, only with labels that it has, and where the guide goes on", async () => {
  const guide = await readFile(join(ROOT, "docs/relay.md"), "utf8");
  const headings = [...guide.matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => text);
  const expectations = readExpectations();
  for (const { alert, annotations } of alerts) {
    const labels = expectations
      .filter((expectation) => expectation.alert === alert)
      .flatMap(({ firing }) => firing)
      .map((text) => new Set([...text.matchAll(/(\w+)=/g)].map(([, name = ""]) => name)));
    const texts = `${annotations.summary} ${annotations.description}`;
    const used = [...texts.matchAll(/\$labels\.(\w+)/g)].map(([, name = ""]) => name);
    for (const known of labels) {
      expect([alert, used.filter((name) => !known.has(name))]).toEqual([alert, []]);
    }
    expect(annotations.runbook).toBe(`docs/relay.md#${alert.toLowerCase()}`);
  }
  expect(headings.filter((heading) => heading.startsWith("DixaRelay"))).toEqual(
    alerts.map(({ alert }) => alert),
  );
});
