import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { type Dixa } from "../../../src/dixa/dixa.ts";
import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { conversations } from "../../../src/dixa/streams/conversations.ts";
import { windowedStreams as streams } from "../../../src/dixa/streams/index.ts";
import { messages } from "../../../src/dixa/streams/messages.ts";
import { type WindowedStream } from "../../../src/dixa/streams/stream.ts";
import { dixaOf, rowReading, TOKEN } from "../../support/dixa.ts";
import { nock } from "../../support/nock.ts";
import { withoutNetwork } from "../../support/without-network.ts";

const DAY_MS = 86_400_000;
const LO = Date.UTC(2025, 0, 1, 0, 0, 0, 250);
const HI = Date.UTC(2025, 0, 31, 23, 59, 59, 750);

let dixa: Dixa;

withoutNetwork();
beforeEach(() => {
  dixa = dixaOf();
});
afterEach(() => {
  dixa.close();
});

/** Path and query with which a stream asks for a window. */
async function askedFor(stream: WindowedStream, lo: number, hi: number): Promise<string> {
  let asked = "";
  const body = stream === activityLogs ? '{"data":[]}' : "[]";
  const record = function (uri: string) {
    asked = uri;
    return body;
  };
  const scopes = ["https://exports.dixa.io", "https://dev.dixa.io"].map((host) => nock(host));
  for (const scope of scopes) scope.get(/.*/).reply(200, record);
  await stream.readWindow(dixa, { lo, hi }, rowReading());
  // The other host is not asked.
  nock.cleanAll();
  nock.cleanAll();
  return asked;
}

describe("a window", () => {
  test("of conversations is asked for by when they changed, one millisecond earlier", async () => {
    expect(await askedFor(conversations, LO, HI)).toBe(
      `/v1/conversation_export?updated_after=${LO - 1}&updated_before=${HI}`,
    );
  });

  test("of messages is asked for by when they were written", async () => {
    expect(await askedFor(messages, LO, HI)).toBe(
      `/v1/message_export?created_after=${LO - 1}&created_before=${HI}`,
    );
  });

  test("of activity logs is asked for in whole seconds, outward", async () => {
    expect(await askedFor(activityLogs, LO, HI)).toBe(
      "/v1/conversations/activitylog?pageLimit=10000" +
        "&fromDatetime=2024-12-31T23%3A59%3A59Z&toDatetime=2025-02-01T00%3A00%3A00Z",
    );
  });

  test("of activity logs holds every instant of the slice, whether the API counts milliseconds or seconds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: Date.UTC(2020), max: Date.UTC(2030) }),
        fc.integer({ min: 1, max: 90 * DAY_MS }),
        async (lo, width) => {
          const query = new URLSearchParams((await askedFor(activityLogs, lo, lo + width)).split("?")[1]);
          const from = Date.parse(query.get("fromDatetime") ?? "");
          const to = Date.parse(query.get("toDatetime") ?? "");
          // Exclusive bounds, compared by the second: the first row may have the second of `lo`, the last of `hi - 1`.
          expect(from).toBeLessThan(Math.floor(lo / 1000) * 1000);
          expect(to).toBeGreaterThan(lo + width - 1);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("that begins with the epoch asks for nothing before it", async () => {
    expect(await askedFor(conversations, 0, HI)).toContain("updated_after=0&");
    expect(await askedFor(messages, 0, HI)).toContain("created_after=0&");
    expect(await askedFor(activityLogs, 0, HI)).toContain("fromDatetime=1970-01-01T00%3A00%3A00Z&");
  });

  test("is never wider than the API's limit, the overlap included", async () => {
    const limits = { exports: 31 * DAY_MS, activityLog: 90 * DAY_MS };
    for (const offset of [0, 1, 250, 999]) {
      for (const stream of streams) {
        const width = stream.maxWindow({ exports: 31, activityLog: 90 });
        const query = new URLSearchParams(
          (await askedFor(stream, LO + offset, LO + offset + width)).split("?")[1],
        );
        const [from, to] = [...query]
          .filter(([key]) => key !== "pageLimit")
          .map(([, value]) => (/^\d+$/.test(value) ? Number(value) : Date.parse(value)));
        expect(to! - from!).toBeLessThanOrEqual(
          stream === activityLogs ? limits.activityLog : limits.exports,
        );
        expect(width).toBeGreaterThan((stream === activityLogs ? limits.activityLog : limits.exports) - 5000);
      }
    }
  });

  test("is as narrow as the configuration says", () => {
    expect(conversations.maxWindow({ exports: 1, activityLog: 90 })).toBe(DAY_MS);
    expect(messages.maxWindow({ exports: 7, activityLog: 90 })).toBe(7 * DAY_MS);
    expect(activityLogs.maxWindow({ exports: 1, activityLog: 30 })).toBe(30 * DAY_MS);
  });
});

describe("the Exports API", () => {
  test("is asked with a bearer token, and with Basic where it refuses that", async () => {
    const basic = `Basic ${Buffer.from(`bearer:${TOKEN}`).toString("base64")}`;
    for (const [authorization, status] of [
      [`Bearer ${TOKEN}`, 401],
      [basic, 200],
    ] as const) {
      nock("https://exports.dixa.io", { reqheaders: { authorization } })
        .get(/export/)
        .reply(status, "[]");
    }
    await conversations.readWindow(dixa, { lo: LO, hi: HI }, rowReading());
    expect(nock.pendingMocks()).toEqual([]);
  });

  test("gives rows as they come, and all again after an answer that broke off", async () => {
    nock("https://exports.dixa.io")
      .get(/export/)
      .reply(200, '[{"id":1},{"id":2},{"i');
    nock("https://exports.dixa.io")
      .get(/export/)
      .reply(200, '[{"id":1},{"id":2},{"id":3}]');
    const reading = { ...rowReading(), starts: 0 };
    await conversations.readWindow(dixa, { lo: LO, hi: HI }, { ...reading, onStart: () => reading.starts++ });
    expect(reading.rows).toEqual(['{"id":1}', '{"id":2}', '{"id":1}', '{"id":2}', '{"id":3}']);
    expect(reading.starts).toBe(2);
  });

  test.each([
    ["an object in place of the list", '{"message":"no"}', 'the body is not an array: it starts with "{'],
    ["a gateway's page", "<html><head>502", 'the body is not an array: it starts with "<html><head>502"'],
    ["nothing", "", "the body is empty"],
  ])("fails with %s, after a second try", async (_, body, message) => {
    nock("https://exports.dixa.io")
      .get(/export/)
      .times(2)
      .reply(200, body);
    await expect(messages.readWindow(dixa, { lo: LO, hi: HI }, rowReading())).rejects.toThrow(message);
    expect(nock.pendingMocks()).toEqual([]);
  });
});
