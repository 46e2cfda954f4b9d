import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FastifyInstance } from "fastify";

import { sign } from "../../../src/dixa/webhooks/signature.ts";
import { createServer } from "../../../src/relay/http/server.ts";
import {
  BASIC,
  BEARER,
  OPEN,
  SECRET,
  SIGNED,
  TEST_TUNING,
  testConfig,
  type TestServices,
  testServices,
} from "../support/services-fixture.ts";
import { documentation } from "./documented.ts";

const NOW = Date.UTC(2026, 0, 1);
const PATH = "/webhooks/dixa/{credentialId}";

let services: TestServices;
let app: FastifyInstance;

function start(options: Parameters<typeof testServices>[0] = {}): void {
  services = testServices({ now: () => NOW, ...options });
  app = createServer(services, TEST_TUNING);
}

beforeEach(() => {
  start();
});

afterEach(async () => {
  await app.close();
});

interface Delivery {
  credential?: string;
  body?: unknown;
  raw?: string | Buffer;
  headers?: Record<string, string>;
}

/** Sends a webhook as Dixa does: always signed, whatever else. */
async function deliver({ credential = SIGNED, body = { event_id: "e1" }, raw, headers = {} }: Delivery = {}) {
  const payload = Buffer.from(raw ?? JSON.stringify(body));
  const response = await app.inject({
    method: "POST",
    url: `/webhooks/dixa/${credential}`,
    headers: {
      "content-type": "application/json",
      "x-dixa-signature": sign(SECRET, payload, NOW),
      "x-dixa-subscription-id": "beef0000-0000-4000-8000-000000000001",
      ...headers,
    },
    payload,
  });
  (await documentation(app)).expectDocumented("POST", PATH, response);
  return response;
}

async function metric(name: string): Promise<number> {
  const { body } = await app.inject("/metrics");
  const line = body.split("\n").find((other) => other.startsWith(name));
  return Number(line?.slice(line.lastIndexOf(" ") + 1) ?? NaN);
}

describe("a webhook", () => {
  test("is kept, and only then answered with 202", async () => {
    let commit: (() => void) | undefined;
    await app.close();
    start({
      ingest: {
        accept: async () => {
          await new Promise<void>((resolve) => (commit = resolve));
          return "new";
        },
        probe: () => Promise.resolve(),
      },
    });
    let isAnswered = false;
    const answer = deliver().then((response) => {
      isAnswered = true;
      return response;
    });
    while (commit === undefined) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    commit();
    expect((await answer).statusCode).toBe(202);
  });

  test("leaves id, kind and time of arrival in the store", async () => {
    const response = await deliver({ body: { event_id: "e7", event_fqn: "CONVERSATION_CLOSED", data: {} } });
    expect(response.statusCode).toBe(202);
    expect(response.json()).toEqual({ status: "new" });
    expect(services.store.events).toEqual([
      { credentialId: SIGNED, eventId: "e7", eventType: "CONVERSATION_CLOSED", receivedAt: NOW, seq: 1 },
    ]);
    expect(await metric(`dixa_relay_webhooks_total{credential="${SIGNED}",outcome="new"}`)).toBe(1);
    expect(await metric("dixa_relay_commit_seconds_count")).toBe(1);
  });

  test("that comes twice is accepted twice and kept once", async () => {
    await deliver();
    const again = await deliver();
    expect(again.statusCode).toBe(202);
    expect(again.json()).toEqual({ status: "duplicate" });
    expect(services.store.events).toHaveLength(1);
  });

  test("of another credential with the same event id is another one", async () => {
    await deliver();
    expect((await deliver({ credential: OPEN })).json()).toEqual({ status: "new" });
  });

  test("of an unknown kind is kept", async () => {
    await deliver({ body: { event_id: "e1", event_fqn: "PARCEL_LOST" } });
    expect(services.store.events[0]).toMatchObject({ eventType: "PARCEL_LOST" });
  });

  test("of a kind that is filtered out is accepted and changes nothing", async () => {
    const typing = await deliver({ body: { event_id: "e1", event_fqn: "TYPING_STARTED" } });
    expect(typing.statusCode).toBe(202);
    expect(typing.json()).toEqual({ status: "filtered" });
    await app.close();
    start({ config: testConfig({}, { events: ["conversation"] }) });
    expect((await deliver({ body: { event_id: "e2", event_fqn: "SLA_EVALUATION_VOIDED" } })).json()).toEqual({
      status: "filtered",
    });
    expect(services.store.events).toEqual([]);
    expect(await metric(`dixa_relay_webhooks_total{credential="${SIGNED}",outcome="filtered"}`)).toBe(1);
  });

  test("finds its credential in capitals too, as some people write UUIDs", async () => {
    expect((await deliver({ credential: SIGNED.toUpperCase() })).statusCode).toBe(202);
    expect(services.store.events[0]).toMatchObject({ credentialId: SIGNED });
  });

  test("may declare its character set", async () => {
    expect(
      (await deliver({ headers: { "content-type": "application/json; charset=utf-8" } })).statusCode,
    ).toBe(202);
  });
});

