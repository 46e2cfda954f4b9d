import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FastifyInstance } from "fastify";

import { createServer, SERVER_TUNING } from "../../../src/relay/http/server.ts";
import { addPage } from "../../../src/relay/page/page.ts";
import {
  ADMIN_TOKEN,
  CONNECTION,
  OPEN,
  SIGNED,
  TEST_TUNING,
  testConfig,
  type TestServices,
  testServices,
} from "../support/services-fixture.ts";
import { documentation } from "./documented.ts";

let services: TestServices;
let app: FastifyInstance;

function start(more: Record<string, unknown> = {}): void {
  services = testServices({ config: testConfig(more) });
  app = createServer(services, TEST_TUNING);
  addPage(app, services);
}

beforeEach(() => {
  start();
});

afterEach(async () => {
  await app.close();
});

describe("health", () => {
  test("is alive whatever happens", async () => {
    services.store.isDown = true;
    const response = await app.inject("/livez");
    expect([response.statusCode, response.json()]).toEqual([200, { status: "ok" }]);
  });

  test("is ready while the store can be written", async () => {
    const { expectDocumented } = await documentation(app);
    const ready = await app.inject("/readyz");
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: "ok" }]);
    expectDocumented("GET", "/readyz", ready);
    services.store.isDown = true;
    const down = await app.inject("/readyz");
    expect([down.statusCode, down.json()]).toEqual([503, { status: "unavailable" }]);
    expectDocumented("GET", "/readyz", down);
  });

  test("is found out by an event's own way, once for all who ask within a second", async () => {
    let probes = 0;
    const ingest = {
      accept: services.store.accept.bind(services.store),
      probe: () => Promise.reject(new Error(`${++probes}`)),
    };
    services = testServices({ ingest });
    const busy = createServer(services, SERVER_TUNING);
    const answers = await Promise.all(Array.from({ length: 32 }, () => busy.inject("/readyz")));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([503]));
    expect((await busy.inject("/readyz")).statusCode).toBe(503);
    expect(probes).toBe(1);
    expect(services.lines.join("")).toContain("not ready: no webhook could be kept now: 1");
    await busy.close();
  });

  test("is not ready once the relay has been told to stop, and still takes webhooks", async () => {
    services.stop();
    const response = await app.inject("/readyz");
    expect([response.statusCode, response.json()]).toEqual([503, { status: "stopping" }]);
    const webhook = await app.inject({
      method: "POST",
      url: `/webhooks/dixa/${OPEN}`,
      payload: { event_id: "e1" },
    });
    expect(webhook.statusCode).toBe(202);
  });
});

