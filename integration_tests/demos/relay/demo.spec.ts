import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

const DEMO = fileURLToPath(new URL("main.ts", import.meta.url));
const TIMEOUT_MS = 90_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-demo-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

class Demo {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  stdout = "";
  stderr = "";

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [DEMO, "--folder", folder, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = once(this.#child, "close");
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
  }

  /** Resolves with what the pattern has found in stdout; rejects when the demo ends without it. */
  async said(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.stdout)?.[1];
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null)
        throw new Error(`${String(pattern)} not in ${this.stdout}${this.stderr}`);
      await Promise.race([once(this.#child.stdout ?? this.#child, "data"), this.#closed]);
    }
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }
}

async function isServed(url: string): Promise<boolean> {
  return fetch(`${url}/livez`).then(
    ({ ok }) => ok,
    () => false,
  );
}

test(
  "what happens in Dixa becomes rows in DuckDB, many events by few syncs, and nothing is left running",
  async () => {
    const demo = new Demo("--conversations", "500");
    expect({ code: await demo.ended(), stderr: demo.stderr }).toEqual({ code: 0, stderr: "" });
    const { stdout } = demo;
    expect(stdout).toMatch(/created: Dixa sends \d+ events to http:/);
    expect(stdout).toMatch(
      /synced: 1 of 1 connection\n {2}in DuckDB: 500 conversations, 1,500 messages, 2,000 /,
    );
    expect(stdout).toMatch(/0\.000 s {2}Dixa .* is closed, and its signed webhook sent\n/);
    expect(stdout).toMatch(/\d s {2}DuckDB {3}the row is there, closed\n/);
    expect(stdout).toMatch(/\d s {2}Airbyte {2}job 1002 succeeded\n.* everything is covered\n/);
    expect(stdout).toContain("200 answered with 202");
    expect(Number(/(\d+) syncs: /.exec(stdout)?.[1])).toBeLessThan(20);
    expect(stdout).toContain("200 of 200 conversations are closed in DuckDB");
    expect(await isServed(/listening on (http\S+)/.exec(stdout)?.[1] ?? "")).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  "in the same folder it starts over, and with --keep the relay's page stays until Ctrl-C",
  async () => {
    const demo = new Demo("--conversations", "100", "--events", "3", "--keep");
    const url = await demo.said(/page is at (http:\S+)\. Log in/);
    expect(demo.stdout).toContain("3 of 3 conversations are closed in DuckDB");
    expect(await (await fetch(url)).text()).toContain("<html");
    demo.interrupt();
    expect(await demo.ended()).toBe(0);
    expect(await isServed(url)).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  "Ctrl-C in its midst ends it and the relay",
  async () => {
    const demo = new Demo("--conversations", "100", "--events", "3");
    const url = await demo.said(/listening on (http:\S+)/);
    demo.interrupt();
    expect({ code: await demo.ended(), stderr: demo.stderr }).toEqual({ code: 130, stderr: "" });
    expect(await isServed(url)).toBe(false);
  },
  TIMEOUT_MS,
);
