import { afterAll, afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import nock from "nock";

import { type Dixa } from "../../src/dixa/dixa.ts";
import { dixaOf, rowReading, TOKEN } from "../support/dixa.ts";

const HOST = "https://dev.dixa.io";
const PATH = "/v1/conversations/activitylog";

let dixa: Dixa;

beforeEach(() => {
  nock.disableNetConnect();
  dixa = dixaOf();
});

afterAll(() => {
  // It patches Node's own modules, which all files of this worker share.
  nock.restore();
});

afterEach(() => {
  dixa.close();
  const pending = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  expect(pending).toEqual([]);
});

/** Answers the next request for the page with this key. */
function page(pageKey: string | undefined, body: unknown): void {
  nock(HOST)
    .get(PATH)
    .query(pageKey === undefined ? { pageLimit: "2" } : { pageLimit: "2", pageKey })
    .reply(200, typeof body === "string" ? body : JSON.stringify(body));
}

const next = (key: string) => ({ next: `/v1/conversations/activitylog?pageKey=${key}` });

async function readAll(): Promise<string[]> {
  const reading = rowReading();
  await dixa.api.readPages(PATH, { pageLimit: "2" }, reading);
  return reading.rows;
}

describe("the pages of a list", () => {
  test("are read one after the other, with our own parameters and the key of the link", async () => {
    page(undefined, { data: [1, 2], meta: next("k1") });
    page("k1", { data: [3, 4], meta: { previous: "/x", ...next("k2") } });
    page("k2", { data: [5], meta: { previous: "/x" } });
    expect(await readAll()).toEqual(["1", "2", "3", "4", "5"]);
  });

  test.each([
    [
      "relative, with escapes",
      "/beta/whatever/?pageKey=cGFnZUxpbWl0PTUwJnBhZ2U9MQ%3D%3D:",
      "cGFnZUxpbWl0PTUwJnBhZ2U9MQ==:",
    ],
    ["absolute, on another host", "https://elsewhere.test/v1/x?pageKey=abc", "abc"],
    ["only a query", "?a=b&pageKey=abc", "abc"],
  ])("are found by a link that is %s", async (_, link, key) => {
    page(undefined, { data: [1], meta: { next: link } });
    page(key, { data: [2] });
    expect(await readAll()).toEqual(["1", "2"]);
  });

  test.each([
    ["no meta", {}],
    ["null for meta", { meta: null }],
    ["an empty meta", { meta: {} }],
    ["null for next", { meta: { next: null } }],
    ["an empty next", { meta: { next: "" } }],
  ])("end with the one that has %s", async (_, rest) => {
    page(undefined, { data: [1], ...rest });
    expect(await readAll()).toEqual(["1"]);
  });

  test("may name their meta first", async () => {
    page(undefined, `{"meta":${JSON.stringify(next("k1"))},"data":[1]}`);
    page("k1", { data: [2] });
    expect(await readAll()).toEqual(["1", "2"]);
  });

  test("may be empty in the middle", async () => {
    page(undefined, { data: [1], meta: next("k1") });
    page("k1", { data: [], meta: next("k2") });
    page("k2", { data: [], meta: next("k3") });
    page("k3", { data: [2], meta: next("k4") });
    page("k4", { data: [], meta: next("k5") });
    page("k5", { data: [3] });
    expect(await readAll()).toEqual(["1", "2", "3"]);
  });

  test("end with the third empty one in a row, or they might never end", async () => {
    page(undefined, { data: [1], meta: next("k1") });
    page("k1", { data: [], meta: next("k2") });
    page("k2", { data: [], meta: next("k3") });
    page("k3", { data: [], meta: next("k4") });
    expect(await readAll()).toEqual(["1"]);
  });

  test("end where a link points back at a page that has been read", async () => {
    page(undefined, { data: [1], meta: next("k1") });
    page("k1", { data: [2], meta: next("k2") });
    page("k2", { data: [3], meta: next("k1") });
    expect(await readAll()).toEqual(["1", "2", "3"]);
  });

  test.each([
    ["a link without key", { meta: { next: "/v1/x?page=2" } }, "the link to the next page has no pageKey"],
    [
      "a link with an empty key",
      { meta: { next: "/v1/x?pageKey=" } },
      "the link to the next page has no pageKey",
    ],
    ["a link that is none", { meta: { next: "https://[" } }, "the link to the next page has no pageKey"],
    ["a number for a link", { meta: { next: 2 } }, "the page's meta.next is not a link"],
    ["a text for meta", { meta: "next" }, "the page's meta.next is not a link"],
  ])("never end by mistake: %s fails, after a second try", async (_, rest, message) => {
    page(undefined, { data: [1], ...rest });
    page(undefined, { data: [1], ...rest });
    await expect(readAll()).rejects.toMatchObject({ name: "BodyError", reason: "malformed", message });
  });

  test("are read again from their start, alone, when they break off", async () => {
    page(undefined, { data: [1], meta: next("k1") });
    page("k1", '{"data":[2,3');
    page("k1", { data: [2, 3, 4] });
    const reading = { ...rowReading(), starts: 0 };
    await dixa.api.readPages(PATH, { pageLimit: "2" }, { ...reading, onStart: () => reading.starts++ });
    // 3 is no whole row before its comma.
    expect(reading.rows).toEqual(["1", "2", "2", "3", "4"]);
    expect(reading.starts).toBe(1);
  });

  test("wait for the output after each piece of a body", async () => {
    let waits = 0;
    page(undefined, { data: [1] });
    await dixa.api.readPages(
      PATH,
      { pageLimit: "2" },
      {
        ...rowReading(),
        drained: () => {
          waits++;
          return Promise.resolve();
        },
      },
    );
    expect(waits).toBeGreaterThan(0);
  });
});

describe("the probe of a token", () => {
  test("asks for the organization, with the raw token", async () => {
    nock(HOST, { reqheaders: { authorization: TOKEN, accept: "application/json" } })
      .get("/v1/organization")
      .reply(200, { data: {} });
    await dixa.api.probe({});
  });

  test("asks for one agent where there is no organization", async () => {
    nock(HOST).get("/v1/organization").reply(404);
    nock(HOST).get("/v1/agents").query({ pageLimit: "1" }).reply(200, { data: [] });
    await dixa.api.probe({});
  });

  test("tries the bearer form too before it believes that the token is wrong", async () => {
    nock(HOST, { reqheaders: { authorization: TOKEN } })
      .get("/v1/organization")
      .reply(401);
    nock(HOST, { reqheaders: { authorization: `Bearer ${TOKEN}` } })
      .get("/v1/organization")
      .reply(401);
    await expect(dixa.api.probe({})).rejects.toMatchObject({ status: 401 });
  });
});

describe("Dixa's clock", () => {
  const never = new AbortController().signal;
  const date = "Sun, 01 Jun 2025 12:00:00 GMT";

  test("is told by an answer", async () => {
    nock(HOST).get("/v1/organization").reply(200, {}, { date });
    expect(await dixa.api.serverTime(never)).toBe(Date.UTC(2025, 5, 1, 12));
  });

  test("is told by a refusal too", async () => {
    nock(HOST).get("/v1/organization").times(2).reply(401, {}, { date });
    expect(await dixa.api.serverTime(never)).toBe(Date.UTC(2025, 5, 1, 12));
  });

  test("stays unknown where no answer has a date", async () => {
    nock(HOST).get("/v1/organization").reply(200, {});
    expect(await dixa.api.serverTime(never)).toBeUndefined();
  });

  test("is not waited for when the sync is stopped", async () => {
    const reason = new Error("stopped");
    await expect(dixa.api.serverTime(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
