import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FastifyInstance } from "fastify";

import { CurrentConfig } from "../../../src/relay/accounts/current-config.ts";
import { type OpenDixa } from "../../../src/relay/accounts/dixa-account.ts";
import { openAccounts } from "../../../src/relay/accounts/open-accounts.ts";
import { createServer } from "../../../src/relay/http/server.ts";
import { addPage } from "../../../src/relay/page/page.ts";
import {
  ADMIN_TOKEN,
  SIGNED,
  TEST_TUNING,
  testConfig,
  type TestServices,
  testServices,
} from "../support/services-fixture.ts";

const ID = "00000000-0000-4000-8000-00000000000a";
const TOKEN = "dixa-token-0123456789";
const SECRET = "0123456789abcdef0123456789abcdef";

let services: TestServices;
let app: FastifyInstance;
let cookie: string;
let csrf: string;
/** What Dixa has. */
let webhooks: { id: string; url: string; secretKey: string }[];

const openDixa: OpenDixa = () => ({
  close: () => undefined,
  subscriptions: {
    list: () => Promise.resolve(webhooks.map(shown)),
    get: (id) => Promise.resolve(shown(webhooks.find((webhook) => webhook.id === id) ?? webhooks[0]!)),
    create: ({ url }) => {
      const webhook = { id: `w${webhooks.length + 1}`, url, secretKey: SECRET };
      webhooks.push(webhook);
      return Promise.resolve(shown(webhook));
    },
    update: (id) => Promise.resolve(shown(webhooks.find((webhook) => webhook.id === id) ?? webhooks[0]!)),
    delete: (id) => {
      webhooks = webhooks.filter((webhook) => webhook.id !== id);
      return Promise.resolve();
    },
    deliveryStatus: () => Promise.resolve([]),
  },
});

function shown(webhook: { id: string; url: string; secretKey: string }) {
  return { ...webhook, name: "dixa-relay", subscribedEvents: [], enabled: true };
}

async function start(more: Record<string, unknown> = { secret_key: "0".repeat(64) }): Promise<void> {
  services = testServices({ config: testConfig(more), openDixa });
  app = createServer(services, TEST_TUNING);
  addPage(app, services);
  const { headers } = await post("/login", { token: ADMIN_TOKEN }, {});
  cookie = String(headers["set-cookie"]).split(";", 1)[0] ?? "";
  csrf = /name="csrf" value="([^"]+)"/.exec((await get("/")).body)?.[1] ?? "";
}

beforeEach(async () => {
  webhooks = [];
  await start();
});

afterEach(async () => {
  await app.close();
});

function get(url: string) {
  return app.inject({ url, headers: { cookie } });
}

function post(url: string, form: Record<string, string>, headers: Record<string, string> = { cookie }) {
  return app.inject({
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    payload: new URLSearchParams(form).toString(),
  });
}

function add(form: Record<string, string> = {}) {
  return post("/accounts", { csrf, id: ID, name: "Dixa <EU>", token: TOKEN, ...form });
}

test("the form keeps its id when it is loaded anew, so that its address stays the one that Dixa was told", async () => {
  const { statusCode, headers } = await get("/accounts/new");
  expect(statusCode).toBe(303);
  const location = String(headers.location);
  const id = /^\/accounts\/new\?id=([0-9a-f-]{36})$/.exec(location)?.[1] ?? "";
  for (let time = 0; time < 2; time++) {
    expect((await get(location)).body).toContain(`https://relay.example.com/webhooks/dixa/${id}`);
  }
  expect((await get('/accounts/new?id="><i>')).statusCode).toBe(303);
});

test("adding leads to the set-up, and sent twice it makes one account and one webhook", async () => {
  for (let time = 0; time < 2; time++) {
    expect(await add()).toMatchObject({
      statusCode: 303,
      headers: { location: `/accounts/${ID}/setup?done=added` },
    });
  }
  expect(webhooks).toHaveLength(1);
  const { body } = await get(`/accounts/${ID}/setup?done=added`);
  expect(body).toContain("The account is added.");
  expect(body).toContain("Dixa &lt;EU&gt;: set-up");
  expect(services.lines.join("")).not.toMatch(new RegExp(`${TOKEN}|${SECRET}`));
});

test("an account that another replica has just made is found", async () => {
  const current = new CurrentConfig(testConfig({ secret_key: "0".repeat(64) }));
  const { store, clock } = services;
  const other = openAccounts({ current, store, clock, hide: () => undefined }).accounts;
  await other.create({ credentialId: ID, name: "Dixa US" });
  expect(services.accounts.get(ID)).toBeUndefined();
  expect((await get(`/accounts/${ID}/setup`)).body).toContain("Dixa US needs its webhook’s secret");
});

test("what is wrong stands beside its field; the rest survives, secrets aside", async () => {
  const { statusCode, body } = await add({ name: " ", secret: "with a blank", keep: "yes" });
  expect(statusCode).toBe(400);
  expect(body).toMatch(/id="name"[^>]*aria-describedby="name-error name-help" aria-invalid="true"/);
  expect(body).not.toContain(TOKEN);
  expect(body).not.toContain("with a blank");
  expect(body).toContain(`value="${ID}"`);
  expect(body).toMatch(/id="keep"[^>]*checked/);
  expect(body).toMatch(/<details id="by-hand" open>/);
  const second = await add({ token: "with a blank" });
  expect(second.body).toMatch(/id="token"[^>]*aria-invalid="true"/);
  expect(second.body).toContain('value="Dixa &lt;EU&gt;"');
  expect(services.accounts.get(ID)).toBeUndefined();
});

