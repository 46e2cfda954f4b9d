import { execFile, execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { sign } from "../../src/dixa/webhooks/signature.ts";
import { freePort } from "../support/free-port.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
/** The credential of the example. */
const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const SECRET = "00112233445566778899aabbccddeeff";
const PATIENCE_MS = 90_000;

let folder: string;
let env: NodeJS.ProcessEnv;
let url: string;

async function compose(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", ["compose", ...args], { cwd: folder, env });
  return stdout;
}

/** As the guide says: the two files side by side, and the secrets in the environment. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-compose-"));
  await copyFile(join(ROOT, "compose.yaml"), join(folder, "compose.yaml"));
  const example = await readFile(join(ROOT, "relay.example.yaml"), "utf8");
  // Nobody there: webhooks are accepted all the same.
  const config = example
    .replace("https://api.airbyte.com/v1", "http://127.0.0.1:9/v1")
    .replace(/^# credentials:\n(?:# {3}.*\n)+/m, (block) => block.replaceAll(/^# /gm, ""));
  await writeFile(join(folder, "relay.yaml"), config);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  env = {
    ...process.env,
    COMPOSE_PROJECT_NAME: `relay-compose-${process.pid}`,
    RELAY_PORT: `${port}`,
    RELAY_ADMIN_TOKEN: randomBytes(32).toString("hex"),
    RELAY_SECRET_KEY: randomBytes(32).toString("hex"),
    POSTGRES_PASSWORD: randomBytes(16).toString("hex"),
    AIRBYTE_CLIENT_ID: "id",
    AIRBYTE_CLIENT_SECRET: "client-secret-0123456789",
    DIXA_WEBHOOK_SECRET: SECRET,
  };
}, 60_000);

afterAll(async () => {
  await compose("down", "--volumes", "--timeout", "5");
  await rm(folder, { recursive: true });
}, 60_000);

interface ContainerState {
  name: string;
  health: string;
}

async function relays(): Promise<ContainerState[]> {
  const lines = (await compose("ps", "--all", "--format", "json", "relay")).trim().split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { Name: string; Health: string })
    .map(({ Name: name, Health: health }) => ({ name, health }));
}

async function deliver(eventId: string): Promise<{ status: number; body: unknown }> {
  const body = Buffer.from(JSON.stringify({ event_id: eventId, event_fqn: "CONVERSATION_CLOSED" }));
  const response = await fetch(`${url}/webhooks/dixa/${CREDENTIAL}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-dixa-signature": sign(SECRET, body, Date.now()) },
    body,
  });
  return { status: response.status, body: await response.json() };
}

test("two replicas become healthy behind the proxy, take webhooks, and know each other's", async () => {
  await compose("config", "--quiet");
  await compose("up", "--detach", "--no-build");
  const giveUpAt = Date.now() + PATIENCE_MS;
  let states: ContainerState[] = [];
  while (states.length !== 2 || states.some(({ health }) => health !== "healthy")) {
    if (Date.now() > giveUpAt) {
      throw new Error(`not healthy: ${JSON.stringify(states)}\n${await compose("logs", "--tail", "30")}`);
    }
    await delay(500);
    states = await relays();
  }

  const eventId = randomUUID();
  expect(await deliver(eventId)).toEqual({ status: 202, body: { status: "new" } });
  // Whichever replica the proxy chooses.
  for (let time = 0; time < 4; time++) {
    expect(await deliver(eventId)).toEqual({ status: 202, body: { status: "duplicate" } });
  }
  for (const { name } of states) {
    const health = ["exec", name, "/usr/local/bin/node", "/relay/dixa-relay.mjs", "health"];
    expect(execFileSync("docker", health, { encoding: "utf8" })).toBe("ok\n");
  }
}, 240_000);

test("one replica goes, and the other takes what comes", async () => {
  const [first] = await relays();
  execFileSync("docker", ["stop", "--time", "20", first?.name ?? ""]);
  for (let time = 0; time < 4; time++) {
    expect(await deliver(randomUUID())).toEqual({ status: 202, body: { status: "new" } });
  }
}, 60_000);

test("a replica without its database is not healthy, and says so", async () => {
  await compose("stop", "database");
  const states = (await relays()).filter(({ health }) => health !== "");
  const [running] = states;
  await expect(
    run("docker", ["exec", running?.name ?? "", "/usr/local/bin/node", "/relay/dixa-relay.mjs", "health"]),
  ).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("does not accept webhooks now") });
}, 60_000);
