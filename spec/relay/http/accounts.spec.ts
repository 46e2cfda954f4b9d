import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FastifyInstance } from "fastify";
import { type Response } from "light-my-request";

import { sign } from "../../../src/dixa/webhooks/signature.ts";
import { HttpStatusError } from "../../../src/http/errors.ts";
import { type AccountOutcomeView, type RemovalView } from "../../../src/relay/http/account-schemas.ts";
import { createServer } from "../../../src/relay/http/server.ts";
import { readList } from "../../../src/relay/page/list-model.ts";
import { DIXA_TOKEN, FakeDixa } from "../support/fake-dixa.ts";
import {
  ADMIN_TOKEN,
  CONNECTION,
  SECRET,
  SIGNED,
  TEST_TUNING,
  testConfig,
  type TestServices,
  testServices,
} from "../support/services-fixture.ts";
import { type Documentation, documentation } from "./documented.ts";

const KEY = "ab".repeat(32);
const ID = "9a54f00d-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const BY_HAND = "secret-given-by-hand-0123456789";
const DAY = 86_400_000;

let now: number;
let dixa: FakeDixa;
let services: TestServices;
let app: FastifyInstance;
let documented: Documentation;

async function start(more: Record<string, unknown> = { secret_key: KEY }): Promise<void> {
  services = testServices({ config: testConfig(more), now: () => now, openDixa: dixa.open });
  app = createServer(services, TEST_TUNING);
  documented = await documentation(app);
}

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1, 12);
  dixa = new FakeDixa();
  await start();
});

afterEach(() => app.close());

