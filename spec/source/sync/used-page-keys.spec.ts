import { type ServerResponse } from "node:http";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { messagesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { type SyncRunResult } from "../../../integration_tests/support/sync-run.ts";
import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { type DixaStream } from "../../../src/dixa/streams/stream.ts";
import { followedStream, runEngine } from "../../support/engine.ts";
import { KEY_READINGS, KeyedPages, type KeyReading } from "../../support/keyed-pages.ts";
import { Loopback } from "../../support/loopback.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";

/** Lists that come in pages and that are read once: windows of the activity log, and children of a conversation. */
const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 1);
const PAGE = 5;
/** Three pages, of which the last is not full. */
const ROWS = 13;
const PAGES = 3;
/** Of all these readings of a key only this one can't be lived with where a list can't be asked for in pieces. */
const HOPELESS: KeyReading = "one for all";

/** What happens to a request after its key was used up: rows come and then no more, none come, or no answer at all. */
const FAULTS = ["some rows", "no row", "a gateway's page", "a reset connection"] as const;
type Fault = (typeof FAULTS)[number];

let server: Loopback;
let pages: KeyedPages;
/** The fault of the request with this number, from 1 on. */
let faults: Map<number, Fault>;

const activities = Array.from({ length: ROWS }, (_, index) => ({
  id: `r${index}`,
  at: START + (index + 0.5) * 4 * DAY,
}));

beforeEach(async () => {
  pages = new KeyedPages("/v1/next", PAGE);
  faults = new Map();
  server = await Loopback.start(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://dixa");
    if (pathname === "/v1/organization") return response.end("{}");
    if (pathname === "/v1/conversation_export") {
      const isFirst = Number(searchParams.get("updated_after")) < START;
      return response.end(JSON.stringify(isFirst ? [{ id: 7, updated_at: START + DAY }] : []));
    }
    const [from, to] = ["fromDatetime", "toDatetime"].map((name) => Date.parse(searchParams.get(name) ?? ""));
    const rows = pathname.endsWith("/notes")
      ? activities.map(({ id }) => ({ id }))
      : activities
          .filter(({ at }) => at >= (from ?? 0) && at <= (to ?? 0))
          .map(({ id, at }) => ({ id, activityTimestamp: new Date(at).toISOString() }));
    const answer = pages.answer(searchParams.get("pageKey"), rows);
    send(response, answer, faults.get(asked()));
    return response;
  });
});

afterEach(() => server.close());

function send(response: ServerResponse, answer: Record<string, unknown> | number, fault?: Fault): void {
  if (fault === "a reset connection") response.socket?.resetAndDestroy();
  else if (fault === "a gateway's page") response.writeHead(502).end("<html>");
  else if (typeof answer === "number") response.writeHead(answer).end("<html>");
  else if (fault === "no row") response.end('{"da');
  else {
    const text = JSON.stringify(answer);
    response.end(fault === "some rows" ? text.slice(0, text.lastIndexOf("}", text.indexOf("]")) - 5) : text);
  }
}

const isPage = (line: string) => line.includes("activitylog") || line.includes("/notes");
const asked = () => server.requests.filter(isPage).length;
const sync = (stream: DixaStream) =>
  runEngine(server, {
    streams: [stream],
    syncMode: "incremental",
    clock: new SkippingClock(START + 100 * DAY),
    config: {
      ...{ start_date: "2024-01-01", end_date: "2024-02-29", num_workers: 1 },
      activity_log_batch_size: 90,
    },
  });
const ids = ({ messages }: SyncRunResult) =>
  messagesOf(messages, "RECORD")
    .map(({ record }) => String(record.data["id"]))
    .sort();
const end = (run: SyncRunResult, { name }: DixaStream) => statusesOf(run.messages, name).at(-1);
const all = activities.map(({ id }) => id).sort();

