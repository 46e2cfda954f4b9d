import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";

import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { VARIABLE_NAMES } from "../../../src/relay/config/environment.ts";
import { loadRelayConfig } from "../../../src/relay/config/load.ts";
import { formatDuration } from "../../../src/relay/config/scalars.ts";
import { relayConfigSchema } from "../../../src/relay/config/schema.ts";
import { mergeTimings, timingKeys } from "../../../src/relay/config/timings.ts";

const ROOT = join(import.meta.dirname, "../../..");
const EXAMPLE = join(ROOT, "relay.example.yaml");
const guide = readFileSync(join(ROOT, "docs/relay.md"), "utf8");

const env = {
  RELAY_ADMIN_TOKEN: "admin-token-0123456789",
  RELAY_SECRET_KEY: "ab".repeat(32),
  RELAY_METRICS_TOKEN: "metrics-token-0123456789",
  AIRBYTE_CLIENT_ID: "client",
  AIRBYTE_CLIENT_SECRET: "client-secret",
  AIRBYTE_NOTIFICATION_SECRET: "notification-secret",
  DIXA_WEBHOOK_SECRET: "00ff",
  DIXA_API_TOKEN: "dixa-token",
};

function filled(text: string): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => Reflect.get(env, name) as string);
}

describe("the example configuration", () => {
  test("is accepted as it is", () => {
    const { config, warnings } = loadRelayConfig({ path: EXAMPLE, env, secrets: new SecretFilter() });
    expect(warnings).toEqual([]);
    expect(config.credentials).toEqual([]);
    expect(config.secretKey).toBeDefined();
  });

  test("is accepted with the credential that it shows", () => {
    const text = readFileSync(EXAMPLE, "utf8");
    const shown = /^# credentials:\n(?:# {3}.*\n)+/m.exec(text)?.[0] ?? "";
    const { credentials } = relayConfigSchema.parse({
      ...z.record(z.string(), z.unknown()).parse(parse(filled(text))),
      ...z.record(z.string(), z.unknown()).parse(parse(filled(shown.replaceAll(/^# /gm, "")))),
    });
    expect(credentials).toMatchObject([{ name: "Dixa EU", webhook_secrets: [env.DIXA_WEBHOOK_SECRET] }]);
  });

  test("shows defaults that are the defaults", () => {
    const text = readFileSync(EXAMPLE, "utf8");
    const commented = /^# timings:\n((?:# {3}.*\n)+)/m.exec(text)?.[1] ?? "";
    const shown = z.record(z.string(), z.unknown()).parse(parse(commented.replaceAll(/^# {3}/gm, "")));
    const defaults = { ...mergeTimings(), refresh: 300_000, outage: 30_000, watch: 300_000 };
    for (const [key, value] of Object.entries(shown)) {
      const name = key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      const wanted: unknown = Reflect.get(defaults, name);
      expect([key, value]).toEqual([key, name === "maxFailedJobs" ? wanted : formatDuration(Number(wanted))]);
    }
    expect(Object.keys(shown).sort()).toEqual(
      [...Object.keys(timingKeys), "refresh", "outage", "watch"]
        .filter((key) => !["debounce", "max_wait", "min_interval"].includes(key))
        .sort(),
    );
  });
});

test("the compose file runs the example with two replicas, and passes on what it takes from the environment", () => {
  const service = z.object({
    command: z.array(z.string()).optional(),
    deploy: z.object({ replicas: z.int() }).optional(),
    environment: z.record(z.string(), z.string()).optional(),
    stop_grace_period: z.string().optional(),
  });
  const { services } = z
    .object({ services: z.object({ relay: service, database: service }) })
    .parse(parse(readFileSync(join(ROOT, "compose.yaml"), "utf8")));
  const { relay } = services;
  expect(relay.deploy?.replicas).toBe(2);
  expect(relay.environment?.["DATABASE_URL"]).toMatch(/^postgres:\/\/relay:.*@database\/relay$/);
  const example = readFileSync(EXAMPLE, "utf8").replaceAll(/#.*/g, "");
  const needed = [...example.matchAll(/\$\{(\w+)\}/g)].map(([, name = ""]) => name);
  expect(needed.length).toBeGreaterThan(3);
  expect(needed.filter((name) => !(name in (relay.environment ?? {})))).toEqual([]);
});

describe("the guide", () => {
  test("names every key of the configuration", () => {
    const keys = [
      ...Object.keys(relayConfigSchema.shape),
      ...Object.keys(relayConfigSchema.shape.airbyte.unwrap().shape),
      ...Object.keys(relayConfigSchema.shape.credentials.unwrap().element.shape),
      ...Object.keys(relayConfigSchema.shape.timings.unwrap().shape),
    ];
    expect(keys.filter((key) => !guide.includes(`\`${key}\``))).toEqual([]);
  });

  test("names every variable of the environment", () => {
    expect(VARIABLE_NAMES.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
  });

  test("shows configurations that are accepted", () => {
    const blocks = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text);
    const whole = blocks.filter((text) => text.includes("admin_token"));
    expect(whole.length).toBeGreaterThan(0);
    for (const text of whole) {
      expect(relayConfigSchema.safeParse(parse(filled(text))).error).toBeUndefined();
    }
  });

  test("names every metric of the relay's own", async () => {
    const { Metrics } = await import("../../../src/relay/telemetry/metrics.ts");
    const names = new Metrics().registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => !/_(process|nodejs)_/.test(name));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !guide.includes(`\`${name}`))).toEqual([]);
  });
});