async function call(
  method: "DELETE" | "GET" | "PATCH" | "POST",
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await app.inject({
    method,
    url: `/v1/credentials${path}`,
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  const documentedPath = `/v1/credentials${path.split("?", 1)[0]?.replace(/\/[0-9a-f-]{36}/, "/{credentialId}") ?? ""}`;
  documented.expectDocumented(method, documentedPath, response);
  return response;
}

async function deliver(secret: string, eventId: string, id = ID): Promise<number> {
  const body = Buffer.from(JSON.stringify({ event_id: eventId, event_fqn: "CONVERSATION_CLOSED" }));
  const response = await app.inject({
    method: "POST",
    url: `/webhooks/dixa/${id}`,
    headers: { "content-type": "application/json", "x-dixa-signature": sign(secret, body, now) },
    payload: body,
  });
  return response.statusCode;
}

const outcome = (response: Response) => response.json<AccountOutcomeView>();

describe("an account that is added", () => {
  test("by hand tells its address and events, and takes webhooks once its secret is there", async () => {
    const made = await call("POST", "", { credential_id: ID, name: "Dixa Oslo" });
    expect(made.statusCode).toBe(201);
    expect(outcome(made).account).toMatchObject({
      webhook_url: `https://relay.example.com/webhooks/dixa/${ID}`,
      origin: "store",
      problem: expect.stringContaining("webhook secret is missing"),
      keeps_token: false,
    });
    expect(outcome(made).account.dixa_events).toContain("ConversationClosed");
    expect(await deliver(BY_HAND, "e1")).toBe(503);
    const given = await call("PATCH", `/${ID}`, { webhook_secret: ` ${BY_HAND}`.trim() });
    expect(outcome(given).account.problem).toBeNull();
    expect(await deliver(BY_HAND, "e1")).toBe(202);
    expect(await deliver("another", "e2")).toBe(401);
    expect(services.store.events.map(({ eventId }) => eventId)).toEqual(["e1"]);
    expect(services.unchecked).toEqual([ID]);
  });

  test("with a token gets its webhook made in Dixa; the token is forgotten", async () => {
    const made = await call("POST", "", { name: "Dixa Oslo", dixa_token: DIXA_TOKEN });
    const { account } = outcome(made);
    expect(dixa.stored).toMatchObject([{ url: account.webhook_url, enabled: true }]);
    expect(account).toMatchObject({ problem: null, keeps_token: false, dixa_webhook_id: "w1" });
    expect(await deliver(dixa.stored[0]!.secretKey!, "e1", account.credential_id)).toBe(202);
    expect(services.config.credentials.at(-1)?.dixaApiToken).toBeUndefined();
  });

  test("keeps the token if asked to, and forgets it again", async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN, keep_token: true });
    expect(services.config.credentials.at(-1)?.dixaApiToken).toBe(DIXA_TOKEN);
    expect(outcome(await call("PATCH", `/${ID}`, { keep_token: false })).account.keeps_token).toBe(false);
    expect(services.config.credentials.at(-1)?.dixaApiToken).toBeUndefined();
  });

  test("tells nothing of its webhook, to nobody, once it has no token to ask Dixa with", async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN, keep_token: true });
    services.store.addConnection(ID, CONNECTION);
    services.store.subscriptions.set(ID, { state: "off", since: now, failing: "a 500" });
    const said = async () => {
      const { subscription } = (await call("GET", `/${ID}`)).json<{ subscription: unknown }>();
      const { body } = await app.inject("/metrics");
      const { rows } = await readList(services, { search: "Oslo", page: 1 });
      return [
        subscription !== null,
        body.includes(`dixa_relay_subscription_on{credential="${ID}"} 0`),
        body.includes(`dixa_relay_deliveries_failing{credential="${ID}"} 1`),
        rows.some(({ needs }) => needs.includes("unheard")),
      ];
    };
    expect(await said()).toEqual([true, true, true, true]);
    await call("PATCH", `/${ID}`, { keep_token: false });
    expect(await said()).toEqual([false, false, false, false]);
  });

  test("asked for twice is made once", async () => {
    const body = { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN };
    expect((await call("POST", "", body)).statusCode).toBe(201);
    const again = await call("POST", "", body);
    expect(again.statusCode).toBe(200);
    expect(dixa.stored).toHaveLength(1);
    expect((await call("POST", "", { ...body, name: "Bergen" })).statusCode).toBe(409);
    expect((await call("POST", "", { ...body, webhook_secret: "another-secret" })).statusCode).toBe(409);
  });

  test("asked for many times at once is made once, with one webhook", async () => {
    const body = { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN };
    const all = await Promise.all(Array.from({ length: 5 }, () => call("POST", "", body)));
    expect(all.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(dixa.stored).toHaveLength(1);
    expect(await deliver(dixa.stored[0]!.secretKey!, "e1")).toBe(202);
  });

  test("and removed at the same time leaves no webhook behind", async () => {
    const body = { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN, keep_token: true };
    await call("POST", "", body);
    const all = await Promise.all([
      call("POST", `/${ID}/rotate`, {}),
      call("DELETE", `/${ID}?webhook=remove`),
      call("POST", `/${ID}/rotate`, {}),
    ]);
    // In whatever order they come.
    expect(all[1].statusCode).toBe(200);
    expect((await call("GET", `/${ID}`)).statusCode).toBe(404);
    expect(dixa.stored).toEqual([]);
  });

  test("is not made when Dixa refuses the token, which the answer does not hold", async () => {
    const refused = await call("POST", "", {
      credential_id: ID,
      name: "Oslo",
      dixa_token: "wrong-token-0123",
    });
    expect(refused.statusCode).toBe(424);
    expect(refused.body).toContain("does not accept the API token");
    expect(refused.body).not.toContain("wrong-token-0123");
    expect((await call("GET", `/${ID}`)).statusCode).toBe(404);
    expect(await deliver(BY_HAND, "e1")).toBe(404);
  });

  test("stays when Dixa's answer is lost, so that the same request can end what it began", async () => {
    dixa.silentAt = "create";
    const body = { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN };
    const lost = await call("POST", "", body);
    expect(lost.statusCode).toBe(502);
    expect(lost.body).toContain(ID);
    expect(await deliver(dixa.stored[0]!.secretKey!, "e1")).toBe(503);
    dixa.silentAt = undefined;
    expect(outcome(await call("POST", "", body)).account.problem).toBeNull();
    expect(dixa.stored).toHaveLength(1);
    expect(await deliver(dixa.stored[0]!.secretKey!, "e1")).toBe(202);
  });

  test("stays when Dixa has made its webhook and then won't tell its secret", async () => {
    dixa.tellsSecret = false;
    dixa.before = (call) => {
      if (call !== "get") return Promise.resolve();
      return Promise.reject(new HttpStatusError("GET", { status: 403, bodyText: "" }));
    };
    const made = await call("POST", "", { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN });
    expect([made.statusCode, outcome(made).account.dixa_webhook_id]).toEqual([201, "w1"]);
    expect(outcome(made).notes.join()).toContain("Dixa did not give the webhook's secret");
    expect(outcome(made).account.problem).toContain("webhook secret is missing");
    // What Dixa sends meanwhile is owed, and not nobody's.
    expect(await deliver(dixa.stored[0]!.secretKey!, "e1")).toBe(503);
  });

  test.each([
    [{}, "name is missing"],
    [{ name: " " }, "name"],
    [{ name: "x", credential_id: "no" }, "credential_id"],
    [{ name: "x", events: ["nonsense"] }, "events"],
    [{ name: "x", webhook_secret: "with space" }, "webhook_secret"],
    [{ name: "x", secret: "x" }, "secret is not a key"],
    [{ name: "x", "pasted-token-0123456789": "x" }, "(23 characters) is not a key"],
    [[], "must be a mapping"],
  ])("from %j is refused, with the field's name", async (body, message) => {
    const refused = await call("POST", "", body);
    expect([refused.statusCode, refused.json<{ message: string }>().message]).toEqual([
      400,
      expect.stringContaining(message),
    ]);
  });

  test("with timings that don't fit together is refused", async () => {
    const refused = await call("POST", "", { name: "x", timings: { debounce: "1h" } });
    expect([refused.statusCode, refused.body]).toEqual([409, expect.stringContaining("debounce is 1h")]);
  });

  test("has its own timings, connections and events", async () => {
    await call("POST", "", {
      credential_id: ID,
      name: "Oslo",
      timings: { debounce: "7s" },
      events: ["message"],
      connections: [CONNECTION],
      webhook_secret: BY_HAND,
    });
    expect(services.config.timingsOf(ID, CONNECTION).debounce).toBe(7000);
    expect(services.config.credentials.at(-1)?.connections).toEqual({
      by: "list",
      connectionIds: [CONNECTION],
    });
    expect(await deliver(BY_HAND, "e1")).toBe(202);
    expect(services.store.events).toEqual([]);
  });
});