describe("a webhook is refused", () => {
  async function expectRefused(delivery: Delivery, status: number, reason: string): Promise<void> {
    const response = await deliver(delivery);
    expect(response.statusCode).toBe(status);
    expect(response.body).not.toContain(SECRET);
    expect(services.store.events).toEqual([]);
    expect(await metric(`dixa_relay_webhooks_rejected_total{reason="${reason}"}`)).toBe(1);
  }

  test.each([
    ["without a signature", { headers: { "x-dixa-signature": "" } }],
    [
      "with a signature of another secret",
      { headers: { "x-dixa-signature": sign("ffff", Buffer.from("{}"), NOW) } },
    ],
    [
      "with the signature of another body",
      { headers: { "x-dixa-signature": sign(SECRET, Buffer.from("{}"), NOW) } },
    ],
    [
      "with a signature from the future",
      {
        headers: { "x-dixa-signature": sign(SECRET, Buffer.from('{"event_id":"e1"}'), NOW + 600_000) },
      },
    ],
  ])("%s", async (_, delivery) => {
    await expectRefused(delivery, 401, "unauthorized");
  });

  test("for an unknown credential, before its body is looked at", async () => {
    await expectRefused({ credential: BASIC.replace("1", "9"), raw: "garbage" }, 404, "unknown_credential");
  });

  test.each([
    ["not JSON", "{"],
    ["without an event_id", "{}"],
    ["empty", ""],
  ])("when it is %s", async (_, raw) => {
    await expectRefused({ raw }, 400, "malformed");
  });

  test("when its body is too large", async () => {
    const raw = JSON.stringify({ event_id: "e1", data: "x".repeat(256 * 1024) });
    await expectRefused({ raw }, 413, "too_large");
  });

  test("up to the last byte, and no sooner", async () => {
    const frame = JSON.stringify({ event_id: "e1", data: "" });
    const raw = JSON.stringify({ event_id: "e1", data: "x".repeat(256 * 1024 - frame.length) });
    expect((await deliver({ raw })).statusCode).toBe(202);
    await app.close();
    start();
    await expectRefused({ raw: `${raw} ` }, 413, "too_large");
  });

  test.each([["text/plain"], ["application/x-www-form-urlencoded"], ["application/xml"], ["nonsense"]])(
    "as %s",
    async (type) => {
      await expectRefused({ headers: { "content-type": type } }, 415, "media_type");
    },
  );

  test("with a remedy in the log, at most once a minute for each kind", async () => {
    for (let i = 0; i < 50; i++) await deliver({ headers: { "x-dixa-signature": "" } });
    const warnings = services.lines.filter((line) => line.includes('"warn"'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("webhooks for Dixa EU are refused: signature is missing");
  });
});

describe("when the store can't keep it", () => {
  test("a webhook is answered with 503 and when to come again, and another time accepted", async () => {
    services.store.isDown = true;
    const response = await deliver();
    expect(response.statusCode).toBe(503);
    expect(Number(response.headers["retry-after"])).toBeGreaterThan(0);
    expect(response.json()).toMatchObject({ error: "store_unavailable" });
    expect(await metric('dixa_relay_webhooks_rejected_total{reason="unavailable"}')).toBe(1);
    services.store.isDown = false;
    expect((await deliver()).json()).toEqual({ status: "new" });
  });

  test("any failure of the ingest is a 503, also one that nobody thought of", async () => {
    await app.close();
    const accept = () => Promise.reject(new TypeError("oops"));
    start({ ingest: { accept, probe: () => Promise.resolve() } });
    expect((await deliver()).statusCode).toBe(503);
    expect(services.lines.join("")).toContain("oops");
  });
});

describe("instead of a signature", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

  test("user name and password can be asked for, as Dixa sends them", async () => {
    const send = (authorization: string) => deliver({ credential: BASIC, headers: { authorization } });
    expect((await send(basic("dixa:pass:word"))).statusCode).toBe(202);
    for (const wrong of [
      basic("dixa:wrong"),
      basic("other:pass:word"),
      basic("dixa"),
      "Basic",
      "Basic ***",
      "Bearer pass:word",
      "",
    ]) {
      const response = await send(wrong);
      expect(response.statusCode).toBe(401);
      expect(response.headers["www-authenticate"]).toContain("Basic");
    }
  });

  test("a token can be asked for, as Dixa sends it", async () => {
    const send = (authorization: string) => deliver({ credential: BEARER, headers: { authorization } });
    expect((await send("Bearer bearer-token")).statusCode).toBe(202);
    for (const wrong of ["Bearer wrong", "bearer-token", "Bearer ", "Bearer bearer-token bearer-token", ""]) {
      expect((await send(wrong)).statusCode).toBe(401);
    }
  });

  test("nothing can be asked for", async () => {
    expect((await deliver({ credential: OPEN, headers: { "x-dixa-signature": "" } })).statusCode).toBe(202);
  });
});

test("secrets never reach the log", async () => {
  await deliver({
    credential: BASIC,
    headers: { authorization: `Basic ${Buffer.from("dixa:pass:word").toString("base64")}` },
  });
  await deliver({ credential: BEARER, headers: { authorization: "Bearer bearer-token" } });
  await deliver({ headers: { "x-dixa-signature": "t=1,v1=bearer-token" } });
  services.logger.info({ deep: { token: "bearer-token" } }, `the secret is ${SECRET}`);
  const log = services.lines.join("");
  for (const secret of [SECRET, "pass:word", "bearer-token"]) expect(log).not.toContain(secret);
  expect(log).toContain("the secret is ****");
});