describe("every form", () => {
  test("does nothing without the session's own token, or from another site", async () => {
    await add();
    const before = JSON.stringify(services.accounts.list());
    for (const path of [
      "/accounts",
      ...["rename", "settings", "rotate", "secret", "token", "remove", "look"].map(
        (form) => `/accounts/${ID}/${form}`,
      ),
    ]) {
      const form = { name: "other", token: TOKEN, secret: SECRET, id: ID };
      expect((await post(path, form)).statusCode).toBe(403);
      expect((await post(path, { ...form, csrf: "guess" })).statusCode).toBe(403);
      const foreign = { cookie, "sec-fetch-site": "cross-site" };
      expect((await post(path, { ...form, csrf }, foreign)).statusCode).toBe(403);
      expect((await post(path, { ...form, csrf }, {})).statusCode).toBe(303);
    }
    expect(JSON.stringify(services.accounts.list())).toBe(before);
  });

  test("of an account that there is not says so", async () => {
    for (const form of ["rename", "settings", "rotate", "secret", "token", "remove", "look"]) {
      expect((await post(`/accounts/${ID}/${form}`, { csrf })).statusCode).toBe(404);
    }
    for (const path of ["", "/setup", "/setup/fragment", "/manage", "/remove", "/fragment"]) {
      expect((await get(`/accounts/${ID}${path}`)).statusCode).toBe(404);
    }
  });

  test("of an account that the configuration declares leaves it as it is", async () => {
    expect((await get(`/accounts/${SIGNED}/manage`)).body).toContain("declared in the relay’s configuration");
    for (const form of ["rename", "settings", "rotate", "secret", "token", "remove"]) {
      const { statusCode } = await post(`/accounts/${SIGNED}/${form}`, {
        csrf,
        name: "x",
        secret: "x",
        token: "x",
      });
      expect(statusCode).toBe(409);
    }
    expect(services.accounts.get(SIGNED)?.name).toBe("Dixa EU");
  });
});

test("a token is kept when that is wanted, and forgotten when that is", async () => {
  await add();
  expect(services.accounts.get(ID)?.dixaApiToken).toBeUndefined();
  await post(`/accounts/${ID}/token`, { csrf, token: TOKEN });
  expect(services.accounts.get(ID)?.dixaApiToken).toBe(TOKEN);
  const { body } = await get(`/accounts/${ID}/manage`);
  expect(body).not.toContain(TOKEN);
  expect(body).toContain("Forget the token");
  await post(`/accounts/${ID}/token`, { csrf, forget: "yes" });
  expect(services.accounts.get(ID)?.dixaApiToken).toBeUndefined();
});

test("how it is synced and watched can be changed, and what can't be used is shown again", async () => {
  await add({ keep: "yes" });
  const settings = (form: Record<string, string>) => post(`/accounts/${ID}/settings`, { csrf, ...form });
  expect(await settings({ staleness: " 6h ", switch: "yes" })).toMatchObject({
    statusCode: 303,
    headers: { location: `/accounts/${ID}?done=settings` },
  });
  expect(services.accounts.get(ID)).toMatchObject({ maxStalenessMs: 6 * 3_600_000, switchesOn: true });
  const { body } = await get(`/accounts/${ID}/manage`);
  expect(body).toMatch(/name="staleness"\s+value="6h"/);
  expect(body).toMatch(/id="switch"[^>]*checked/);
  const refused = await settings({ staleness: 'so"on' });
  expect(refused.statusCode).toBe(400);
  expect(refused.body).toMatch(/value="so&quot;on"[^>]*aria-invalid="true"/);
  expect(refused.body).not.toMatch(/id="switch"[^>]*checked/);
  await settings({});
  expect(services.accounts.get(ID)).toMatchObject({ maxStalenessMs: undefined, switchesOn: false });
  // The token is forgotten while the form is open.
  await post(`/accounts/${ID}/token`, { csrf, forget: "yes" });
  expect((await get(`/accounts/${ID}/manage`)).body).not.toContain('id="switch"');
  expect((await settings({ switch: "yes" })).statusCode).toBe(409);
});

test("a removal takes the webhook away only when that is ticked", async () => {
  await add();
  expect(await post(`/accounts/${ID}/remove`, { csrf })).toMatchObject({
    statusCode: 303,
    headers: { location: "/?done=removed" },
  });
  expect(webhooks).toHaveLength(1);
  await add({ id: ID.replace("a", "b") });
  await post(`/accounts/${ID.replace("a", "b")}/remove`, { csrf, take: "yes", token: TOKEN });
  expect(webhooks).toHaveLength(1);
});

test("without secret_key there is no form, and what to do stands in its place", async () => {
  await app.close();
  await start({});
  const { body } = await get("/accounts/new");
  expect(body).toContain("openssl rand -hex 32");
  expect(body).not.toContain('name="token"');
  expect((await add()).statusCode).toBe(409);
});