const notes = followedStream("notes");
const STREAMS: readonly [string, DixaStream][] = [
  ["a window of the activity log", activityLogs],
  ["a conversation's children", notes],
];
const CASES = STREAMS.flatMap(([name, stream]) =>
  KEY_READINGS.map((reading): [string, KeyReading, DixaStream] => [name, reading, stream]),
);

describe.each(CASES)("%s, where page keys are used twice: %s", (_, reading, stream) => {
  beforeEach(() => {
    pages.reading = reading;
  });

  const isHopeless = reading === HOPELESS && stream === notes;

  function expectWhole(run: SyncRunResult, what: string): void {
    const found = ids(run);
    if (isHopeless) {
      expect([what, end(run, stream)]).toEqual([what, "INCOMPLETE"]);
      expect(run.failures[0]?.error.message).toContain("links to a page that was read before");
    } else
      expect([what, run.failures[0]?.error.message, end(run, stream), found]).toEqual([
        what,
        undefined,
        "COMPLETE",
        all,
      ]);
  }

  test("costs one request a page where nothing fails", async () => {
    const run = await sync(stream);
    expectWhole(run, "no fault");
    if (reading !== HOPELESS) expect(asked()).toBe(PAGES);
  });

  test.each(FAULTS)("loses nothing after %s of any page", async (fault) => {
    for (let page = 1; page <= PAGES; page++) {
      pages = new KeyedPages("/v1/next", PAGE);
      pages.reading = reading;
      server.requests.length = 0;
      faults = new Map([[page, fault]]);
      expectWhole(await sync(stream), `fault on page ${page}`);
    }
  });

  test("loses nothing after several faults in a row", async () => {
    for (const [first, second] of [
      ["no row", "some rows"],
      ["some rows", "no row"],
      ["a reset connection", "some rows"],
    ] as const) {
      for (let page = 2; page <= PAGES; page++) {
        pages = new KeyedPages("/v1/next", PAGE);
        pages.reading = reading;
        server.requests.length = 0;
        faults = new Map([
          [page, first],
          [page + 1, second],
        ]);
        expectWhole(await sync(stream), `${first}, then ${second} on page ${page}`);
      }
    }
  });
});

describe("a key that lasts", () => {
  test("is believed for the rows that had come before its answer broke off", async () => {
    faults = new Map([[2, "some rows"]]);
    expect(ids(await sync(notes))).toEqual(all);
    expect(asked()).toBe(PAGES + 1);
  });

  test("is proved by the page before it where none had come", async () => {
    faults = new Map([[3, "no row"]]);
    expect(ids(await sync(notes))).toEqual(all);
    expect(asked()).toBe(PAGES + 2);
  });

  test("is not waited for where there is no page before it with a key", async () => {
    faults = new Map([[2, "no row"]]);
    expect(ids(await sync(notes))).toEqual(all);
    // The page, its retry, and the list anew.
    expect(asked()).toBe(2 + 1 + PAGES);
  });

  test("is proved once for all lists of a kind", async () => {
    const run = await sync(activityLogs);
    expect(end(run, activityLogs)).toBe("COMPLETE");
    server.requests.length = 0;
    faults = new Map([
      [2, "some rows"],
      [4, "no row"],
    ]);
    expect(ids(await sync(activityLogs))).toEqual(all);
    expect(asked()).toBe(PAGES + 2);
  });
});

describe("a key that never answers twice and always breaks off", () => {
  test("ends the stream INCOMPLETE, with what was seen", async () => {
    pages.reading = "not found";
    for (let request = 2; request < 100; request += 3) faults.set(request, "no row");
    const run = await sync(notes);
    expect([end(run, notes), ids(run).length]).toEqual(["INCOMPLETE", PAGE]);
    expect(run.failures[0]?.error).toMatchObject({ failureType: "transient_error" });
    expect(run.failures[0]?.error.message).toMatch(
      /the list \/v1\/conversations\/7\/notes can't be read to its end: .*page 2.*404/,
    );
  });
});
