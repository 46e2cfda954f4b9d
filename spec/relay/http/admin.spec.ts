import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FastifyInstance } from "fastify";

import { createServer } from "../../../src/relay/http/server.ts";
import {
  ADMIN_TOKEN,
  BASIC,
  CONNECTION,
  OPEN,
  OTHER_CONNECTION,
  SIGNED,
  TEST_TUNING,
  testConfig,
  type TestServices,
  testServices,
} from "../support/services-fixture.ts";
import { documentation } from "./documented.ts";

const START = Date.UTC(2026, 0, 1, 12);

let services: TestServices;
let app: FastifyInstance;
let now: number;

beforeEach(() => {
  now = START;
  services = testServices({ now: () => now });
  app = createServer(services, TEST_TUNING);
});

afterEach(async () => {
  await app.close();
});

async function call(method: "GET" | "POST", path: string, token = ADMIN_TOKEN) {
  const response = await app.inject({
    method,
    url: path,
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
  });
  const documented = path
    .split("?", 1)[0]!
    .replace(/(credentials\/)[^/]+/, "$1{credentialId}")
    .replace(/(connections\/)[^/]+/, "$1{connectionId}")
    .replace(/(sync\/)[^/]+/, "$1{seq}");
  (await documentation(app)).expectDocumented(method, documented, response);
  return response;
}

function event(eventId: string): Promise<unknown> {
  return services.store.accept({
    credentialId: SIGNED,
    eventId,
    eventType: "CONVERSATION_CLOSED",
    receivedAt: now,
  });
}

const CALLS = [
  ["GET", "/v1/credentials"],
  ["GET", `/v1/credentials/${SIGNED}`],
  ["POST", `/v1/credentials/${SIGNED}/sync`],
  ["GET", `/v1/credentials/${SIGNED}/sync/1`],
  ["POST", `/v1/connections/${CONNECTION}/retry`],
  ["POST", `/v1/connections/${CONNECTION}/park`],
  ["POST", `/v1/connections/${CONNECTION}/unpark`],
] as const;

describe.each(CALLS)("%s %s", (method, path) => {
  test("is for the holder of the admin token only", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    for (const token of ["", "wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(0, -1)]) {
      const response = await call(method, path, token);
      expect(response.statusCode).toBe(401);
      expect(response.headers["www-authenticate"]).toContain("Bearer");
    }
    expect((await services.store.connection(CONNECTION))?.state.phase.name).toBe("IDLE");
    expect(services.wakes).toBe(0);
  });

  test("says 503 while the store can't be reached", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    services.store.isDown = true;
    const response = await call(method, path);
    expect(response.statusCode).toBe(503);
    expect(response.headers["retry-after"]).toBeDefined();
  });
});

test("credentials are listed in the order of the configuration, with what their connections are at", async () => {
  services.store.addConnection(SIGNED, CONNECTION);
  services.store.addConnection(SIGNED, OTHER_CONNECTION);
  await event("e1");
  now += 10_000;
  services.store.succeed(CONNECTION);
  const { credentials } = (await call("GET", "/v1/credentials")).json<{ credentials: unknown[] }>();
  expect(credentials).toHaveLength(4);
  expect(credentials[0]).toEqual({
    credential_id: SIGNED,
    name: "Dixa EU",
    origin: "configuration",
    problem: null,
    seq: 1,
    last_event_at: "2026-01-01T12:00:00.000Z",
    pending_since: "2026-01-01T12:00:00.000Z",
    last_owed: null,
    subscription: null,
    connections: { clean: 1, pending: 1, claimed: 0, tracking: 0, busy: 0, backoff: 0, parked: 0 },
  });
});

