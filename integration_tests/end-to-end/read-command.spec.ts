import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";

import {
  type DixaSimulator,
  type DixaSimulatorOptions,
  startDixaSimulator,
} from "../simulators/dixa/index.ts";
import { errorsOf, lastStates, rowsOf, statusesOf } from "../support/messages.ts";
import { runSource, startSource } from "../support/source-process.ts";
import { configuredCatalog, parseMessages } from "../support/sync-run.ts";
import { expectTruth, STREAMS, truthOf } from "../support/truth.ts";

const TOKEN = "very-secret-token-42";
const LO = Date.UTC(2025, 0, 1);
const HI = Date.UTC(2025, 3, 1);

let folder: string;
let simulator: DixaSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "source-dixa-read-"));
});

afterEach(async () => {
  await simulator.close();
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function start(options: DixaSimulatorOptions = {}): Promise<void> {
  const size = { span: { lo: LO, hi: HI }, conversations: 800 };
  simulator = await startDixaSimulator({ token: TOKEN, limits: false, ...size, ...options });
}

/** Arguments of `read` for these contents of its files. */
async function readArguments(config: Record<string, unknown>, state?: unknown): Promise<string[]> {
  const files: Record<string, unknown> = { config, catalog: configuredCatalog(), state };
  const args = ["read"];
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) continue;
    const path = join(folder, `${name}.txt`);
    await writeFile(path, JSON.stringify(content));
    args.push(`--${name}`, path);
  }
  return args;
}

function config(more: Record<string, unknown> = {}): Record<string, unknown> {
  const budgets = { exports_requests_per_minute: 6000, api_requests_per_second: 1000 };
  return simulator.config({ start_date: "2025-01-01", end_date: "2025-04-01", ...budgets, ...more });
}

test("the built program puts out every row once, and nothing but messages", async () => {
  await start({ shuffle: true });
  const args = await readArguments(config({ batch_size: 5 }));
  const { code, messages, stderr } = await runSource(args, { bundled: true });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expectTruth(messages, simulator, LO, HI);
});

test("one failed stream makes the exit status 1, with its error first and the others complete", async () => {
  await start();
  simulator.faults.set({ decide: ({ path }) => (path === "/v1/message_export" ? "403" : undefined) });
  const { code, messages } = await runSource(await readArguments(config()), { bundled: true });
  expect(code).toBe(1);
  expect(
    errorsOf(messages).map(({ failure_type, stream_descriptor }) => [failure_type, stream_descriptor]),
  ).toEqual([["config_error", { name: "messages" }]]);
  expect(statusesOf(messages, "conversations").at(-1)).toBe("COMPLETE");
});

test("SIGTERM ends it by the signal, with a STATE for all that is finished", async () => {
  await start({ latencyMs: 40 });
  const args = await readArguments(config({ batch_size: 2, lookback_minutes: 0 }));
  const source = startSource(args, { bundled: true });
  const lines: string[] = [];
  for await (const line of source.lines) {
    lines.push(line.toString("utf8"));
    if (lines.at(-1)?.startsWith('{"type":"STATE"') === true) source.child.kill("SIGTERM");
  }
  expect(await source.ended).toEqual({ code: null, signal: "SIGTERM" });
  const first = parseMessages(lines.join("\n"));
  for (const stream of STREAMS) expect(statusesOf(first, stream).at(-1)).toBe("INCOMPLETE");
  expect(errorsOf(first)).toEqual([]);
  const again = await readArguments(config({ batch_size: 2, lookback_minutes: 0 }), lastStates(first));
  const second = await runSource(again, { bundled: true });
  for (const stream of STREAMS) {
    const both = new Set([...rowsOf(first, stream), ...rowsOf(second.messages, stream)]);
    expect([...both].sort()).toEqual(truthOf(simulator, stream, LO, HI));
  }
});

test("a reader that has gone ends it quietly", async () => {
  await start({ conversations: 5000 });
  const source = startSource(await readArguments(config()), { bundled: true });
  await once(source.child.stdout!, "readable");
  source.child.stdout!.destroy();
  const { code } = await source.ended;
  expect(code).toBe(1);
  expect(source.stderr()).toBe("");
});

test("the token shows nowhere: not at debug level, not when an answer repeats it, not in a URL", async () => {
  await start();
  simulator.faults.next("500", "cut", "502-html");
  // A proxy that repeats what it was sent.
  const echo = createServer((request, response) => {
    response.writeHead(403).end(JSON.stringify({ headers: request.headers, url: request.url }));
  });
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  const echoUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
  const runs = [
    await runSource([...(await readArguments(config({ batch_size: 30 }))), "--debug"], { bundled: true }),
    await runSource([...(await readArguments(config({ exports_url: echoUrl }))), "--debug"], {
      bundled: true,
    }),
    await runSource([
      "check",
      "--debug",
      ...(await readArguments(config({ exports_url: echoUrl }))).slice(1, 3),
    ]),
    await runSource(["check", "--debug", ...(await readArguments(config({ api_url: echoUrl }))).slice(1, 3)]),
  ];
  echo.close();
  expect(runs.map(({ code }) => code)).toEqual([0, 1, 0, 0]);
  expect(runs[1]?.stdout).toContain("****");
  const basic = Buffer.from(`bearer:${TOKEN}`).toString("base64");
  for (const { stdout, stderr } of runs) {
    for (const form of [TOKEN, basic, Buffer.from(TOKEN).toString("base64")]) {
      expect(stdout + stderr).not.toContain(form);
    }
  }
  expect(JSON.stringify(simulator.requests)).not.toContain(TOKEN);
});
