import { describe, expect, test } from "@jest/globals";

import { nock } from "../../support/nock.ts";
import { BASE, CONNECTION, job, problem } from "./answers.ts";
import { apiWith, clientPerTest, ORIGIN } from "./fixtures.ts";

const client = clientPerTest();

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function source(index: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    sourceId: `source-${index}`,
    name: `Dixa ${index}`,
    sourceType: "",
    definitionId: "0f0f",
    workspaceId: "w1",
    createdAt: 1_717_969_830,
    configuration: { credential_id: "7f0c", api_token: "**********" },
    ...more,
  };
}

function sources(from: number, to: number): Record<string, unknown>[] {
  return Array.from({ length: to - from }, (_, index) => source(from + index));
}

/** Airbyte's links lead nowhere, and on from the last page too. */
const NEXT = "http://airbyte-server-svc.invalid:8001/api/public/v1/sources?limit=100&offset=9";

describe("a list", () => {
  const at = (path: string, offset: number, more: Record<string, unknown> = {}) =>
    nock(ORIGIN)
      .get(BASE + path)
      .query({ includeDeleted: "false", limit: "100", offset: String(offset), ...more });

  test("is read page by page by offset, until a page isn't full, whatever the links say", async () => {
    at("/sources", 0).reply(200, { data: sources(0, 100), next: "" });
    at("/sources", 100).reply(200, { data: sources(100, 200), next: NEXT });
    at("/sources", 200).reply(200, { data: sources(200, 207), next: NEXT });
    const read = await gather(client.api.listSources());
    expect(read.map(({ sourceId }) => sourceId)).toEqual(sources(0, 207).map(({ sourceId }) => sourceId));
  });

  test("that ends with a full page ends with an empty one", async () => {
    at("/sources", 0).reply(200, { data: sources(0, 100), next: NEXT });
    at("/sources", 100).reply(200, { data: [], next: "" });
    expect(await gather(client.api.listSources())).toHaveLength(100);
  });

  test("names its workspaces one by one", async () => {
    nock(ORIGIN)
      .get(`${BASE}/connections?workspaceIds=w1&workspaceIds=w2&includeDeleted=false&limit=100&offset=0`)
      .reply(200, { data: [] });
    expect(await gather(client.api.listConnections(["w1", "w2"]))).toEqual([]);
  });

  test("gives each row once when rows move between two pages", async () => {
    at("/sources", 0).reply(200, { data: sources(0, 100) });
    at("/sources", 100).reply(200, { data: sources(99, 120) });
    expect(await gather(client.api.listSources())).toHaveLength(120);
  });

  test("ends when a page holds nothing new, as from a proxy that drops the offset", async () => {
    at("/sources", 0).reply(200, { data: sources(0, 100) });
    at("/sources", 100).reply(200, { data: sources(0, 100) });
    expect(await gather(client.api.listSources())).toHaveLength(100);
  });

  test("leaves out a row that can't be read, tells of it, and gives all others", async () => {
    const faults: string[] = [];
    const { api: tolerant } = apiWith({ onUnreadableRow: (fault) => faults.push(fault) });
    at("/sources", 0).reply(200, { data: [...sources(0, 99), { name: "nameless" }], next: NEXT });
    at("/sources", 100).reply(200, { data: [source(100, { sourceId: 7 }), source(101)], next: NEXT });
    const listed = await gather(tolerant.listSources());
    expect(listed).toHaveLength(100);
    expect(listed.at(-1)?.sourceId).toBe("source-101");
    expect(faults).toEqual([
      expect.stringMatching(/row 99 answered .*sourceId is missing/),
      expect.stringMatching(/row 100 answered .*sourceId/),
    ]);
  });

  test("fails when no row of a page can be read, since nobody knows what it left out", async () => {
    const { api: tolerant } = apiWith({ onUnreadableRow: () => undefined });
    at("/sources", 0).reply(200, { data: sources(0, 100), next: NEXT });
    at("/sources", 100).reply(200, { data: [{ name: "nameless" }, {}], next: NEXT });
    await expect(gather(tolerant.listSources())).rejects.toThrow(/row 100 answered .*sourceId is missing/);
  });

  test("shows the configuration as it is, and takes rows that lack what isn't needed", async () => {
    at("/sources", 0).reply(200, {
      data: [source(1), { sourceId: "s2", configuration: null, statusReason: "new member" }],
    });
    expect(await gather(client.api.listSources())).toEqual([
      source(1),
      { sourceId: "s2", name: "", workspaceId: "", configuration: {}, statusReason: "new member" },
    ]);
  });

  test("takes connections with and without tags and streams, in any status", async () => {
    const plain = { connectionId: "c1", sourceId: "s1", status: "frozen" };
    const full = {
      connectionId: "c2",
      name: "Dixa → Snowflake",
      sourceId: "s1",
      workspaceId: "w1",
      status: "active",
      configurations: {
        streams: [{ name: "conversations", namespace: null, syncMode: "full_refresh_append" }],
      },
      tags: [{ tagId: "t1", workspaceId: "w1", name: "dixa", color: "FF0000" }],
    };
    at("/connections", 0).reply(200, { data: [plain, full, { ...plain, connectionId: "c3", tags: null }] });
    expect(await gather(client.api.listConnections())).toEqual([
      { ...plain, name: "", workspaceId: "" },
      full,
      { ...plain, connectionId: "c3", name: "", workspaceId: "", tags: null },
    ]);
  });

  test.each([
    [{ data: [{ name: "nameless" }] }, /row 0 answered .*sourceId is missing/],
    [{ sources: [] }, /data is missing/],
    [["nothing"], /it is a list of 1/],
  ])("in a form that nothing can be made of is reported: %j", async (body, message) => {
    at("/sources", 0).reply(200, body);
    await expect(gather(client.api.listSources())).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringMatching(message) as unknown,
    });
  });
});