describe("metrics", () => {
  test("are read from the store once for all who scrape within a second", async () => {
    let reads = 0;
    const busy = createServer(
      {
        ...services,
        store: Object.assign(Object.create(services.store) as typeof services.store, {
          credentialSummaries: () => {
            reads++;
            return services.store.credentialSummaries();
          },
        }),
      },
      SERVER_TUNING,
    );
    const answers = await Promise.all(Array.from({ length: 32 }, () => busy.inject("/metrics")));
    expect(answers.every(({ body }) => body.includes("dixa_relay_webhooks_total"))).toBe(true);
    expect(reads).toBe(1);
    await busy.close();
  });

  test("tell age and states from the store", async () => {
    services.store.addConnection(OPEN, CONNECTION);
    await services.store.accept({
      credentialId: OPEN,
      eventId: "e1",
      eventType: "X",
      receivedAt: Date.now() - 60_000,
    });
    const response = await app.inject("/metrics");
    (await documentation(app)).expectDocumented("GET", "/metrics", response);
    expect(response.body).toMatch(new RegExp(`dixa_relay_pending_age_seconds{credential="${OPEN}"} 6\\d`));
    expect(response.body).toContain(`dixa_relay_connections{credential="${OPEN}",state="pending"} 1`);
    expect(response.body).toContain(`dixa_relay_connections{credential="${OPEN}",state="clean"} 0`);
  });

  test("count what the dispatcher notes", async () => {
    services.metrics.noted({ kind: "triggered", jobId: 1 });
    services.metrics.noted({ kind: "succeeded", jobId: 1, lagMs: 45_000 });
    services.metrics.noted({ kind: "parked" });
    const { body } = await app.inject("/metrics");
    expect(body).toContain('dixa_relay_triggers_total{outcome="triggered"} 1');
    expect(body).toContain('dixa_relay_triggers_total{outcome="busy"} 0');
    expect(body).toContain('dixa_relay_jobs_total{outcome="succeeded"} 1');
    expect(body).toContain("dixa_relay_sync_lag_seconds_sum 45");
  });

  test("are there without the store, but for what it alone knows", async () => {
    services.store.isDown = true;
    const response = await app.inject("/metrics");
    expect(response.statusCode).toBe(200);
    expect(response.body).toContain("dixa_relay_webhooks_rejected_total");
    expect(response.body).not.toContain("dixa_relay_connections{");
    expect(response.body).toContain("dixa_relay_ready 0");
    services.store.isDown = false;
    expect((await app.inject("/metrics")).body).toContain("dixa_relay_ready 1");
    services.stop();
    expect((await app.inject("/metrics")).body).toContain("dixa_relay_ready 0");
  });

  test("say when webhooks can't be kept though the store can be read", async () => {
    const full = createServer(
      {
        ...services,
        ingest: { ...services.ingest, probe: () => Promise.reject(new Error("the disk is full")) },
      },
      TEST_TUNING,
    );
    expect((await full.inject("/metrics")).body).toContain("dixa_relay_ready 0");
    await full.close();
  });

  test("can be kept for those with a token", async () => {
    await app.close();
    start({ metrics_token: "metrics-token-0123" });
    const { expectDocumented } = await documentation(app);
    const refused = await app.inject("/metrics");
    expect(refused.statusCode).toBe(401);
    expectDocumented("GET", "/metrics", refused);
    const headers = { authorization: "Bearer metrics-token-0123" };
    expect((await app.inject({ url: "/metrics", headers })).statusCode).toBe(200);
  });
});

