import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";

import { followedStreams, listedStreams } from "../../../src/dixa/streams/index.ts";
import { DuckDbDestination } from "../../duckdb/destination.ts";
import { type DixaSimulator, startDixaSimulator } from "../../simulators/dixa/index.ts";

const DEMO = fileURLToPath(new URL("main.ts", import.meta.url));
const TOKEN = "demo-token-0123456789";

// Two syncs and all models, on a machine that has other things to do.
jest.setTimeout(60_000);

let folder: string;
let simulator: DixaSimulator | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "source-dixa-demo-"));
});

afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function demo(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [DEMO, "--folder", folder, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

test("the demo reads twice into DuckDB, and its table says what is there", async () => {
  const { code, stdout, stderr } = await demo("--conversations", "700");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/conversations │ +700 │ +700 │ +\d+ │ +0 │/);
  expect(stdout).toMatch(/messages +│ +[\d,]+ │ +[\d,]+ │ +\d+ │ +25 │/);
  expect(stdout).toMatch(/activity_logs │ +[\d,]+ │/);
  for (const { name } of [...listedStreams, ...followedStreams]) {
    expect(stdout).toMatch(new RegExp(`${name} +│ +[\\d,]+ │ +\\d+ │`));
  }
  expect(stdout).toMatch(/first reply time, median \(in business hours\)/);
  expect(stdout).toMatch(/█ \d+ min \(\d+ min\)/);
  expect(stdout).toMatch(/Grace Agent +█+ \d+/);
  expect(stdout).toMatch(/CSAT: \d+ % of \d+ ratings are 4 or 5/);
  const report = await readFile(join(folder, "simulator", "report.html"), "utf8");
  expect(report).toContain("First reply time by day");
  expect(report).toContain("in business hours");
  const destination = await DuckDbDestination.open(join(folder, "simulator"));
  try {
    const [closed] = await destination.query(
      `SELECT count(*)::INTEGER AS n FROM conversations AS c JOIN messages AS m ON m.csid = c.id
       WHERE m.text = 'Thanks!' AND c.status = 'closed' AND c.closed_at = m.created_at`,
    );
    expect(closed).toEqual({ n: 25 });
    const [exact] = await destination.query(
      `SELECT count(*) FILTER (typeof("activityTimestamp") NOT LIKE 'TIMESTAMP%')::INTEGER AS n FROM activity_logs`,
    );
    expect(exact).toEqual({ n: 0 });
    const [answered] = await destination.query(
      `SELECT count(*)::INTEGER AS n, count(number_of_agent_replies)::INTEGER AS told,
         bool_and(first_reply_time_business_minutes <= first_reply_time_calendar_minutes) AS within
       FROM marts.dixa__conversation_metrics`,
    );
    expect(answered).toEqual({ n: 700, told: 700, within: true });
  } finally {
    destination.close();
  }
});

test("with a configuration of one's own it reads that account, and goes on from there the next time", async () => {
  simulator = await startDixaSimulator({ token: TOKEN, conversations: 300, limits: false });
  const config = join(folder, "mine.json");
  await writeFile(config, JSON.stringify(simulator.config()));
  const first = await demo("--config", config);
  expect(first.code).toBe(0);
  expect(first.stdout).toContain("read: everything");
  // Of the three schedules there none can be taken for the one that counts.
  expect(first.stdout).toMatch(/first reply time, median +backlog/);
  const second = await demo("--config", config);
  expect(second.code).toBe(0);
  expect(second.stdout).toContain("read: what is new since the last run");
  expect(second.stdout).toMatch(/conversations │ +300 │/);
  expect(first.stdout + first.stderr + second.stdout + second.stderr).not.toContain(TOKEN);
});

test("without the right to read business hours, the demo says so and does without", async () => {
  simulator = await startDixaSimulator({ token: TOKEN, conversations: 100, limits: false });
  simulator.denials.set("/v1/business-hours/schedules", 403);
  const config = join(folder, "no-hours.json");
  await writeFile(config, JSON.stringify(simulator.config()));
  const { code, stdout } = await demo("--config", config);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Without business_hours, since it can't be read: .*(403|business)/);
  expect(stdout).toMatch(/The same as a page/);
});

test.each([
  [
    "a token that Dixa doesn't know",
    { api_token: "some-other-token-1" },
    /does not accept the API token \(401\)/,
  ],
  ["a date that doesn't exist", { start_date: "2025-02-30" }, /start_date .* must be a date that exists/],
])("%s ends it with one plain sentence", async (_, changes, message) => {
  simulator = await startDixaSimulator({ token: TOKEN, conversations: 10, limits: false });
  const config = join(folder, "wrong.json");
  await writeFile(config, JSON.stringify({ ...simulator.config(), ...changes }));
  const { code, stderr } = await demo("--config", config);
  expect(code).toBe(1);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(message);
});