describe("a credential", () => {
  test("is shown with its webhook's address, events and connections", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    await event("e1");
    const body = (await call("GET", `/v1/credentials/${SIGNED}`)).json<Record<string, unknown>>();
    expect(body).toMatchObject({
      webhook_url: `https://relay.example.com/webhooks/dixa/${SIGNED}`,
      auth: "signature",
      recent_events: [{ seq: 1, event_id: "e1", event_type: "CONVERSATION_CLOSED" }],
      connections: [
        {
          connection_id: CONNECTION,
          state: "pending",
          state_text: "waits until 2026-01-01T12:00:30.000Z (so that events close together share one sync)",
          pending_events: 1,
          synced_seq: 0,
          url: `https://airbyte.example.com/workspaces/871d9b60-11a9-44cb-8c63-a40eee16e4a0/connections/${CONNECTION}`,
          last_job: null,
        },
      ],
    });
  });

  test("shows the job that a connection is at, with its link", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    await event("e1");
    services.store.change(CONNECTION, {
      phase: { name: "TRACKING", jobId: 77, cover: 1, status: "running", since: now, until: now },
    });
    const body = (await call("GET", `/v1/credentials/${SIGNED}`)).json<{ connections: unknown[] }>();
    expect(body.connections[0]).toMatchObject({
      state: "tracking",
      state_text: "syncing since 2026-01-01T12:00:00.000Z",
      last_job: {
        job_id: 77,
        outcome: "running",
        url: expect.stringMatching(/\/timeline\?jobId=77&openLogs=true$/),
      },
    });
  });

  test("is shown with a page of its connections, and how many there are", async () => {
    for (let index = 0; index < 45; index++) {
      services.store.addConnection(SIGNED, `e735894a-e773-4938-969f-${String(index).padStart(12, "0")}`);
    }
    const shown = async (query: string) => {
      const { connections, total_connections: total } = (
        await call("GET", `/v1/credentials/${SIGNED}${query}`)
      ).json<{ connections: { connection_id: string }[]; total_connections: number }>();
      return [connections.length, Number(connections[0]?.connection_id.slice(-2)), total];
    };
    expect(await shown("")).toEqual([20, 0, 45]);
    expect(await shown("?limit=100")).toEqual([45, 0, 45]);
    expect(await shown("?limit=10&offset=40")).toEqual([5, 40, 45]);
    expect((await call("GET", `/v1/credentials/${SIGNED}?limit=101`)).statusCode).toBe(400);
  });

  test("that is not configured is not found, whatever its id looks like", async () => {
    for (const id of [BASIC.replace("1", "9"), "x", "%00", "..%2f..", "a".repeat(150)]) {
      expect((await call("GET", `/v1/credentials/${id}`)).statusCode).toBe(404);
    }
  });
});

