import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { expect, test } from "@jest/globals";

import { linesOf } from "../../support/lines.ts";
import { request } from "./raw-answer.ts";

const PROGRAM = fileURLToPath(new URL("./main.ts", import.meta.url));
const PORTS = ["--exports-port", "0", "--api-port", "0"];

function start(...args: string[]) {
  return spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

async function finish(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const child = start(...args);
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as unknown[];
  return { code, stdout, stderr };
}

test("it prints a configuration that works and each request, and Ctrl-C ends it", async () => {
  const child = start(...PORTS, "--conversations", "50", "--end", "2025-06-01", "--days", "30");
  const ended = once(child, "close");
  const lines: string[] = [];
  for await (const line of linesOf(child.stdout)) {
    lines.push(line.toString("utf8"));
    if (lines.at(-1) === "Stop it with Ctrl-C.") {
      const printed = lines.join("\n");
      const config = JSON.parse(printed.slice(printed.indexOf("{"), printed.lastIndexOf("}") + 1)) as Record<
        "api_token" | "start_date" | "exports_url" | "api_url",
        string
      >;
      expect(config.start_date).toBe("2025-05-02");
      // What acceptance suites take for a secret, and look for in the logs.
      expect(config.api_token).toMatch(/^(?=.*\d).{8,}$/);
      const headers = { authorization: config.api_token };
      expect((await request(`${config.api_url}/v1/organization`, { headers })).status).toBe(200);
      const url = `${config.exports_url}/v1/message_export?created_after=2025-05-02&created_before=2025-06-01`;
      const answer = await request(url, { headers: { authorization: `Bearer ${config.api_token}` } });
      expect(JSON.parse(answer.body.toString("utf8"))).toHaveLength(150);
      child.kill("SIGINT");
    }
  }
  expect(await ended).toEqual([0, null]);
  expect(lines.filter((line) => line.includes("→ 200"))).toHaveLength(2);
});

test("the same seed and end give the same data in every run", async () => {
  const read = async () => {
    const child = start(...PORTS, "--conversations", "20", "--end", "2025-06-01", "--quiet");
    const ended = once(child, "close");
    let body: Buffer = Buffer.alloc(0);
    for await (const line of linesOf(child.stdout)) {
      const [, origin] = /^Exports API +(\S+)$/.exec(line.toString("utf8")) ?? [];
      if (origin === undefined) continue;
      const headers = { authorization: "Bearer sim-token-0123456789" };
      const window = "updated_after=2025-05-02&updated_before=2025-06-01";
      ({ body } = await request(`${origin}/v1/conversation_export?${window}`, { headers }));
      child.kill("SIGTERM");
    }
    await ended;
    return body.toString("utf8");
  };
  const first = await read();
  expect(JSON.parse(first)).toHaveLength(4);
  expect(await read()).toBe(first);
});

test("--live lets things happen", async () => {
  const child = start(...PORTS, "--conversations", "10", "--live", "0.01");
  const ended = once(child, "close");
  const happened: string[] = [];
  for await (const line of linesOf(child.stdout)) {
    const [, what] = /^conversation \d+: (.+)$/.exec(line.toString("utf8")) ?? [];
    if (what !== undefined) happened.push(what);
    if (happened.length === 3) child.kill("SIGINT");
  }
  expect(await ended).toEqual([0, null]);
  expect(happened.slice(0, 3)).toEqual(["opened", "has a new message", "closed"]);
});

test("--help tells every option with its meaning", async () => {
  const { code, stdout } = await finish("--help");
  expect(code).toBe(0);
  for (const option of [
    "seed",
    "days",
    "bounds",
    "shuffle",
    "zone-names",
    "gzip",
    "latency",
    "fault-rate",
    "limits",
  ]) {
    expect(stdout).toMatch(new RegExp(`--${option} +\\S`));
  }
});

test.each([
  [["--fault-rate", "3"], "--fault-rate must be between 0 and 1"],
  [["--seed", "abc"], "--seed must be a number"],
  [["--days", "0"], "--days and --live must be above 0"],
  [["--conversations", "-1"], "--conversations must not be negative"],
  [["--end", "yesterday"], '--end must be a date such as 2025-06-01, not "yesterday"'],
  [["--bounds", "x"], 'Choices: "inclusive", "exclusive", "from", "to"'],
  [["--nonsense"], "Unknown argument: nonsense"],
])("%j is refused in plain words", async (args, message) => {
  const { code, stderr } = await finish(...args);
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("    at ");
});
