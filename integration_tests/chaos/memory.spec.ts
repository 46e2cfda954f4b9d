import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { measure } from "../support/measured-process.ts";
import { NODE_FLAGS } from "../support/node-flags.ts";
import { sourceProgram } from "../support/source-process.ts";
import { configuredCatalog } from "../support/sync-run.ts";

const DAY = 86_400_000;
const GIB = 1024 ** 3;
const ROWS = 540_000;
const LO = Date.UTC(2025, 0, 1);
const SPAN = { lo: LO, hi: LO + 30 * DAY };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "source-dixa-memory-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe.each([
  { name: "gzip, taken as fast as it comes", gzip: true, slowTo: undefined, limitMiB: 144 },
  { name: "plain, taken at 20 MB/s", gzip: false, slowTo: 20_000_000, limitMiB: 144 },
])("one window of more than 1 GiB ($name)", ({ gzip, slowTo, limitMiB }) => {
  let simulator: DixaSimulator;

  beforeAll(async () => {
    const size = { conversations: ROWS, messages: 0, activityLogs: 0, textBytes: 400 };
    simulator = await startDixaSimulator({ span: SPAN, ...size, gzip, shuffle: true, limits: false });
  });

  afterAll(async () => {
    await simulator.close();
  });

  test(`is read with less than ${limitMiB} MiB`, async () => {
    const config = join(folder, "config.json");
    const catalog = join(folder, "catalog.json");
    await writeFile(config, JSON.stringify(simulator.config({ end_date: "2025-01-31" })));
    await writeFile(catalog, JSON.stringify(configuredCatalog(["conversations"])));
    const args = [...NODE_FLAGS, sourceProgram(true), "read", "--config", config, "--catalog", catalog];
    const { code, stdoutBytes, stdoutLines, peakRssMiB } = await measure(args, slowTo);
    expect(code).toBe(0);
    expect(stdoutLines).toBeGreaterThan(ROWS);
    expect(stdoutBytes).toBeGreaterThan(GIB);
    const exports = simulator.requests.filter(({ path }) => path === "/v1/conversation_export");
    expect(exports).toHaveLength(1);
    expect(exports[0]?.bytes).toBeGreaterThan(GIB);
    process.stderr.write(`peak RSS ${peakRssMiB.toFixed(0)} MiB for ${(stdoutBytes / 1e6).toFixed(0)} MB\n`);
    expect(peakRssMiB).toBeLessThan(limitMiB);
  }, 300_000);
});