describe("a sync that is asked for by hand", () => {
  const PATH = `/v1/credentials/${SIGNED}/sync`;

  test("is one more number, and answered at once when nobody waits", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    const response = await call("POST", PATH);
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({ seq: 1, outcome: "pending", reasons: [] });
    expect(services.wakes).toBe(1);
    expect((await call("POST", PATH)).json()).toMatchObject({ seq: 2 });
  });

  test.each([
    ["nothing", undefined, undefined],
    ["an empty form", "application/x-www-form-urlencoded", ""],
    ["an empty object", "application/json", "{}"],
    ["an empty object that is declared as a form", "application/x-www-form-urlencoded", "{}"],
  ])("may bring %s", async (_, type, payload) => {
    services.store.addConnection(SIGNED, CONNECTION);
    const response = await app.inject({
      method: "POST",
      url: PATH,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(type === undefined ? {} : { "content-type": type }),
      },
      ...(payload === undefined ? {} : { payload }),
    });
    expect(response.statusCode).toBe(202);
  });

  test("may not bring a form that says something, nor may a webhook be empty", async () => {
    const headers = {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      "content-type": "application/x-www-form-urlencoded",
    };
    const send = (url: string, payload: string) => app.inject({ method: "POST", url, headers, payload });
    expect((await send(PATH, "wait=5s")).statusCode).toBe(415);
    expect((await send(PATH, "{".repeat(1000))).statusCode).toBe(415);
    for (const body of ["{}", "{".repeat(1000)]) {
      expect((await send(`/webhooks/dixa/${OPEN}`, body)).statusCode).toBe(415);
    }
  });

  test("is answered with 200 when each connection has been synced", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    services.store.addConnection(SIGNED, OTHER_CONNECTION);
    const answer = call("POST", `${PATH}?wait=60s`);
    while (services.wakes === 0) await new Promise((resolve) => setImmediate(resolve));
    services.store.succeed(CONNECTION);
    services.store.succeed(OTHER_CONNECTION);
    const response = await answer;
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ seq: 1, outcome: "succeeded" });
  });

  test("is answered with 202 when the wait has run out", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    services.store.addConnection(SIGNED, OTHER_CONNECTION);
    const answer = call("POST", `${PATH}?wait=30s`);
    while (services.wakes === 0) await new Promise((resolve) => setImmediate(resolve));
    services.store.succeed(CONNECTION);
    now += 30_000;
    expect((await answer).statusCode).toBe(202);
  });

  test("is answered with 424 and the reason when a connection is parked", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    await services.store.apply(CONNECTION, { type: "park" });
    const response = await call("POST", `${PATH}?wait=60s`);
    expect(response.statusCode).toBe(424);
    expect(response.json()).toMatchObject({
      outcome: "failed",
      reasons: [{ connection_id: CONNECTION, reason: "Dixa → e735: parked: by hand" }],
    });
  });

  test("is answered with 424 as soon as a sync has failed since, and not for failures of before", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    services.store.change(CONNECTION, { failedJobs: 3, failedSeq: 0, lastError: "an old failure" });
    const answer = call("POST", `${PATH}?wait=60s`);
    while (services.wakes === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    services.store.change(CONNECTION, { failedJobs: 4, failedSeq: 1, lastError: "Airbyte's job 5 failed" });
    const response = await answer;
    expect(response.statusCode).toBe(424);
    expect(response.json()).toMatchObject({
      reasons: [{ reason: "Dixa → e735: Airbyte's job 5 failed" }],
    });
  });

  test("is not held up by a connection that is gone or carries another credential", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    services.store.addConnection(SIGNED, OTHER_CONNECTION);
    await services.store.apply(OTHER_CONNECTION, { type: "lost", reason: "gone" });
    const answer = call("POST", `${PATH}?wait=1h`);
    while (services.wakes === 0) await new Promise((resolve) => setImmediate(resolve));
    services.store.succeed(CONNECTION);
    expect((await answer).statusCode).toBe(200);
    expect((await call("GET", "/v1/credentials")).json()).toMatchObject({
      credentials: expect.arrayContaining([expect.objectContaining({ pending_since: null })]),
    });
    const { body } = await app.inject("/metrics");
    expect(body).toContain(`dixa_relay_connections{credential="${SIGNED}",state="parked"} 0`);
    expect(body).toContain(`dixa_relay_pending_age_seconds{credential="${SIGNED}"} 0`);
  });

  test("waits for the first mapping before it says that there is no connection", async () => {
    await app.close();
    app = createServer({ ...services, isMapped: () => false }, TEST_TUNING);
    expect((await call("POST", PATH)).json()).toMatchObject({ outcome: "pending", reasons: [] });
  });

  test("is answered with 424 when no connection is known", async () => {
    const response = await call("POST", PATH);
    expect(response.statusCode).toBe(424);
    expect(response.json()).toMatchObject({
      reasons: [{ connection_id: null, reason: expect.stringContaining("credential_id") }],
    });
  });

  test("ends its wait when the relay stops", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    const answer = call("POST", `${PATH}?wait=10m`);
    while (services.wakes === 0) await new Promise((resolve) => setImmediate(resolve));
    services.stop();
    expect((await answer).statusCode).toBe(202);
  });

  test.each([["soon"], ["-1s"], ["1"], [""], ["1d"], ["1s&wait=2s"], ["9999999s"]])(
    "is not asked for with wait=%s",
    async (wait) => {
      services.store.addConnection(SIGNED, CONNECTION);
      expect((await call("POST", `${PATH}?wait=${wait}`)).statusCode).toBe(400);
      expect((await services.store.credentialSummary(SIGNED)).seq).toBe(0);
    },
  );
});

