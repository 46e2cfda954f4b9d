import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FastifyInstance } from "fastify";

import { createServer } from "../../../src/relay/http/server.ts";
import { addPage } from "../../../src/relay/page/page.ts";
import {
  ADMIN_TOKEN,
  CONNECTION,
  SIGNED,
  TEST_TUNING,
  testConfig,
  type TestServices,
  testServices,
} from "../support/services-fixture.ts";

let services: TestServices;
let app: FastifyInstance;

beforeEach(() => {
  services = testServices({ config: testConfig({}, { dixa_api_token: "token" }) });
  services.store.addConnection(SIGNED, CONNECTION);
  app = createServer(services, TEST_TUNING);
  addPage(app, services);
});

afterEach(async () => {
  await app.close();
});

function post(url: string, form: Record<string, string>, headers: Record<string, string> = {}) {
  return app.inject({
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    payload: new URLSearchParams(form).toString(),
  });
}

/** Signs in, and returns the cookie and the token of the forms. */
async function signIn(): Promise<{ cookie: string; csrf: string }> {
  const { headers } = await post("/login", { token: ADMIN_TOKEN });
  const cookie = String(headers["set-cookie"]).split(";", 1)[0] ?? "";
  const { body } = await app.inject({ url: "/", headers: { cookie } });
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? "" };
}

async function isParked(): Promise<boolean> {
  return (await services.store.connection(CONNECTION))?.state.phase.name === "PARKED";
}

test("whoever is not signed in gets the login, and no fragment", async () => {
  expect(await app.inject("/")).toMatchObject({ statusCode: 303, headers: { location: "/login" } });
  for (const url of ["/page/fragment", `/accounts/${SIGNED}/fragment`]) {
    expect((await app.inject({ url, headers: { accept: "text/plain" } })).statusCode).toBe(401);
  }
  expect(await app.inject(`/accounts/${SIGNED}`)).toMatchObject({
    statusCode: 303,
    headers: { location: "/login" },
  });
  expect((await app.inject("/login")).body).not.toContain(SIGNED);
});

test("only the admin token signs in, and a wrong one is noted", async () => {
  const response = await post("/login", { token: "wrong" });
  expect(response.statusCode).toBe(401);
  expect(response.headers["set-cookie"]).toBeUndefined();
  expect(services.lines.join("")).toContain("wrong token");
  expect(services.lines.join("")).toContain('"address":"127.0.0.1"');
  expect((await post("/login", {})).statusCode).toBe(401);
  expect((await post("/login", { token: ADMIN_TOKEN }, { "sec-fetch-site": "cross-site" })).statusCode).toBe(
    401,
  );
});

describe("a button", () => {
  const PARK = `/page/connections/${CONNECTION}/park`;

  test("does what it says, and leads back to the page", async () => {
    const { cookie, csrf } = await signIn();
    const response = await post(PARK, { csrf }, { cookie });
    expect(response).toMatchObject({
      statusCode: 303,
      headers: { location: `/accounts/${SIGNED}?done=park` },
    });
    expect(await isParked()).toBe(true);
    expect(services.wakes).toBe(1);
    const { body } = await app.inject({ url: `/accounts/${SIGNED}?done=park`, headers: { cookie } });
    expect(body).toContain("Parked. What happens meanwhile is not forgotten.");
  });

  test("tells the page's script in words what it did", async () => {
    const { cookie, csrf } = await signIn();
    const response = await post(
      `/page/credentials/${SIGNED}/sync`,
      { csrf },
      { cookie, accept: "text/plain" },
    );
    expect(response.statusCode).toBe(200);
    expect(response.body).toBe("A sync of all its connections has been asked for.");
    expect((await services.store.credentialSummary(SIGNED)).seq).toBe(1);
  });

  test.each([
    ["without a session", {}, {}, 303],
    ["without a session, from the script", {}, { accept: "text/plain" }, 401],
    ["without the form's token", { csrf: "" }, "cookie", 403],
    ["with a wrong token", { csrf: "guess" }, "cookie", 403],
    ["from another site", "csrf", "foreign", 403],
  ] as const)("does nothing %s", async (_, form, headers, status) => {
    const { cookie, csrf } = await signIn();
    const response = await post(
      PARK,
      form === "csrf" ? { csrf } : { ...form },
      headers === "cookie"
        ? { cookie }
        : headers === "foreign"
          ? { cookie, "sec-fetch-site": "cross-site" }
          : { ...headers },
    );
    expect(response.statusCode).toBe(status);
    expect(await isParked()).toBe(false);
    expect(services.wakes).toBe(0);
  });

  test("of something that isn't there says so", async () => {
    const { cookie, csrf } = await signIn();
    for (const path of ["/page/connections/nothing/park", "/page/credentials/nothing/sync"]) {
      expect((await post(path, { csrf }, { cookie })).statusCode).toBe(404);
    }
  });

  test("takes no more than a form", async () => {
    const { cookie, csrf } = await signIn();
    expect((await post(PARK, { csrf, more: "x".repeat(9000) }, { cookie })).statusCode).toBe(413);
    const headers = { cookie, "content-type": "application/json" };
    expect((await app.inject({ method: "POST", url: PARK, headers, payload: "{}" })).statusCode).toBe(403);
  });
});