describe("a secret", () => {
  beforeEach(async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo", webhook_secret: BY_HAND });
  });

  test("that is changed by hand leaves the old one valid for the overlap, and no longer", async () => {
    const changed = await call("PATCH", `/${ID}`, { webhook_secret: "the-new-secret", overlap: "2h" });
    expect(outcome(changed).account.old_secret_until).toBe("2026-01-01T14:00:00.000Z");
    expect(await deliver(BY_HAND, "e1")).toBe(202);
    expect(await deliver("the-new-secret", "e2")).toBe(202);
    now += 2 * 3_600_000;
    expect(await deliver(BY_HAND, "e3")).toBe(401);
    expect(await deliver("the-new-secret", "e4")).toBe(202);
  });

  test("rotated in Dixa counts before Dixa signs with it, and the old one still does afterwards", async () => {
    await call("PATCH", `/${ID}`, { dixa_token: DIXA_TOKEN });
    const old = dixa.stored[0]!;
    // It is asked for in a call of its own, so there is a moment in which the relay does not know it.
    dixa.tellsSecret = false;
    const accepted: string[] = [];
    // Dixa signs with whatever is switched on at that moment.
    let count = 0;
    dixa.before = async (name) => {
      const active = dixa.stored.filter(({ enabled }) => enabled).map(({ secretKey }) => secretKey!);
      for (const secret of active) accepted.push(`${name} ${await deliver(secret, `p${++count}`)}`);
    };
    const rotated = await call("POST", `/${ID}/rotate`, { dixa_token: DIXA_TOKEN });
    expect(rotated.statusCode).toBe(200);
    expect(accepted.filter((line) => !line.endsWith(" 202"))).toEqual([]);
    expect(accepted.length).toBeGreaterThan(3);
    expect(dixa.stored).toMatchObject([{ id: "w2", enabled: true }]);
    expect(await deliver(old.secretKey!, "late")).toBe(202);
    now += DAY;
    expect(await deliver(old.secretKey!, "too late")).toBe(401);
    expect(await deliver(dixa.stored[0]!.secretKey!, "new")).toBe(202);
  });

  test("stays as it is when the rotation fails half-way", async () => {
    await call("PATCH", `/${ID}`, { dixa_token: DIXA_TOKEN });
    const old = dixa.stored[0]!;
    dixa.silentAt = "update";
    expect((await call("POST", `/${ID}/rotate`, { dixa_token: DIXA_TOKEN })).statusCode).toBe(502);
    expect(dixa.stored).toEqual([old]);
    now += 2 * DAY;
    expect(await deliver(old.secretKey!, "e1")).toBe(202);
  });

  test("stands in nothing that leaves the relay or rests in the store", async () => {
    await call("PATCH", `/${ID}`, { dixa_token: DIXA_TOKEN, keep_token: true });
    await deliver("wrong", "e1");
    services.logger.error({ err: new Error(`${BY_HAND} ${DIXA_TOKEN}`) }, `failed with ${BY_HAND}`);
    const texts = [
      JSON.stringify(services.store.accountRecords),
      (await call("GET", `/${ID}`)).body,
      (await call("GET", "")).body,
      (await app.inject("/metrics")).body,
      (await app.inject("/readyz")).body,
      services.lines.join("\n"),
    ];
    for (const text of texts) {
      for (const secret of [BY_HAND, DIXA_TOKEN, dixa.stored[0]!.secretKey!])
        expect(text).not.toContain(secret);
    }
  });
});

