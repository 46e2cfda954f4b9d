import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "@jest/globals";

import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { loadRelayConfig } from "../../../src/relay/config/load.ts";
import { type RelayConfig } from "../../../src/relay/config/relay-config.ts";
import { Reloads } from "../../../src/relay/process/reloads.ts";
import { createRelayLogger } from "../../../src/relay/telemetry/log.ts";
import { Metrics } from "../../../src/relay/telemetry/metrics.ts";
import { SECRET, SIGNED } from "../support/services-fixture.ts";

let folder: string;
let lines: string[];
let taken: RelayConfig[];
let metrics: Metrics;
let reloads: Reloads;

function config(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    admin_token_file: "admin-token",
    store: ":memory:",
    airbyte: { auth: "none" },
    credentials: [{ id: SIGNED, webhook_secrets: [SECRET] }],
    ...more,
  };
}

function write(name: string, content: unknown): void {
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}

/** Two looks, after which a change has settled. */
async function settle(): Promise<void> {
  await reloads.look();
  await reloads.look();
}

const stale = async () => /^dixa_relay_configuration_stale (\d)/m.exec(await metrics.registry.metrics())?.[1];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "relay-reload-"));
  lines = [];
  taken = [];
  metrics = new Metrics();
  write("admin-token", "admin-token-0123456789");
  write("relay.yaml", config());
  const secrets = new SecretFilter();
  const load = () => loadRelayConfig({ path: join(folder, "relay.yaml"), env: {}, secrets });
  reloads = new Reloads({
    load,
    loaded: load(),
    take: (changed) => taken.push(changed),
    logger: createRelayLogger({ secrets, level: "info", write: (line) => lines.push(line) }),
    metrics,
  });
  await reloads.watch();
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a changed file is taken up once", async () => {
  write("relay.yaml", config({ retention: "1h" }));
  await settle();
  await settle();
  expect(taken.map(({ retentionMs }) => retentionMs)).toEqual([3_600_000]);
  expect(reloads.fault).toBeUndefined();
});

test("a changed secret file is taken up, and shows nowhere", async () => {
  write("admin-token", "another-token-0123456789");
  await settle();
  expect(taken[0]?.adminToken).toBe("another-token-0123456789");
  expect(lines.join()).not.toContain("another-token");
});

test("a faulty file changes nothing and says why, until it is put right", async () => {
  write(
    "relay.yaml",
    config({ retention: "for ever", credentials: [{ id: SIGNED, webhook_secrets: ["x"] }] }),
  );
  await settle();
  await settle();
  expect(taken).toEqual([]);
  expect(reloads.fault).toContain("retention");
  expect(lines.filter((line) => line.includes("retention"))).toHaveLength(1);
  expect(await stale()).toBe("1");
  write("relay.yaml", config({ retention: "2h" }));
  await settle();
  expect(taken).toHaveLength(1);
  expect([reloads.fault, await stale()]).toEqual([undefined, "0"]);
});

test("a secret file that is named before it is there is waited for", async () => {
  write("relay.yaml", config({ metrics_token_file: "metrics-token" }));
  await settle();
  expect(reloads.fault).toContain("metrics_token_file");
  write("metrics-token", "metrics-token-0123456789");
  await settle();
  expect(taken[0]?.metricsToken).toBe("metrics-token-0123456789");
});

test.each([
  ["listen", { listen: "127.0.0.1:1" }],
  ["store", { store: "./other.db" }],
  ["airbyte.concurrency", { airbyte: { auth: "none", concurrency: 9 } }],
])(
  "a change of %s, which needs a restart, is said, and nothing else of it is taken up",
  async (key, more) => {
    write("relay.yaml", config({ ...more, retention: "1h" }));
    await settle();
    expect(taken).toEqual([]);
    expect(reloads.fault).toContain(`a change of ${key} needs a restart`);
  },
);

test("a reload that is asked for needs no changed file", async () => {
  await reloads.reload("SIGHUP came");
  expect(taken).toHaveLength(1);
});