test("what is done is told from a fixed list, so no address can put words on the page", async () => {
  const { cookie } = await signIn();
  for (const done of ["You have won", "__proto__", "constructor", "toString"]) {
    const { statusCode, body } = await app.inject({
      url: `/?done=${encodeURIComponent(done)}`,
      headers: { cookie },
    });
    expect(statusCode).toBe(200);
    expect(body).toMatch(/<p id="status"[^>]*><\/p>/);
  }
});

test("a store that does not answer is told in words, with 503", async () => {
  const { cookie } = await signIn();
  services.store.isDown = true;
  const response = await app.inject({ url: "/", headers: { cookie } });
  expect(response.statusCode).toBe(503);
  expect(response.headers["retry-after"]).toBeDefined();
  expect(response.body).toContain("The store does not answer");
});

test("the oldest unsynced event has an age, and where all is synced there is none", async () => {
  const oldest = async (cookie: string) =>
    /Oldest unsynced<\/dt>\s*<dd>([^<]*)</.exec(
      (await app.inject({ url: `/accounts/${SIGNED}`, headers: { cookie } })).body,
    )?.[1];
  const { cookie } = await signIn();
  expect((await oldest(cookie))?.trim()).toBe("none");
  const receivedAt = Date.now() - 61_000;
  await services.store.accept({ credentialId: SIGNED, eventId: "e1", eventType: "X", receivedAt });
  expect((await oldest(cookie))?.trim()).toMatch(/^1m/);
});

test("a connection that is gone can be forgotten, and no other", async () => {
  const { cookie, csrf } = await signIn();
  const forget = `/page/connections/${CONNECTION}/forget`;
  expect((await app.inject({ url: `/accounts/${SIGNED}`, headers: { cookie } })).body).not.toContain(forget);
  expect((await post(forget, { csrf }, { cookie })).statusCode).toBe(404);
  expect(await services.store.connection(CONNECTION)).toBeDefined();
  await services.store.apply(CONNECTION, { type: "lost", reason: "gone" });
  expect((await app.inject({ url: `/accounts/${SIGNED}`, headers: { cookie } })).body).toContain(forget);
  expect((await post(forget, { csrf: "guess" }, { cookie })).statusCode).toBe(403);
  expect((await post(forget, { csrf }, { cookie })).headers.location).toBe(`/accounts/${SIGNED}?done=forget`);
  expect(await services.store.connection(CONNECTION)).toBeUndefined();
});

test("a sync that is owed without an event shows until it is done, and what Dixa says of the webhook, too", async () => {
  const { cookie } = await signIn();
  const page = async () =>
    (await app.inject({ url: `/accounts/${SIGNED}`, headers: { cookie } })).body.replaceAll(/\s+/g, " ");
  expect(await page()).not.toContain("webhook is switched off");
  await services.store.accept({ credentialId: SIGNED, eventId: "owed:1", eventType: "owed: outage" });
  const seq = 1;
  services.store.owed.set(SIGNED, { credentialId: SIGNED, reason: "outage", seq, at: Date.now() });
  services.store.subscriptions.set(SIGNED, {
    state: "off",
    since: Date.now(),
    failing: "<b>Closed</b> (503)",
  });
  expect(await page()).toContain("Owes a sync</strong>: no relay was listening");
  expect(await page()).toContain("Dixa&#39;s webhook is switched off");
  expect(await page()).toContain("&lt;b&gt;Closed&lt;/b&gt; (503)");
  services.store.succeed(CONNECTION);
  expect(await page()).toContain("Owed a sync, and had it: no relay was listening");
});

test("style and script are kept by browsers, since a change gives them another address", async () => {
  const { body } = await app.inject("/login");
  const path = /href="(\/assets\/page-[0-9a-f]{12}\.css)"/.exec(body)?.[1] ?? "";
  const response = await app.inject(path);
  expect(response.headers).toMatchObject({
    "content-type": "text/css; charset=utf-8",
    "cache-control": "public, max-age=31536000, immutable",
  });
});

test("signing out ends the session in the browser", async () => {
  const { cookie, csrf } = await signIn();
  expect((await post("/logout", { csrf: "guess" }, { cookie })).statusCode).toBe(403);
  const response = await post("/logout", { csrf }, { cookie });
  expect(response).toMatchObject({ statusCode: 303, headers: { location: "/login" } });
  expect(response.headers["set-cookie"]).toContain("Max-Age=0");
});