describe("what has become of a request for a sync", () => {
  const PATH = `/v1/credentials/${SIGNED}/sync`;

  test("can be asked for as often as one likes, without asking for another sync", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    await call("POST", PATH);
    for (let i = 0; i < 3; i++) {
      const response = await call("GET", `${PATH}/1`);
      expect(response.statusCode).toBe(202);
      expect(response.json()).toMatchObject({ seq: 1, outcome: "pending", reasons: [] });
    }
    services.store.succeed(CONNECTION);
    expect((await call("GET", `${PATH}/1`)).statusCode).toBe(200);
    expect((await services.store.credentialSummary(SIGNED)).seq).toBe(1);
  });

  test("can be waited for", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    await call("POST", PATH);
    const answer = call("GET", `${PATH}/1?wait=60s`);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    services.store.succeed(CONNECTION);
    expect((await answer).statusCode).toBe(200);
  });

  test("is that of this request, whatever was asked for later", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    await call("POST", PATH);
    services.store.succeed(CONNECTION);
    await call("POST", PATH);
    expect((await call("GET", `${PATH}/1`)).statusCode).toBe(200);
    expect((await call("GET", `${PATH}/2`)).statusCode).toBe(202);
  });

  test("tells how many are synced, and what the others wait for", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    services.store.addConnection(SIGNED, OTHER_CONNECTION);
    const { seq } = (await call("POST", PATH)).json<{ seq: number }>();
    const look = async () => (await call("GET", `${PATH}/${seq}`)).json<Record<string, unknown>>();
    expect(await look()).toMatchObject({ seq, outcome: "pending", reasons: [], total: 2, synced: 0 });
    services.store.succeed(CONNECTION);
    expect(await look()).toMatchObject({
      outcome: "pending",
      synced: 1,
      connections: [{ connection_id: OTHER_CONNECTION }],
    });
    services.store.change(OTHER_CONNECTION, { failedSeq: seq, lastError: "Airbyte's job 5 failed" });
    expect(await look()).toMatchObject({
      outcome: "failed",
      reasons: [{ connection_id: OTHER_CONNECTION, reason: expect.stringContaining("job 5 failed") }],
    });
    services.store.succeed(OTHER_CONNECTION);
    expect(await look()).toMatchObject({ outcome: "succeeded", synced: 2, connections: [] });
    // Nothing is asked for by looking.
    expect(services.wakes).toBe(1);
  });

  test("of more connections than an answer has fails by any one of them", async () => {
    for (let index = 0; index < 250; index++) {
      services.store.addConnection(SIGNED, `e735894a-e773-4938-969f-${String(index).padStart(12, "0")}`);
    }
    const last = `e735894a-e773-4938-969f-${String(249).padStart(12, "0")}`;
    await services.store.apply(last, { type: "park" });
    const { seq } = (await call("POST", PATH)).json<{ seq: number }>();
    const body = (await call("GET", `${PATH}/${seq}`)).json<{ connections: unknown[] }>();
    expect(body).toMatchObject({
      outcome: "failed",
      reasons: [{ connection_id: last }],
      total: 250,
      synced: 0,
    });
    expect(body.connections).toHaveLength(100);
  });

  test("is a failure, with its reason, until the relay has made it good", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    await call("POST", PATH);
    services.store.change(CONNECTION, { failedJobs: 1, failedSeq: 1, lastError: "Airbyte's job 5 failed" });
    const response = await call("GET", `${PATH}/1?wait=60s`);
    expect(response.statusCode).toBe(424);
    expect(response.json()).toMatchObject({ reasons: [{ reason: "Dixa → e735: Airbyte's job 5 failed" }] });
    services.store.succeed(CONNECTION);
    expect((await call("GET", `${PATH}/1`)).statusCode).toBe(200);
  });

  test.each([["2"], ["0"], ["-1"], ["01"], ["1.5"], ["1e0"], ["x"], ["9".repeat(16)]])(
    "is not found for the number %s that none has yet",
    async (seq) => {
      services.store.addConnection(SIGNED, CONNECTION);
      await call("POST", PATH);
      services.store.succeed(CONNECTION);
      expect((await call("GET", `${PATH}/${seq}?wait=60s`)).statusCode).toBe(404);
    },
  );

  test("is not waited for by a wait that is none", async () => {
    await call("POST", PATH);
    expect((await call("GET", `${PATH}/1?wait=soon`)).statusCode).toBe(400);
  });
});

