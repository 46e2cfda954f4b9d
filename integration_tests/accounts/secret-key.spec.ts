import { randomBytes, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { type RelayServer } from "../support/relay-server.ts";
import { AccountWorld, ADMIN_TOKEN, until } from "./account-world.ts";
import { PageClient } from "./page-client.ts";

const BY_HAND = "0123456789abcdef0123456789abcdef";
const DECLARED = { id: randomUUID(), name: "Declared", webhook_secrets: [BY_HAND] };
const WATCHED = randomUUID();
const MANUAL = randomUUID();
const SEALED = "can't be opened with this secret_key";

let world: AccountWorld;
let relay: RelayServer;
let connectionId: string;
/** Of the webhook that the relay has made. */
let made: string;

beforeAll(async () => {
  world = await AccountWorld.open();
  connectionId = world.addConnection(WATCHED);
  await configure(world.secretKey);
  relay = await world.serve();
  const watched = { credential_id: WATCHED, name: "Watched", dixa_token: world.dixa.token, keep_token: true };
  expect((await world.call("POST", "/v1/credentials", watched)).status).toBe(201);
  const manual = { credential_id: MANUAL, name: "Manual", webhook_secret: BY_HAND };
  expect((await world.call("POST", "/v1/credentials", manual)).status).toBe(201);
  made = world.dixa.subscriptions.list()[0]?.secretKey ?? "";
  expect(await deliveries()).toEqual([202, 202, 202]);
  await relay.stop();
}, 60_000);

afterAll(async () => {
  await relay.kill();
  await world.close();
});

async function configure(key: string | undefined, oldKeys: readonly string[] = []): Promise<void> {
  const keys = { secret_key: key, old_secret_keys: oldKeys };
  await world.configure({ credentials: [DECLARED], ...keys });
}

/** What webhooks of all three credentials are answered with. */
async function deliveries(): Promise<number[]> {
  return [
    await world.deliver(DECLARED.id, BY_HAND),
    await world.deliver(WATCHED, made),
    await world.deliver(MANUAL, BY_HAND),
  ];
}

interface Account {
  problem: string | null;
  last_owed: { reason: string } | null;
  connections: { state: string }[];
}

async function account(id: string): Promise<Account> {
  return JSON.parse((await world.call("GET", `/v1/credentials/${id}`)).text) as Account;
}

test.each([
  ["is wrong", randomBytes(32).toString("hex")],
  ["is gone", undefined],
])(
  "where secret_key %s, webhooks are refused and not lost, and it is said which accounts need their secrets",
  async (_, key) => {
    await configure(key);
    relay = await world.serve();
    expect(await deliveries()).toEqual([202, 503, 503]);
    for (const id of [WATCHED, MANUAL]) expect((await account(id)).problem).toContain(SEALED);
    expect((await account(DECLARED.id)).problem).toBeNull();
    for (const name of ["Watched", "Manual"]) expect(relay.log).toContain(`${name}: Its secrets ${SEALED}`);
    expect((await world.call("GET", "/readyz")).text).toContain(
      "2 accounts lack a secret, or can't open it.",
    );

    const doctor = await world.run(["doctor", "--config", world.config]);
    expect(doctor.status).toBe(1);
    for (const name of ["Watched", "Manual"]) {
      expect(doctor.stdout).toMatch(new RegExp(`FAULT +store +${name}: Its secrets ${SEALED}`));
    }
    const page = new PageClient(world.url);
    await page.signIn(ADMIN_TOKEN);
    expect(await page.get("/")).toContain("opened with this secret_key");
    const list = (await world.call("GET", "/v1/credentials")).text;
    expect(list).toContain("enter the webhook secret anew");

    await relay.stop();
    await configure(world.secretKey);
    relay = await world.serve();
    expect(await deliveries()).toEqual([202, 202, 202]);
    // Whatever was refused meanwhile is owed, and synced.
    expect((await account(WATCHED)).last_owed).toMatchObject({ reason: "refused" });
    const since = Date.now();
    await until("the account is synced", async () =>
      (await account(WATCHED)).connections.every(({ state }) => state === "clean"),
    );
    const jobs = world.airbyte.jobs.filter((job) => job.connectionId === connectionId);
    expect(jobs.some(({ updatedAt, status }) => status === "succeeded" && updatedAt >= since - 5000)).toBe(
      true,
    );
    await relay.stop();
  },
  60_000,
);

test("a secret that is entered anew counts at once, and a key that is exchanged needs no restart", async () => {
  const other = randomBytes(32).toString("hex");
  await configure(other);
  relay = await world.serve();
  expect((await world.call("PATCH", `/v1/credentials/${MANUAL}`, { webhook_secret: BY_HAND })).status).toBe(
    200,
  );
  expect(await deliveries()).toEqual([202, 503, 202]);

  // The right one is found again: what each has encrypted is opened, and encrypted under the first.
  await configure(world.secretKey, [other]);
  await until("all is opened", async () => (await world.deliver(WATCHED, made)) === 202);
  await until("all is encrypted anew", () => relay.log.includes("encrypted under the new secret_key"));
  expect(await deliveries()).toEqual([202, 202, 202]);
  await configure(world.secretKey);
  await until(
    "the old key is forgotten",
    () => relay.log.split("the configuration is read anew").length === 3,
  );
  expect(await deliveries()).toEqual([202, 202, 202]);
  await relay.stop();
  relay = await world.serve();
  expect(await deliveries()).toEqual([202, 202, 202]);
}, 60_000);

test("a key of the wrong length ends the start with what to do, and touches nothing", async () => {
  await relay.stop();
  const path = join(world.folder, "short.yaml");
  await world.configure({ secret_key: "abc" }, path);
  const started = await world.run(["serve", "--config", path]);
  expect([started.status, started.stderr + started.stdout]).toEqual([
    expect.any(Number),
    expect.stringContaining("secret_key"),
  ]);
  expect(started.status).not.toBe(0);
  expect(started.stderr + started.stdout).toContain("openssl rand -hex 32");
  await writeFile(path, "");
  relay = await world.serve();
  expect(await deliveries()).toEqual([202, 202, 202]);
}, 60_000);