describe("a change", () => {
  test("renames, and leaves the rest", async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo", webhook_secret: BY_HAND, events: ["message"] });
    const { account } = outcome(await call("PATCH", `/${ID}`, { name: "Bergen" }));
    expect(account).toMatchObject({ name: "Bergen", settings: { events: ["message"] } });
    expect(await deliver(BY_HAND, "e1")).toBe(202);
  });

  test("sets how long nothing may come, and takes it back", async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo", max_staleness: "6h" });
    const credential = () => services.accounts.get(ID);
    expect(credential()?.maxStalenessMs).toBe(6 * 3_600_000);
    expect(outcome(await call("PATCH", `/${ID}`, { name: "Bergen" })).account.settings?.max_staleness).toBe(
      "6h",
    );
    const { account } = outcome(await call("PATCH", `/${ID}`, { max_staleness: null }));
    expect([account.settings?.max_staleness, credential()?.maxStalenessMs]).toEqual([null, undefined]);
    for (const max_staleness of ["soon", "0s", "25d", 6, ""]) {
      const refused = await call("PATCH", `/${ID}`, { max_staleness });
      expect([refused.statusCode, refused.body]).toEqual([400, expect.stringContaining("max_staleness")]);
    }
  });

  test("lets the relay switch the webhook on in Dixa only as long as it keeps a token", async () => {
    const credential = () => services.accounts.get(ID);
    const wish = { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN, dixa_switch_on: true };
    expect((await call("POST", "", wish)).statusCode).toBe(409);
    expect(credential()).toBeUndefined();
    expect((await call("POST", "", { ...wish, keep_token: true })).statusCode).toBe(201);
    expect(credential()?.switchesOn).toBe(true);
    expect((await call("POST", "", { ...wish, keep_token: true })).statusCode).toBe(200);
    const forgotten = outcome(await call("PATCH", `/${ID}`, { keep_token: false }));
    expect(forgotten.notes).toEqual([expect.stringContaining("no longer switches the webhook on")]);
    expect(forgotten.account.settings?.dixa_switch_on).toBe(false);
    const refused = await call("PATCH", `/${ID}`, { dixa_switch_on: true });
    expect([refused.statusCode, refused.body]).toEqual([409, expect.stringContaining("dixa_token")]);
    await call("PATCH", `/${ID}`, { dixa_switch_on: true, dixa_token: DIXA_TOKEN, keep_token: true });
    expect(credential()?.switchesOn).toBe(true);
    await call("PATCH", `/${ID}`, { dixa_switch_on: false });
    expect(credential()?.switchesOn).toBe(false);
  });

  test("that Dixa refuses changes nothing", async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo", webhook_secret: BY_HAND });
    const before = JSON.stringify(services.store.accountRecords.accounts);
    const wish = { name: "Bergen", events: ["sla"], max_staleness: "6h", webhook_secret: "another" };
    expect((await call("PATCH", `/${ID}`, { ...wish, dixa_token: "wrong-token" })).statusCode).toBe(424);
    expect(JSON.stringify(services.store.accountRecords.accounts)).toBe(before);
  });

  test("of secret and token at once leaves both secrets valid", async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo" });
    await call("PATCH", `/${ID}`, { webhook_secret: BY_HAND, dixa_token: DIXA_TOKEN });
    now += 2 * DAY;
    expect(await deliver(BY_HAND, "e1")).toBe(202);
    expect(await deliver(dixa.stored[0]!.secretKey!, "e2")).toBe(202);
  });

  test("of events is told to Dixa if the token is kept, and else to the person", async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN, keep_token: true });
    await call("PATCH", `/${ID}`, { events: ["sla"] });
    expect(dixa.stored[0]?.subscribedEvents).toHaveLength(4);
    expect(outcome(await call("PATCH", `/${ID}`, { keep_token: false, events: ["all"] })).notes).toEqual([
      expect.stringContaining("Tick the same events"),
    ]);
  });

  test("of what the configuration declares is refused", async () => {
    for (const response of [
      await call("PATCH", `/${SIGNED}`, { name: "x" }),
      await call("DELETE", `/${SIGNED}`),
      await call("POST", `/${SIGNED}/rotate`, {}),
      await call("POST", "", { credential_id: SIGNED, name: "x" }),
    ]) {
      expect([response.statusCode, response.body]).toEqual([409, expect.stringContaining("declared")]);
    }
  });

  test("of what nobody knows is answered with 404", async () => {
    expect((await call("PATCH", `/${ID}`, { name: "x" })).statusCode).toBe(404);
    expect((await call("DELETE", `/${ID}`)).statusCode).toBe(404);
  });
});