describe("one thing", () => {
  test("is undefined when Airbyte says that it doesn't exist", async () => {
    const body = problem(404, "resource-not-found", "The requested resource could not be found.");
    nock(ORIGIN).get(`${BASE}/jobs/7`).reply(404, body);
    expect(await client.api.getJob(7)).toBeUndefined();
    nock(ORIGIN).get(`${BASE}/connections/${CONNECTION}`).reply(404, { errorId: "5c0f" });
    expect(await client.api.getConnection(CONNECTION)).toBeUndefined();
  });

  test.each(["<html>404</html>", "default backend - 404", '{"message":"Not Found"}'])(
    "is not taken for missing when it was a proxy that said 404: %s",
    async (body) => {
      nock(ORIGIN).get(`${BASE}/connections/${CONNECTION}`).reply(404, body);
      await expect(client.api.getConnection(CONNECTION)).rejects.toMatchObject({ kind: "unavailable" });
    },
  );

  test.each([
    [400, "invalid"],
    [401, "unauthorized"],
    [403, "forbidden"],
  ])("with status %i fails at once as %s", async (status, kind) => {
    nock(ORIGIN).get(`${BASE}/jobs/7`).reply(status, { errorId: "5c0f" });
    await expect(client.api.getJob(7)).rejects.toMatchObject({ name: "AirbyteApiError", kind });
  });

  test("is asked for three times while a gateway stumbles", async () => {
    nock(ORIGIN).get(`${BASE}/jobs/1234`).reply(502).get(`${BASE}/jobs/1234`).reply(503);
    nock(ORIGIN)
      .get(`${BASE}/jobs/1234`)
      .reply(200, job({ status: "succeeded" }));
    expect(await client.api.getJob(1234)).toMatchObject({ status: "succeeded" });
    expect(client.clock.slept.map((ms) => Math.floor(ms / 1000))).toEqual([1, 2]);
    nock(ORIGIN).get(`${BASE}/jobs/1234`).times(3).reply(500);
    await expect(client.api.getJob(1234)).rejects.toMatchObject({ kind: "unavailable" });
  });

  test("has its instants as numbers once the job has ended", async () => {
    const ended = { status: "succeeded", lastUpdatedAt: "2023-03-25T02:00Z", duration: "PT29M10S" };
    nock(ORIGIN)
      .get(`${BASE}/jobs/1234`)
      .reply(200, job({ ...ended, bytesSynced: 17, rowsSynced: 2 }));
    expect(await client.api.getJob(1234)).toMatchObject({
      lastUpdatedAt: Date.UTC(2023, 2, 25, 2),
      bytesSynced: 17,
      rowsSynced: 2,
    });
  });
});

describe("the newest sync of a connection", () => {
  const asked = () =>
    nock(ORIGIN)
      .get(`${BASE}/jobs`)
      .query({ connectionId: CONNECTION, jobType: "sync", orderBy: "createdAt|DESC", limit: "1" });

  test("is asked for as one row, newest first", async () => {
    asked().reply(200, { data: [job()], next: NEXT });
    expect(await client.api.latestSyncJob(CONNECTION)).toMatchObject({ jobId: 1234 });
  });

  test("is undefined when there was none", async () => {
    asked().reply(200, { data: [], next: "" });
    expect(await client.api.latestSyncJob(CONNECTION)).toBeUndefined();
  });
});

test("an address with a slash at its end is the same address", async () => {
  const other = apiWith({ url: `${ORIGIN}${BASE}/` }).api;
  nock(ORIGIN).get(`${BASE}/jobs/1234`).reply(200, job());
  await expect(other.getJob(1234)).resolves.toBeDefined();
  other.close();
});
