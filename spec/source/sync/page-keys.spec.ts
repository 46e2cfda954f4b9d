import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { messagesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { type SyncRunResult } from "../../../integration_tests/support/sync-run.ts";
import { listedStream, runEngine } from "../../support/engine.ts";
import { KEY_READINGS, KeyedPages, type KeyReading } from "../../support/keyed-pages.ts";
import { Loopback } from "../../support/loopback.ts";

const PAGE = 5;
const READINGS = KEY_READINGS.filter((reading) => reading !== "lasting");

let server: Loopback;
let rows: string[];
/** What happens before the request with a number is answered, and how its answer fails, if it does. */
let before: (request: number) => "cut" | "reset" | undefined;
let reading: KeyReading;
let pages: KeyedPages;

beforeEach(async () => {
  begin([]);
  server = await Loopback.start(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://dixa");
    if (pathname === "/v1/organization") return response.end("{}");
    const fault = before(asked());
    const data = rows.map((id) => ({ id }));
    const answer = pages.answer(searchParams.get("pageKey"), data);
    if (fault === "reset") return response.socket?.resetAndDestroy();
    if (typeof answer === "number") return response.writeHead(answer).end("<html>");
    const text = JSON.stringify(answer);
    return response.end(fault === "cut" ? text.slice(0, text.length / 2) : text);
  });
});

afterEach(() => server.close());

function begin(list: string[]): void {
  rows = list;
  pages = new KeyedPages("/v1/things", PAGE);
  pages.reading = reading;
  before = () => undefined;
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

  test.each(["cut", "reset"] as const)("is whole where the answer of any page is %s", async (fault) => {
    for (let at = 1; at <= 4; at++) {
      server.requests.length = 0;
      begin(names(13));
      before = (request) => (request === at ? fault : undefined);
      const run = await sync();
      expect([at, end(run), ids(run).sort()]).toEqual([at, "COMPLETE", rows.toSorted()]);
    }
  });

  test("is whole where the first page, which needs no key, must always be asked for twice", async () => {
    begin(names(23));
    let firsts = 0;
    before = () =>
      server.requests.at(-1)?.includes("pageKey") === false && firsts++ % 2 === 0 ? "cut" : undefined;
    const run = await sync();
    expect([end(run), ids(run).sort()]).toEqual(["COMPLETE", rows.toSorted()]);
  });

  test("loses nothing that stays while rows come or go and answers break off", async () => {
    const change = fc.record({ request: fc.integer({ min: 1, max: 20 }), place: fc.nat(25) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 24 }),
        fc.boolean(),
        fc.array(change, { maxLength: 3 }),
        fc.dictionary(fc.integer({ min: 1, max: 16 }).map(String), fc.constantFrom("cut", "reset"), {
          maxKeys: 2,
        }),
        async (count, isDeletion, changes, faults) => {
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
            return faults[request];
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
      return undefined;
    };
    const run = await sync();
    expect([end(run), run.failures[0]?.error.failureType]).toEqual(["INCOMPLETE", "transient_error"]);
  });
});