describe("a removal", () => {
  beforeEach(async () => {
    await call("POST", "", { credential_id: ID, name: "Oslo", dixa_token: DIXA_TOKEN });
    services.store.addConnection(ID, CONNECTION);
  });

  test("says what it stops, and stops it", async () => {
    const removed = (await call("DELETE", `/${ID}`)).json<RemovalView>();
    expect(removed).toMatchObject({ webhooks_removed: null, stopped: [{ connection_id: CONNECTION }] });
    expect((await services.store.connection(CONNECTION))?.state.phase).toMatchObject({ reason: "unmapped" });
    expect(await deliver(dixa.stored[0]!.secretKey!, "e1")).toBe(404);
    expect(JSON.stringify(services.store.accountRecords)).toContain('"secrets":"{}"');
    expect(dixa.stored).toHaveLength(1);
  });

  test("takes the webhook away in Dixa if asked, with a token", async () => {
    expect((await call("DELETE", `/${ID}?webhook=remove`)).statusCode).toBe(409);
    expect((await call("DELETE", `/${ID}?webhook=perhaps`)).statusCode).toBe(400);
    const unusable = { "x-dixa-api-token": "a b" };
    expect((await call("DELETE", `/${ID}`, undefined, unusable)).statusCode).toBe(400);
    const refused = await call("DELETE", `/${ID}?webhook=remove`, undefined, { "x-dixa-api-token": "wrong" });
    expect(refused.statusCode).toBe(424);
    expect((await call("GET", `/${ID}`)).statusCode).toBe(200);
    const headers = { "x-dixa-api-token": DIXA_TOKEN };
    const removed = await call("DELETE", `/${ID}?webhook=remove`, undefined, headers);
    expect(removed.json<RemovalView>().webhooks_removed).toBe(1);
    expect(dixa.stored).toEqual([]);
  });
});

test("without secret_key nothing is made, and the answer says why", async () => {
  await app.close();
  await start({});
  const refused = await call("POST", "", { name: "Oslo" });
  expect([refused.statusCode, refused.body]).toEqual([409, expect.stringContaining("secret_key")]);
  expect(services.store.accountRecords.accounts).toEqual([]);
  expect(await deliver(SECRET, "e1", SIGNED)).toBe(202);
});
