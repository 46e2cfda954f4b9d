import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { AuthorizedHost } from "../../src/dixa/authorized-host.ts";
import { type Dixa } from "../../src/dixa/dixa.ts";
import { DixaApi } from "../../src/dixa/dixa-api.ts";
import { HttpClient } from "../../src/http/client.ts";
import { tokenBucketBudget } from "../../src/http/rate-budget.ts";
import { dixaOf, rowReading, TOKEN } from "../support/dixa.ts";
import { nock } from "../support/nock.ts";
import { SkippingClock } from "../support/skipping-clock.ts";
import { withoutNetwork } from "../support/without-network.ts";

const HOST = "https://dev.dixa.io";
const PATH = "/v1/conversations/activitylog";

let dixa: Dixa;

withoutNetwork();
beforeEach(() => {
  dixa = dixaOf();
});
afterEach(() => {
  dixa.close();
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

  test("go on over any number of empty ones", async () => {
    page(undefined, { data: [1], meta: next("k1") });
    for (let key = 1; key < 20; key++) page(`k${key}`, { data: [], meta: next(`k${key + 1}`) });
    page("k20", { data: [2] });
    expect(await readAll()).toEqual(["1", "2"]);
  });

  test.each([
    ["back at one that has been read", "k1"],
    ["at the very page that it is on", "k2"],
  ])("are not at their end where a link points %s", async (_, key) => {
    page(undefined, { data: [1], meta: next("k1") });
    page("k1", { data: [2], meta: next("k2") });
    page("k2", { data: [3], meta: next(key) });
    await expect(readAll()).rejects.toMatchObject({
      name: "BodyError",
      reason: "paging",
      message:
        `the list ${PATH} can't be read to its end: after 3 pages with 3 rows it links to a page that was read ` +
        "before. What was read may not be all of it.",
    });
  });

  test("are not at their end where one comes again under a key of its own", async () => {
    page(undefined, { data: [1, 2], meta: next("k1") });
    page("k1", { data: [1, 2], meta: next("k2") });
    page("k2", { data: [1, 2], meta: next("k3") });
    await expect(readAll()).rejects.toThrow(
      "after 3 pages with 6 rows it has come to rows that were read before",
    );
  });

  test("are given up, with an error, when there are more of them than any list has", async () => {
    for (let key = 0; key < 5; key++)
      page(key === 0 ? undefined : `k${key}`, { data: [key], meta: next(`k${key + 1}`) });
    const http = new HttpClient({ clock: new SkippingClock(), userAgent: "spec", maxSockets: 1 });
    const budget = tokenBucketBudget({ perSecond: 1000, burst: 10, clock: new SkippingClock() });
    const api = new DixaApi(new AuthorizedHost({ http, origin: HOST, budget, forms: [TOKEN] }), 5);
    const reading = rowReading();
    await expect(api.readPages(PATH, { pageLimit: "2" }, reading)).rejects.toThrow(
      "after 5 pages with 5 rows it still links to a next page",
    );
    expect(reading.rows).toHaveLength(5);
    http.close();
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
  ])("never end by mistake: %s fails, after eight tries", async (_, rest, message) => {
    for (let tries = 0; tries < 8; tries++) page(undefined, { data: [1], ...rest });
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

  test.each([202, 203, 204, 206])("are not at their end where the answer is %d", async (status) => {
    nock(HOST).get(PATH).query({ pageLimit: "2" }).times(8).reply(status, '{"data":[]}');
    await expect(readAll()).rejects.toThrow(`the answer is ${status}, not 200`);
  });

  test("are not trusted for an earlier proof any more once a key has given other rows", async () => {
    page(undefined, { data: [1], meta: next("k1") });
    page("k1", '{"data":[2,3');
    page("k1", { data: [2, 3], meta: next("k2") });
    page("k2", '{"data":[4,5');
    page("k2", { data: [6] });
    page(undefined, { data: [1], meta: next("k1") });
    page("k1", '{"da');
    page("k1", { data: [2, 3], meta: next("k2") });
    page(undefined, { data: [1], meta: next("k1") });
    page("k1", { data: [2, 3], meta: next("k2") });
    page("k2", { data: [4, 5] });
    expect((await readAll()).filter((row) => row === "1")).toHaveLength(3);
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

test.each([202, 204, 206])("an answer of %d is not taken for a whole one", async (status) => {
  nock(HOST).get(PATH).times(8).reply(status, '{"data":[]}');
  await expect(dixa.api.readAnswer(PATH, {}, {}, () => "taken")).rejects.toThrow(
    `the answer is ${status}, not 200`,
  );
});

describe("the probe of a token", () => {
  const [from, to] = [Date.UTC(2025, 5, 1, 11, 59), Date.UTC(2025, 5, 1, 12)];
  const path = "/v1/conversations/activitylog";
  const query = { pageLimit: "1", fromDatetime: "2025-06-01T11:59:00Z", toDatetime: "2025-06-01T12:00:00Z" };

  test("asks for what the stream asks for, with the raw token", async () => {
    nock(HOST, { reqheaders: { authorization: TOKEN, accept: "application/json" } })
      .get(path)
      .query(query)
      .reply(200, { data: [] });
    await dixa.api.probe(from, to, {});
  });

  test("tries the bearer form too before it believes that the token is wrong", async () => {
    for (const authorization of [TOKEN, `Bearer ${TOKEN}`]) {
      nock(HOST, { reqheaders: { authorization } }).get(path).query(query).reply(401);
    }
    await expect(dixa.api.probe(from, to, {})).rejects.toMatchObject({ status: 401 });
  });
});

describe("Dixa's clock", () => {
  const never = new AbortController().signal;
  const date = "Sun, 01 Jun 2025 12:00:00 GMT";
  const time = Date.UTC(2025, 5, 1, 12);
  const api = () => nock(HOST).get("/v1/organization");
  const exports = () => nock("https://exports.dixa.io").get("/v1/conversation_export");

  test("is told by an answer", async () => {
    api().reply(200, {}, { date });
    expect(await dixa.serverTime(never)).toBe(time);
  });

  test("is told by a refusal of either form of the token", async () => {
    api().times(2).reply(401, {}, { date });
    expect(await dixa.serverTime(never)).toBe(time);
  });

  test.each([429, 500, 503])("is told by an answer of %d too, at once", async (status) => {
    const clock = new SkippingClock();
    dixa = dixaOf({ clock });
    api().reply(status, "", { date, "retry-after": "3600" });
    expect(await dixa.serverTime(never)).toBe(time);
    expect(clock.slept).toEqual([]);
  });

  test("is told by the Exports API where the Dixa API can't be reached", async () => {
    api().replyWithError("refused");
    exports().reply(400, "", { date });
    expect(await dixa.serverTime(never)).toBe(time);
  });

  test("is asked for again for two minutes", async () => {
    const clock = new SkippingClock();
    dixa = dixaOf({ clock });
    api().times(7).replyWithError("refused");
    exports().times(7).replyWithError("refused");
    api().reply(503, "", { date });
    expect(await dixa.serverTime(never)).toBe(time);
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBe(120_000);
  });

  test("is not replaced by our own where nobody tells it", async () => {
    api().times(8).replyWithError("refused");
    exports().times(8).replyWithError("refused");
    await expect(dixa.serverTime(never)).rejects.toMatchObject({
      name: "ConnectorError",
      failureType: "transient_error",
      message: expect.stringMatching(/^Dixa does not say what time it is.*exports\.dixa\.io.* failed/),
    });
  });

  test("is not replaced by our own where answers have no date", async () => {
    api().times(8).reply(200, {});
    exports().times(8).reply(400, {});
    await expect(dixa.serverTime(never)).rejects.toThrow("its answers carry no Date header");
  });

  test("is not waited for when the sync is stopped", async () => {
    const reason = new Error("stopped");
    await expect(dixa.serverTime(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
