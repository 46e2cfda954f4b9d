import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { type RelayServer } from "../support/relay-server.ts";
import { AccountWorld, ADMIN_TOKEN } from "./account-world.ts";
import { PageClient } from "./page-client.ts";

const REMEDY = /has \d already\. If it may have no more, delete one that nobody needs in Dixa/;

let world: AccountWorld;
let relay: RelayServer;
let page: PageClient;
let tokenFile: string;
const first = randomUUID();

beforeAll(async () => {
  world = await AccountWorld.open();
  await world.configure();
  relay = await world.serve();
  page = new PageClient(world.url);
  await page.signIn(ADMIN_TOKEN);
  tokenFile = join(world.folder, "token");
  await writeFile(tokenFile, world.dixa.token);
  const account = { credential_id: first, name: "Oslo", dixa_token: world.dixa.token };
  expect((await world.call("POST", "/v1/credentials", account)).status).toBe(201);
}, 60_000);

afterAll(async () => {
  await relay.stop();
  await world.close();
});

async function names(): Promise<string[]> {
  const { text } = await world.call("GET", "/v1/credentials");
  return (JSON.parse(text) as { credentials: { name: string }[] }).credentials.map(({ name }) => name);
}

// Which of them Dixa would send is not documented.
test.each([400, 402, 403, 409, 422, 429])(
  "where Dixa makes no more webhooks and says so by %i, each way says what to do, and nothing is half-made",
  async (status) => {
    const before = JSON.stringify(world.dixa.subscriptions.list());
    const secret = world.dixa.subscriptions.list()[0]?.secretKey ?? "";
    world.dixa.subscriptions.limit = { most: 1, status };
    const token = world.dixa.token;
    const account = { credential_id: randomUUID(), name: "Bergen", dixa_token: token, keep_token: true };
    const [http, rotated, command, form] = await Promise.all([
      world.call("POST", "/v1/credentials", account),
      world.call("POST", `/v1/credentials/${first}/rotate`, { dixa_token: token }),
      world.run(["credential", "add", "Bergen", "--dixa-token-file", tokenFile]),
      page.post("/accounts", { id: randomUUID(), name: "Bergen", token }),
    ]);
    expect([http.status, http.text]).toEqual([424, expect.stringMatching(REMEDY)]);
    expect(http.text).toContain("No account was made.");
    expect([rotated.status, rotated.text]).toEqual([424, expect.stringMatching(REMEDY)]);
    expect([command.status, command.stderr + command.stdout]).toEqual([1, expect.stringMatching(REMEDY)]);
    expect(form.status).toBe(424);
    const shown = Object.values(page.answers).at(-1) ?? "";
    expect(shown).toMatch(/role="alert"[^>]*>[^<]*If it may have no more, delete one that nobody needs/);
    for (const text of [http.text, rotated.text, command.stderr, shown]) {
      expect(text).toContain(`does not make the webhook (${status}).`);
      expect(text).toContain("maximum number of webhooks");
    }
    expect(await names()).toEqual(["Oslo"]);
    expect(JSON.stringify(world.dixa.subscriptions.list())).toBe(before);
    expect(await world.deliver(first, secret)).toBe(202);

    // There is room again: the same request is enough.
    world.dixa.subscriptions.limit = undefined;
    expect((await world.call("POST", "/v1/credentials", account)).status).toBe(201);
    const path = `/v1/credentials/${account.credential_id}?webhook=remove`;
    expect((await world.call("DELETE", path)).status).toBe(200);
    expect(await names()).toEqual(["Oslo"]);
  },
  60_000,
);
