import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fetch from "node-fetch";

import { type RelayServer } from "../support/relay-server.ts";
import { AccountWorld, ADMIN_TOKEN, until } from "./account-world.ts";

const ID = randomUUID();
const OTHER = randomUUID();
const FIRST = "first-secret-0123456789";
const SECOND = "second-secret-0123456789";

let world: AccountWorld;
let relay: RelayServer;
let secretFile: string;

beforeAll(async () => {
  world = await AccountWorld.open();
  secretFile = join(world.folder, "webhook-secrets");
  await writeFile(secretFile, FIRST);
  await configure();
  relay = await world.serve();
}, 60_000);

afterAll(async () => {
  await relay.stop();
  await world.close();
});

const ONE = () => ({ id: ID, name: "One", webhook_secrets_file: secretFile });

async function configure(more: Record<string, unknown> = {}): Promise<void> {
  await world.configure({ credentials: [ONE()], ...more });
}

/** What has been logged since, at most a few seconds. */
async function logged(words: string, from: number): Promise<void> {
  await until(`the log says “${words}”`, () => relay.log.slice(from).includes(words));
}

async function stale(): Promise<string | undefined> {
  const metrics = (await world.call("GET", "/metrics")).text;
  return /^dixa_relay_configuration_stale (\d)/m.exec(metrics)?.[1];
}

test("a credential that is written into the file is taken up while it runs", async () => {
  expect([await world.deliver(ID, FIRST), await world.deliver(OTHER, SECOND)]).toEqual([202, 404]);
  const from = relay.log.length;
  await configure({ credentials: [ONE(), { id: OTHER, name: "Two", webhook_secrets: [SECOND] }] });
  await logged("since its files have changed", from);
  expect([await world.deliver(ID, FIRST), await world.deliver(OTHER, SECOND)]).toEqual([202, 202]);
}, 60_000);

test("SIGHUP takes it up at once, and again when nothing has changed", async () => {
  for (let time = 0; time < 2; time++) {
    const from = relay.log.length;
    await configure({ timings: { debounce: "60ms" } });
    relay.signal("SIGHUP");
    await logged("since SIGHUP came", from);
    expect([await world.deliver(ID, FIRST), await world.deliver(OTHER, SECOND)]).toEqual([202, 404]);
  }
}, 60_000);

test.each([
  ["by watching", undefined],
  ["by SIGHUP", "SIGHUP"],
] as const)(
  "a faulty file changes nothing and says why: %s",
  async (_, signal) => {
    const from = relay.log.length;
    const right = { id: OTHER, name: "Two", webhook_secrets: [SECOND] };
    await configure({
      credentials: [ONE(), right, { id: "no uuid", name: "Three" }],
      admin_token: `${ADMIN_TOKEN}2`,
    });
    if (signal !== undefined) relay.signal(signal);
    await logged("the configuration of before goes on", from);
    expect(relay.log.slice(from)).toContain("credentials[2].id");
    expect([await world.deliver(ID, FIRST), await world.deliver(OTHER, SECOND)]).toEqual([202, 404]);
    expect((await world.call("GET", "/v1/credentials")).status).toBe(200);
    const ready = await world.call("GET", "/readyz");
    expect([ready.status, ready.text]).toEqual([200, expect.stringContaining("was not taken up")]);
    await until("the metric says so", async () => (await stale()) === "1");

    await writeFile(world.config, "credentials: [");
    await logged("YAML", from);
    expect(await world.deliver(ID, FIRST)).toBe(202);
    await rm(world.config);
    relay.signal("SIGHUP");
    await until("the missing file is named", () => relay.log.slice(from).includes("no such file"));
    expect(await world.deliver(ID, FIRST)).toBe(202);

    await configure();
    await until("it is taken up again", async () => (await stale()) === "0");
    expect((await world.call("GET", "/readyz")).text).not.toContain("problems");
  },
  60_000,
);

test("what needs a restart is refused with all the rest, and said", async () => {
  const from = relay.log.length;
  await configure({ listen: "127.0.0.1:1", credentials: [] });
  await logged("a change of listen needs a restart", from);
  expect(await world.deliver(ID, FIRST)).toBe(202);
  await configure();
  await until("it is taken up again", async () => (await stale()) === "0");
}, 60_000);

test("a secret file is taken up however it is exchanged, and its secret is in no log", async () => {
  await writeFile(secretFile, `${SECOND}\n${FIRST}\n`);
  await until("both count", async () => (await world.deliver(ID, SECOND)) === 202);
  expect(await world.deliver(ID, FIRST)).toBe(202);
  await writeFile(`${secretFile}.new`, SECOND);
  await rename(`${secretFile}.new`, secretFile);
  await until("the first is gone", async () => (await world.deliver(ID, FIRST)) === 401);
  expect(await world.deliver(ID, SECOND)).toBe(202);

  const from = relay.log.length;
  await rm(secretFile);
  await logged("webhook_secrets_file", from);
  expect(await world.deliver(ID, SECOND)).toBe(202);
  await writeFile(secretFile, FIRST);
  await until("the first counts again", async () => (await world.deliver(ID, FIRST)) === 202);
  expect(relay.log).not.toMatch(new RegExp(`${FIRST}|${SECOND}`));
}, 60_000);

test("a new admin token counts at once, and the old one no longer", async () => {
  const token = "another-admin-token-0123456789";
  await configure({ admin_token: token });
  const status = async (bearer: string) =>
    (await fetch(`${world.url}/v1/credentials`, { headers: { authorization: `Bearer ${bearer}` } })).status;
  await until("the new one counts", async () => (await status(token)) === 200);
  expect(await status(ADMIN_TOKEN)).toBe(401);
}, 60_000);
