import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  MASK,
  startAirbyteSimulator,
  WORKSPACE_ID,
} from "./index.ts";

/** What the API says, to the byte where bytes matter; asked with fetch, as by a client that knows nothing. */

const CONNECTION = "18dccc91-0ab1-4f72-9ed7-0b8fc27c5826";

let now: number;
let simulator: AirbyteSimulator;
let token: string;

beforeEach(async () => {
  now = Date.UTC(2026, 2, 1, 12, 0, 5);
  simulator = await startAirbyteSimulator({ now: () => now, pendingMs: 60_000, tokenTtlMs: 900_000 });
  const source = simulator.addSource({
    configuration: { credential_id: "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e", api_token: "secret-token-1" },
  });
  simulator.addConnection({ sourceId: source.sourceId, connectionId: CONNECTION, tags: ["dixa"] });
  token = (await grant()).access_token;
});

afterEach(async () => {
  await simulator.close();
});

async function grant(): Promise<{ access_token: string; token_type: string; expires_in: number }> {
  const response = await fetch(`${simulator.url}/applications/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      "grant-type": "client_credentials",
    }),
  });
  return (await response.json()) as Awaited<ReturnType<typeof grant>>;
}

/** The members of all answers that a test looks into; which of them are there depends on what was asked. */
interface Body {
  data: { name: string; sourceId: string }[];
  next: string;
  startTime: string;
  status: unknown;
  title: unknown;
}

async function request(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string; body: Body }> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(simulator.url + path, { headers, ...init });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as Body };
}

function start(body: unknown = { connectionId: CONNECTION, jobType: "sync" }) {
  return request("/jobs", { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
}

const ONLY_ID = { errorId: expect.stringMatching(/^[0-9a-f-]{36}$/) };
const PROBLEM = "https://reference.airbyte.com/reference/errors";

describe("the token endpoint", () => {
  test("grants a bearer token of 15 minutes, which then ends", async () => {
    expect(await grant()).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 900,
    });
    now += 899_999;
    expect((await request("/jobs")).status).toBe(200);
    now += 1;
    expect(await request("/jobs")).toMatchObject({
      status: 401,
      body: {
        status: 401,
        type: `${PROBLEM}#invalid-api-key`,
        title: "invalid-api-key",
        detail: "The API key in the Authorization header is invalid.",
      },
    });
  });

  test("takes forms, too, and refuses others with an id only", async () => {
    const form = (secret: string) =>
      fetch(`${simulator.url}/applications/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: CLIENT_ID,
          client_secret: secret,
        }),
      });
    expect((await form(CLIENT_SECRET)).status).toBe(200);
    const refused = await form("wrong");
    expect(refused.status).toBe(401);
    expect(await refused.json()).toEqual(ONLY_ID);
  });

  test("forgets its tokens when it is told so", async () => {
    simulator.tokens.revokeAll();
    expect((await request("/jobs")).status).toBe(401);
    token = (await grant()).access_token;
    expect((await request("/jobs")).status).toBe(200);
  });
});

test("health needs no token, and what isn't there is a framework's 404", async () => {
  expect((await fetch(`${simulator.url}/health`)).status).toBe(200);
  expect(await request("/nothing")).toMatchObject({ status: 404, body: { message: "Not Found" } });
  token = "wrong";
  expect((await request("/sources")).status).toBe(401);
});

describe("sources and connections", () => {
  test("show secrets as stars, in lists and alone, and the rest as it is; a custom connector has no type", async () => {
    const { body } = await request("/sources");
    expect(body.data).toHaveLength(1);
    expect(body.data[0]).toMatchObject({
      sourceType: "",
      configuration: { credential_id: "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e", api_token: MASK },
    });
    expect(MASK).toBe("*".repeat(10));
    expect((await request(`/sources/${body.data[0]!.sourceId}`)).body).toEqual(body.data[0]);
  });

  test("are paged by limit and offset, with links into Airbyte's inside", async () => {
    const { sourceId } = [...simulator.workspace.sources.values()][0]!;
    for (let count = 0; count < 24; count++) simulator.addConnection({ sourceId });
    const first = (await request("/connections")).body;
    expect(first).toMatchObject({ previous: "" });
    expect(first.data).toHaveLength(20);
    expect(first.next).toBe(
      "http://airbyte-server-svc.invalid:8001/api/public/v1/connections?limit=20&offset=20",
    );
    const last = (await request("/connections?limit=20&offset=20")).body;
    expect(last.data).toHaveLength(5);
    expect(last.next).toContain("offset=40");
    expect((await request("/connections?limit=20&offset=40")).body).toMatchObject({ data: [], next: "" });
  });

  test.each(["limit=0", "limit=101", "limit=x", "offset=-1"])("refuse %s with an id only", async (query) => {
    expect(await request(`/sources?${query}`)).toMatchObject({ status: 400, body: ONLY_ID });
  });

  test("are of the workspaces that are named; deleted ones are left out unless asked for", async () => {
    const other = simulator.addSource({ workspaceId: "other" });
    simulator.addConnection({ sourceId: other.sourceId, status: "deprecated" });
    const count = async (query: string) => (await request(`/connections?${query}`)).body.data.length;
    expect(await count("")).toBe(1);
    expect(await count("includeDeleted=true")).toBe(2);
    expect(await count("includeDeleted=true&workspaceIds=other&workspaceIds=more")).toBe(1);
    expect(await count("includeDeleted=true&workspaceIds=other,more")).toBe(1);
  });

  test("skip or repeat a row between two pages when they drift", async () => {
    for (let count = 0; count < 5; count++) simulator.addSource({ name: `s${count}` });
    const namesAt = async (offset: number) =>
      (await request(`/sources?limit=2&offset=${offset}`)).body.data.map(({ name }) => name);
    simulator.addFault({ route: "sources", kind: "drift-skip" });
    expect([...(await namesAt(0)), ...(await namesAt(2))]).toEqual(["Dixa 1", "s0", "s2", "s3"]);
    simulator.addFault({ route: "sources", kind: "drift-repeat" });
    expect([...(await namesAt(0)), ...(await namesAt(2))]).toEqual(["Dixa 1", "s0", "s0", "s1"]);
  });

  test("that don't exist are named in a 404, and ids that are none in a 400", async () => {
    const id = "00000000-0000-4000-8000-000000000000";
    expect(await request(`/connections/${id}`)).toEqual({
      status: 404,
      text: `{"status":404,"type":"${PROBLEM}#resource-not-found","title":"resource-not-found","detail":"The requested resource could not be found.","data":{"resourceType":"connection","resourceId":"${id}"}}`,
      body: expect.anything(),
    });
    expect(await request("/connections/1")).toMatchObject({ status: 400, body: ONLY_ID });
  });
});

describe("POST /jobs", () => {
  test("answers 200 with a job that has begun to wait, and joins one that waits", async () => {
    const first = await start();
    expect(first).toMatchObject({
      status: 200,
      text: `{"jobId":1001,"status":"pending","jobType":"sync","startTime":"2026-03-01T12:00:05Z","connectionId":"${CONNECTION}"}`,
    });
    expect((await start()).body).toEqual(first.body);
    expect(simulator.jobs).toHaveLength(1);
  });

  test("drops seconds that are zero, as Java does", async () => {
    now = Date.UTC(2026, 2, 1, 12, 10, 0, 900);
    expect((await start()).body.startTime).toBe("2026-03-01T12:10Z");
  });

  test.each(["inactive", "locked", "deprecated"] as const)(
    "hides that a connection is %s",
    async (status) => {
      simulator.workspace.connections.get(CONNECTION)!.status = status;
      expect(await start()).toMatchObject({
        status: 409,
        text: `{"status":409,"type":"${PROBLEM}#409-state-conflict","title":"state-conflict","detail":"State conflict","data":{"message":"Could not fulfill request"}}`,
      });
      expect((await request(`/connections/${CONNECTION}`)).body.status).toBe(status);
    },
  );

  test("refuses what it doesn't know, can't do or can't read", async () => {
    const connectionId = "00000000-0000-4000-8000-000000000000";
    expect((await start({ connectionId, jobType: "sync" })).body.title).toBe("resource-not-found");
    expect(await start({ connectionId: CONNECTION, jobType: "refresh" })).toMatchObject({
      status: 422,
      body: {
        title: "unprocessable-entity",
        data: { message: "Refreshes are not supported in the public API" },
      },
    });
    for (const body of ["{", "[]", { jobType: "sync" }, { connectionId: CONNECTION }, { connectionId: 1 }]) {
      expect(await start(body)).toMatchObject({ status: 400, body: ONLY_ID });
    }
    expect(simulator.jobs).toEqual([]);
  });
});

describe("what orchestrators ask for besides", () => {
  const details = (connectionId: string, headers: Record<string, string> = {}) =>
    fetch(`${simulator.configurationUrl}/connections/get`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      body: JSON.stringify({ connectionId }),
    });

  test("the destination of a connection, with its secrets as stars", async () => {
    const { destinationId = "" } = simulator.workspace.connections.get(CONNECTION) ?? {};
    const { status, body } = await request(`/destinations/${destinationId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ destinationId, configuration: { password: MASK } });
    expect((await request(`/destinations/${CONNECTION}`)).status).toBe(404);
    expect((await request("/destinations/x")).status).toBe(400);
  });

  test("the workspace, by its id", async () => {
    expect(await request(`/workspaces/${WORKSPACE_ID}`)).toMatchObject({
      status: 200,
      body: { workspaceId: WORKSPACE_ID },
    });
    expect((await request(`/workspaces/${CONNECTION}`)).status).toBe(404);
    expect((await request("/workspaces/x")).status).toBe(400);
  });

  test("the catalog of a connection, from the configuration API, which answers unknown ids in its own words", async () => {
    const response = await details(CONNECTION);
    expect(response.status).toBe(200);
    const { syncCatalog } = (await response.json()) as {
      syncCatalog: { streams: { stream: { name: string }; config: { selected: boolean } }[] };
    };
    expect(syncCatalog.streams.map(({ stream, config }) => [stream.name, config.selected])).toEqual([
      ["conversations", true],
      ["messages", true],
      ["activity_logs", true],
    ]);
    const unknown = await details("18dccc91-0ab1-4f72-9ed7-0b8fc27c5827");
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ message: expect.stringContaining("Could not find") });
    expect((await details("x")).status).toBe(400);
    expect((await details(CONNECTION, { authorization: "Bearer wrong" })).status).toBe(401);
  });

  test("nothing of one API is found under the other's address", async () => {
    expect((await request("/connections/get", { method: "POST", body: "{}" })).status).toBe(404);
    const response = await fetch(`${simulator.configurationUrl}/sources`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(404);
  });

  test("each request is logged with the name that its client gives itself", async () => {
    await details(CONNECTION, { "user-agent": "dagster" });
    expect(simulator.requests.at(-1)).toMatchObject({
      route: "connection-details",
      client: "dagster",
      status: 200,
    });
  });
});

test("no answer but a list's is sent twice the same: faults are used up", async () => {
  simulator.addFault({ route: "start", kind: "429" });
  const response = await fetch(`${simulator.url}/jobs`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ connectionId: CONNECTION, jobType: "sync" }),
  });
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBeNull();
  expect(await response.text()).toBe('{"message":"You are being rate limited."}');
  expect((await start()).status).toBe(200);
});
