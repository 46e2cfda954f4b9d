import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { messagesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { type SyncRunResult } from "../../../integration_tests/support/sync-run.ts";
import { listedStream, runEngine } from "../../support/engine.ts";
import { Loopback } from "../../support/loopback.ts";

const PAGE = 5;

/** What a page key may be, beside a place in the list; none of it is documented. */
const READINGS = ["refused", "gone", "goes on", "first page", "empty", "one for all"] as const;

let server: Loopback;
let rows: string[];
/** What happens before the request with a number is answered; true: the answer breaks off. */
let before: (request: number) => boolean;
let reading: (typeof READINGS)[number];
/** The place that each key stands for, and the keys that have been used. */
let places: Map<string, number>;
let used: Set<string>;
let keys: number;

beforeEach(async () => {
  begin([]);
  server = await Loopback.start(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://dixa");
    if (pathname === "/v1/organization") return response.end("{}");
    const isCut = before(asked());
    const answer = page(searchParams.get("pageKey"));
    if (typeof answer === "number") return response.writeHead(answer).end("<html>");
    const text = JSON.stringify(answer);
    return response.end(isCut ? text.slice(0, text.length / 2) : text);
  });
});

afterEach(() => server.close());

function begin(list: string[]): void {
  rows = list;
  places = new Map();
  used = new Set();
  keys = 0;
  before = () => false;
}

function page(key: string | null): unknown {
  if (key === null) return pageAt(0);
  const place = places.get(key) ?? 0;
  if (reading === "one for all") return pageAt(place);
  if (!used.has(key)) {
    used.add(key);
    return pageAt(place);
  }
  switch (reading) {
    case "refused":
      return 400;
    case "gone":
      return 410;
    case "empty":
      return { data: [], meta: {} };
    case "first page":
      return pageAt(0);
    case "goes on":
      places.set(key, place + PAGE);
      return pageAt(place + PAGE);
  }
}

function pageAt(from: number): unknown {
  const data = rows.slice(from, from + PAGE).map((id) => ({ id }));
  if (from + PAGE >= rows.length) return { data, meta: {} };
  const next = reading === "one for all" ? "cursor" : `k${++keys}`;
  places.set(next, from + PAGE);
  return { data, meta: { next: `/v1/things?pageKey=${next}` } };
}

const asked = () => server.requests.filter((line) => !line.includes("organization")).length;
const names = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);
const sync = () => runEngine(server, { streams: [listedStream()] });
const ids = ({ messages }: SyncRunResult) =>
  messagesOf(messages, "RECORD").map(({ record }) => String(record.data["id"]));
const end = (run: SyncRunResult) => statusesOf(run.messages, "things").at(-1);

describe.each(READINGS)("a list whose page keys can't be used twice (a second use: %s)", (how) => {
  beforeEach(() => {
    reading = how;
  });

  test.each([PAGE, 2 * PAGE, 23])("of %d rows comes once and whole", async (count) => {
    begin(names(count));
    const run = await sync();
    expect([end(run), ids(run)]).toEqual(["COMPLETE", rows]);
  });

  test("loses nothing that stays while rows come or go and answers break off", async () => {
    const change = fc.record({ request: fc.integer({ min: 1, max: 20 }), place: fc.nat(25) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 24 }),
        fc.boolean(),
        fc.array(change, { maxLength: 3 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 16 }), { maxLength: 2 }),
        async (count, isDeletion, changes, cuts) => {
          server.requests.length = 0;
          begin(names(count));
          const staying = new Set(rows);
          before = (request) => {
            for (const { request: at, place } of changes) {
              if (at !== request) continue;
              const to = place % (rows.length + 1);
              if (isDeletion) for (const gone of rows.splice(to, 1)) staying.delete(gone);
              else rows.splice(to, 0, `new ${at} ${place} ${rows.length}`);
            }
            return cuts.includes(request);
          };
          const run = await sync();
          const found = ids(run);
          expect(found).toEqual([...new Set(found)]);
          expect(end(run)).toBe("COMPLETE");
          expect([...staying].filter((id) => !found.includes(id))).toEqual([]);
        },
      ),
      { numRuns: 10 },
    );
  });

  test("ends INCOMPLETE if no two readings agree", async () => {
    begin(names(20));
    before = () => {
      rows = [...rows.slice(7), ...rows.slice(0, 7)];
      return false;
    };
    const run = await sync();
    expect([end(run), run.failures[0]?.error.failureType]).toEqual(["INCOMPLETE", "transient_error"]);
  });
});