describe("a connection", () => {
  test("is parked, unparked and retried", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    const act = async (action: string) =>
      (await call("POST", `/v1/connections/${CONNECTION}/${action}`)).json<{ state: string }>();
    expect(await act("park")).toMatchObject({
      state: "parked",
      park_reason: "held",
      state_text: "parked: by hand",
    });
    expect(await act("unpark")).toMatchObject({ state: "clean", park_reason: null });
    await event("e1");
    services.store.change(CONNECTION, {
      failedJobs: 2,
      phase: { name: "BACKOFF", since: now, until: now + 900_000 },
    });
    expect(await act("retry")).toMatchObject({ state: "pending", failed_jobs: 0 });
    expect(services.wakes).toBe(3);
  });

  test("is forgotten when it is gone, and not before", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    const forget = () => call("POST", `/v1/connections/${CONNECTION}/forget`);
    const refused = await forget();
    expect([refused.statusCode, refused.json()]).toMatchObject([409, { error: "still_there" }]);
    await services.store.apply(CONNECTION, { type: "lost", reason: "gone" });
    expect((await forget()).json()).toMatchObject({ connection_id: CONNECTION, park_reason: "gone" });
    expect((await forget()).statusCode).toBe(404);
  });

  test("that nobody knows is not found", async () => {
    for (const id of [OTHER_CONNECTION, "x", "%00"]) {
      expect((await call("POST", `/v1/connections/${id}/park`)).statusCode).toBe(404);
    }
  });
});

test("the last sync that was owed without an event is told of, and what Dixa says of the webhook", async () => {
  const at = Date.UTC(2026, 0, 1, 12);
  await app.close();
  services = testServices({ config: testConfig({}, { dixa_api_token: "token" }), now: () => now });
  app = createServer(services, TEST_TUNING);
  services.store.owed.set(SIGNED, { credentialId: SIGNED, reason: "refused", seq: 1, at });
  services.store.subscriptions.set(SIGNED, { state: "off", since: at, failing: null });
  expect((await call("GET", `/v1/credentials/${SIGNED}`)).json()).toMatchObject({
    last_owed: { reason: "refused", seq: 1, at: "2026-01-01T12:00:00.000Z" },
    subscription: { state: "off", since: "2026-01-01T12:00:00.000Z", failing: null },
  });
});

describe("the connections of a credential", () => {
  const PATH = `/v1/credentials/${SIGNED}/connections`;
  const idOf = (index: number) => `e735894a-e773-4938-969f-${String(index).padStart(12, "0")}`;

  test("are listed in pages", async () => {
    for (let index = 0; index < 45; index++) {
      services.store.addConnection(SIGNED, idOf(index), { name: `c${String(index).padStart(2, "0")}` });
    }
    services.store.addConnection(BASIC, idOf(99));
    const names: string[] = [];
    for (const offset of [0, 20, 40, 60]) {
      const page = (await call("GET", `${PATH}?offset=${offset}`)).json<{
        total: number;
        connections: { name: string }[];
      }>();
      expect(page.total).toBe(45);
      names.push(...page.connections.map(({ name }) => name));
    }
    expect(names).toEqual(Array.from({ length: 45 }, (_, index) => `c${String(index).padStart(2, "0")}`));
    const { connections } = (await call("GET", `${PATH}?limit=100`)).json<{ connections: unknown[] }>();
    expect(connections).toHaveLength(45);
  });

  test.each(["limit=0", "limit=101", "limit=x", "offset=-1", "offset=1&offset=2", "offset=1e3"])(
    "are refused by %s",
    async (query) => {
      expect((await call("GET", `${PATH}?${query}`)).statusCode).toBe(400);
    },
  );

  test("say that they wait for a pause of all", async () => {
    services.store.addConnection(SIGNED, CONNECTION);
    await event("e1");
    now += 3_600_000;
    services.store.pauseEndsAt = now + 60_000;
    const { connections } = (await call("GET", PATH)).json<{ connections: { state_text: string }[] }>();
    expect(connections[0]?.state_text).toContain("(Airbyte asks for fewer requests)");
  });
});