describe("the OpenAPI document", () => {
  test("names every call once, each with its access and all its answers", async () => {
    const { document } = await documentation(app);
    const calls = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(calls.sort()).toEqual([
      "DELETE /v1/credentials/{credentialId}",
      "GET /livez",
      "GET /metrics",
      "GET /readyz",
      "GET /v1/credentials",
      "GET /v1/credentials/{credentialId}",
      "GET /v1/credentials/{credentialId}/connections",
      "GET /v1/credentials/{credentialId}/sync/{seq}",
      "PATCH /v1/credentials/{credentialId}",
      "POST /v1/connections/{connectionId}/forget",
      "POST /v1/connections/{connectionId}/park",
      "POST /v1/connections/{connectionId}/retry",
      "POST /v1/connections/{connectionId}/unpark",
      "POST /v1/credentials",
      "POST /v1/credentials/{credentialId}/rotate",
      "POST /v1/credentials/{credentialId}/sync",
      "POST /webhooks/airbyte/{secret}",
      "POST /webhooks/dixa/{credentialId}",
    ]);
    const sync = document.paths["/v1/credentials/{credentialId}/sync"]?.["post"];
    expect(sync?.["security"]).toEqual([{ adminToken: [] }]);
    expect(Object.keys(sync?.responses ?? {})).toEqual(["200", "202", "400", "401", "404", "424", "503"]);
  });

  test("holds no references that lead nowhere", async () => {
    const { body } = await app.inject("/openapi.json");
    const names = new Set(
      Object.keys((JSON.parse(body) as { components: { schemas: object } }).components.schemas),
    );
    const references = [...body.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(references.length).toBeGreaterThan(10);
    for (const name of references) expect(names).toContain(name);
    expect(body).not.toContain("$schema");
    expect(body).not.toContain("9007199254740991");
  });
});

describe("an address", () => {
  test.each([
    ["GET", `/webhooks/dixa/${SIGNED}`, "POST"],
    ["PUT", `/webhooks/dixa/${SIGNED}`, "POST"],
    ["PUT", `/v1/credentials/${SIGNED}`, "DELETE, GET, HEAD, PATCH"],
    ["DELETE", "/v1/credentials", "GET, HEAD, POST"],
    ["POST", "/openapi.json", "GET, HEAD"],
    ["OPTIONS", "/livez", "GET, HEAD"],
    ["PATCH", "/login", "GET, HEAD, POST"],
    ["QUERY", "/livez", "GET, HEAD"],
  ] as const)("%s %s is answered with 405 and what is allowed", async (method, url, allow) => {
    const response = await app.inject({ method, url, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    expect(response.statusCode).toBe(405);
    expect(response.headers.allow).toBe(allow);
    expect(response.json()).toMatchObject({ error: "method" });
  });

  test.each([
    ["PUT", `/webhooks/dixa/${SIGNED}`, 405],
    ["POST", "/nowhere", 404],
  ] as const)("%s %s is refused for its address, whatever its body is", async (method, url, status) => {
    const response = await app.inject({
      method,
      url,
      headers: { "content-type": "text/plain" },
      payload: "x".repeat(300_000),
    });
    expect(response.statusCode).toBe(status);
  });

  test.each([
    ["/nowhere"],
    ["/webhooks/dixa"],
    ["/webhooks/dixa/"],
    [`/webhooks/dixa/${SIGNED}/more`],
    ["/v1"],
    ["/%zz"],
    ["/..%2f..%2fetc%2fpasswd"],
    ["/webhooks/airbyte/anything"],
  ])("%s is answered with 404", async (url) => {
    const response = await app.inject({ method: "POST", url });
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ error: "not_found" });
  });
});

describe("Airbyte's notification", () => {
  const secret = "notification-secret-1";
  const notify = async (payload: object, key = secret) => {
    const response = await app.inject({ method: "POST", url: `/webhooks/airbyte/${key}`, payload });
    (await documentation(app)).expectDocumented("POST", "/webhooks/airbyte/{secret}", response);
    return response;
  };

  beforeEach(async () => {
    await app.close();
    start({
      airbyte: {
        url: "https://airbyte.example.com/api/public/v1",
        auth: "none",
        notification_secret: secret,
      },
    });
    services.store.addConnection(SIGNED, CONNECTION);
  });

  test("is a hint to look at the job of that connection now", async () => {
    const until = Date.now() + 60_000;
    services.store.change(CONNECTION, {
      phase: { name: "TRACKING", jobId: 7, cover: 0, status: "running", since: Date.now(), until },
    });
    const response = await notify({ data: { connection: { id: CONNECTION }, jobId: 7, success: true } });
    expect(response.statusCode).toBe(202);
    expect(services.wakes).toBe(1);
    const phase = (await services.store.connection(CONNECTION))?.state.phase;
    expect(phase).toMatchObject({ name: "TRACKING", jobId: 7 });
    expect(phase?.name === "TRACKING" && phase.until < until).toBe(true);
  });

  test("of a connection that is none of ours changes nothing", async () => {
    expect((await notify({ data: { connection: { id: "x" } } })).statusCode).toBe(202);
    expect((await notify({ data: { connection: { id: "\0" } } })).statusCode).toBe(202);
    expect(services.wakes).toBe(0);
  });

  test("needs the secret address and a connection", async () => {
    expect(
      (await notify({ data: { connection: { id: CONNECTION } } }, "wrong-secret-12345")).statusCode,
    ).toBe(404);
    expect((await notify({ data: {} })).statusCode).toBe(400);
    expect((await app.inject({ method: "POST", url: `/webhooks/airbyte/${secret}` })).statusCode).toBe(400);
  });
});

test("no answer is cached or taken for something else than it is", async () => {
  for (const url of ["/livez", "/v1/credentials", "/nowhere", "/login", "/openapi.json"]) {
    const { headers } = await app.inject(url);
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  }
});
