import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { NODE_FLAGS } from "../../integration_tests/support/node-flags.ts";
import { sign } from "../../src/dixa/webhooks/signature.ts";
import { ADMIN_TOKEN, SECRET, SIGNED } from "./support/services-fixture.ts";

const PROGRAM = join(import.meta.dirname, "../../dist/dixa-relay.js");
const ENV = { PATH: process.env["PATH"] ?? "", RELAY_ADMIN_TOKEN: ADMIN_TOKEN, WEBHOOK_SECRET: SECRET };

let folder: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "relay-program-"));
  children = [];
  writeFileSync(
    join(folder, "relay.yaml"),
    `listen: 127.0.0.1:0
admin_token: \${RELAY_ADMIN_TOKEN}
airbyte: { url: "http://127.0.0.1:9/api/public/v1", auth: none }
shutdown_delay: 500ms
credentials:
  - { id: ${SIGNED}, name: Dixa EU, webhook_secrets: [\${WEBHOOK_SECRET}] }
`,
  );
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

interface Run {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  /** Exit status, or the signal by which it ended. */
  end: Promise<number | string>;
}

function start(args: string[], env: NodeJS.ProcessEnv = ENV): Run {
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      texts[name] += chunk;
    });
  }
  const end = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return { child, stdout: () => texts.stdout, stderr: () => texts.stderr, end };
}

async function finish(args: string[], env?: NodeJS.ProcessEnv) {
  const run = start(args, env);
  return { status: await run.end, stdout: run.stdout(), stderr: run.stderr() };
}

/** A relay that listens, and its address. */
async function serve(): Promise<{ relay: Run; url: string }> {
  const relay = start(["serve", "--config", "relay.yaml"]);
  for (;;) {
    const url = /listening on (http:\/\/[\d.:]+)/.exec(relay.stdout())?.[1];
    if (url !== undefined) return { relay, url };
    if (relay.child.exitCode !== null) throw new Error(relay.stderr());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function deliver(url: string, eventId: string): Promise<unknown> {
  const body = Buffer.from(JSON.stringify({ event_id: eventId, event_fqn: "CONVERSATION_CLOSED" }));
  const response = await fetch(`${url}/webhooks/dixa/${SIGNED}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-dixa-signature": sign(SECRET, body, Date.now()) },
    body,
  });
  return response.json();
}

describe("dixa-relay", () => {
  test("explains itself", async () => {
    const { status, stdout } = await finish(["--help"]);
    expect(status).toBe(0);
    for (const command of ["serve", "subscribe", "sync", "status", "park", "unpark", "retry", "health"]) {
      expect(stdout).toContain(`dixa-relay ${command}`);
    }
  });

  test.each([
    [[], "Name a command."],
    [["nonsense"], "Unknown argument: nonsense"],
    [["sync"], "Missing required argument: credential"],
    [["sync", "--credential", "x", "--timeout", "3"], "--timeout 3 is not a duration"],
  ])("with %j ends with status 2 and the way to help", async (args, message) => {
    const { status, stderr } = await finish(args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Try: dixa-relay --help");
  });

  test("tells every fault of a configuration without a stack, and ends with status 1", async () => {
    const { status, stderr } = await finish(["serve", "--config", "relay.yaml"], { PATH: ENV.PATH });
    expect(status).toBe(1);
    expect(stderr).toContain("admin_token takes its value from ${RELAY_ADMIN_TOKEN}, which is not set");
    expect(stderr).toContain("credentials[0].webhook_secrets[0]");
    expect(stderr).not.toContain("    at ");
  });

  test("tells when its port is taken", async () => {
    const { url } = await serve();
    const { status, stderr } = await finish(["serve"], {
      ...ENV,
      RELAY_LISTEN: new URL(url).host,
      RELAY_STORE: ":memory:",
      AIRBYTE_AUTH: "none",
      DIXA_CREDENTIAL_ID: SIGNED,
      DIXA_WEBHOOK_SECRETS: SECRET,
    });
    expect(status).toBe(1);
    expect(stderr).toContain("EADDRINUSE");
    expect(stderr).not.toContain("    at ");
  });

  test("says that no relay runs where one is asked for", async () => {
    const { status, stderr } = await finish(["status", "--url", "http://127.0.0.1:9"]);
    expect(status).toBe(1);
    expect(stderr).toContain(
      "The relay at http://127.0.0.1:9 does not answer (ECONNREFUSED). Is it running?",
    );
  });

  test("remembers webhooks over a restart, also one by force", async () => {
    const first = await serve();
    expect(await deliver(first.url, "e1")).toEqual({ status: "new" });
    first.relay.child.kill("SIGKILL");
    await first.relay.end;
    const second = await serve();
    expect(await deliver(second.url, "e1")).toEqual({ status: "duplicate" });
    const { status, stdout } = await finish(["status", "--url", second.url]);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Dixa EU \\(${SIGNED}\\)\n {2}1 event, last event .* ago`));
    const json = await finish(["status", "--json", "--url", second.url]);
    expect(JSON.parse(json.stdout)).toMatchObject([{ credential_id: SIGNED, seq: 1 }]);
  });

  test("lets orchestrators know by its exit status that it could not be done in time", async () => {
    const { url } = await serve();
    const wait = ["sync", "--credential", SIGNED, "--wait", "--timeout", "1s", "--url", url];
    const { status, stdout } = await finish(wait);
    // Airbyte doesn't answer, so nobody knows yet which connections there are.
    expect(status).toBe(3);
    expect(stdout).toContain("not done after 1s");
    const wrong = await finish(["park", "nothing", "--url", url, "--token", "a-wrong-token-0123"]);
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain("The relay does not accept the token.");
    expect(wrong.stderr).not.toContain("a-wrong-token");
  });

  test("stops in order: not ready, still taking webhooks, then nothing, with status 0", async () => {
    const { relay, url } = await serve();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    // A browser that connects in advance, and a probe that breaks off: the relay must not wait for them.
    for (const text of ["", "GET / HTTP/1.1\r\nHo"])
      connect(Number(new URL(url).port), "127.0.0.1")
        .on("error", () => undefined)
        .write(text);
    relay.child.kill("SIGTERM");
    while (!relay.stdout().includes('"stopping"')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect(await deliver(url, "e1")).toEqual({ status: "new" });
    expect(await relay.end).toBe(0);
    expect(relay.stdout()).toContain('"stopped"');
    expect(relay.stderr()).toBe("");
    expect(relay.stdout()).not.toContain(SECRET);
  });

  test("goes on when nobody reads its log any more", async () => {
    const { relay, url } = await serve();
    relay.child.stdout?.destroy();
    for (const id of ["e1", "e2", "e3"]) {
      await fetch(`${url}/webhooks/dixa/nobody`, { method: "POST" });
      expect(await deliver(url, id)).toEqual({ status: "new" });
    }
    relay.child.kill("SIGTERM");
    expect(await relay.end).toBe(0);
  });
});
