import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";

import { lastStates, messagesOf, statesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { type SyncRunResult } from "../../../integration_tests/support/sync-run.ts";
import { knowledgeArticles } from "../../../src/dixa/streams/knowledge-articles.ts";
import { type EngineOptions, listedStream, runEngine } from "../../support/engine.ts";
import { Loopback } from "../../support/loopback.ts";

const PAGE = 5;

let server: Loopback;
/** The list, and what happens to it before the request with a number is answered. */
let rows: string[];
let before: (request: number) => void;
let answer: (path: string, query: URLSearchParams) => unknown;

beforeEach(async () => {
  rows = [];
  before = () => undefined;
  answer = pages;
  server = await Loopback.start(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://dixa");
    if (pathname === "/v1/organization") return response.end("{}");
    before(asked().length);
    const found = answer(pathname, searchParams);
    if (typeof found === "number") return response.writeHead(found).end("<html>");
    return response.end(JSON.stringify(found));
  });
});

afterEach(() => server.close());

/** Pages of the list whose keys stand for places in it, as in Dixa's documents. */
function pages(_: string, query: URLSearchParams) {
  const from = Number(query.get("pageKey") ?? 0);
  const next = from + PAGE < rows.length ? { next: `/v1/things?pageKey=${from + PAGE}` } : {};
  return { data: rows.slice(from, from + PAGE).map((id) => ({ id })), meta: next };
}

const asked = () => server.requests.filter((line) => !line.includes("organization"));
const sync = (options: Partial<EngineOptions> = {}) =>
  runEngine(server, { streams: [listedStream()], ...options });
const ids = ({ messages }: SyncRunResult) =>
  messagesOf(messages, "RECORD").map(({ record }) => String(record.data["id"]));
const names = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);
const end = (run: SyncRunResult) => statusesOf(run.messages, "things").at(-1);
const failure = (run: SyncRunResult) => run.failures[0]?.error.message;

describe("a list in pages", () => {
  test.each([0, 1, PAGE, PAGE + 1, 4 * PAGE])("of %d rows comes once and whole", async (count) => {
    rows = names(count);
    const run = await sync();
    expect(ids(run)).toEqual(rows);
    expect(statusesOf(run.messages, "things")).toEqual(["STARTED", "RUNNING", "COMPLETE"]);
    // One request for a single page, two a page for more, less the last page's.
    expect(asked()).toHaveLength(count <= PAGE ? 1 : 2 * Math.ceil(count / PAGE) - 1);
  });

  test("loses nothing that stays, and repeats nothing, while rows come and go", async () => {
    const change = fc.record({
      request: fc.integer({ min: 1, max: 12 }),
      place: fc.nat(30),
      isDeletion: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 28 }),
        fc.array(change, { maxLength: 3 }),
        async (count, changes) => {
          server.requests.length = 0;
          rows = names(count);
          const staying = new Set(rows);
          // At most one kind of change per run of requests: both at once, unseen, is the gap that the reader names.
          const isDeletion = changes[0]?.isDeletion ?? false;
          before = (request) => {
            for (const { request: at, place } of changes) {
              if (at !== request) continue;
              if (isDeletion)
                for (const gone of rows.splice(place % (rows.length + 1), 1)) staying.delete(gone);
              else rows.splice(place % (rows.length + 1), 0, `new ${at} ${place} ${rows.length}`);
            }
          };
          const run = await sync();
          const found = ids(run);
          expect(end(run)).toBe("COMPLETE");
          expect(found).toEqual([...new Set(found)]);
          expect([...staying].filter((id) => !found.includes(id))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("ends INCOMPLETE, and says so, if it changes faster than it can be read", async () => {
    rows = names(20);
    before = (request) => {
      // The list turns round: whatever was seen of a page, the next look shows other rows.
      if (request > 1) rows = [...rows.slice(7), ...rows.slice(0, 7)];
    };
    const run = await sync();
    expect([end(run), failure(run)]).toEqual([
      "INCOMPLETE",
      expect.stringMatching(/changes faster than it can be read/),
    ]);
  });

  test("goes on after an empty page in the middle", async () => {
    const middle: Record<string, unknown> = {
      "": { data: [{ id: "a" }], meta: { next: "?pageKey=1" } },
      "1": { data: [], meta: { next: "?pageKey=2" } },
      "2": { data: [{ id: "b" }], meta: {} },
    };
    answer = (_, query) => middle[query.get("pageKey") ?? ""];
    expect(ids(await sync())).toEqual(["a", "b"]);
  });

  test.each([
    ["leads back to a page", () => "1", /links to a page that was read before/],
    ["never ends", (key: number) => String(key + 1), /still links to a next page/],
  ])("that %s is an error that says so", async (_, next, message) => {
    answer = (path, query) => ({
      data: query.has("pageKey") ? [] : [{ id: "a" }],
      meta: { next: `${path}?pageKey=${next(Number(query.get("pageKey") ?? 0))}` },
    });
    const run = await sync();
    expect([end(run), failure(run)]).toEqual(["INCOMPLETE", expect.stringMatching(message)]);
  });

  test("whose rows lack their key is an error", async () => {
    answer = () => ({ data: [{ name: "a" }] });
    expect(failure(await sync())).toMatch(/a row has no "id"/);
  });
});

describe("an interrupted list", () => {
  /** The first attempt ends behind the third page. */
  async function interrupted(): Promise<SyncRunResult> {
    rows = names(25);
    answer = (path, query) => (query.get("pageKey") === "15" ? 400 : pages(path, query));
    const first = await sync({ job: 7 });
    expect([end(first), ids(first)]).toEqual(["INCOMPLETE", rows.slice(0, 15)]);
    answer = pages;
    server.requests.length = 0;
    return first;
  }

  test("goes on from its page within the job", async () => {
    const first = await interrupted();
    const second = await sync({ job: 7, state: lastStates(first.messages) });
    expect([end(second), ids(second)]).toEqual(["COMPLETE", rows.slice(15)]);
    expect(asked()[0]).toContain("pageKey=10");
  });

  test("goes on behind its last row, though rows before it are gone", async () => {
    const first = await interrupted();
    rows.splice(0, 3);
    const second = await sync({ job: 7, state: lastStates(first.messages) });
    expect([end(second), ids(second)]).toEqual(["COMPLETE", names(25).slice(15)]);
  });

  test.each<[string, () => void]>([
    ["the row where it ended has gone far", () => rows.splice(0, 12)],
    [
      "its page key means nothing any more",
      () =>
        (answer = (path, query) =>
          query.get("pageKey") === "10" && server.requests.length < 3 ? 404 : pages(path, query)),
    ],
  ])("is read from its start if %s", async (_, change) => {
    const first = await interrupted();
    change();
    const second = await sync({ job: 7, state: lastStates(first.messages) });
    expect([end(second), ids(second)]).toEqual(["COMPLETE", rows]);
  });

  test.each([8, undefined])("is read from its start in another job (%p)", async (job) => {
    const first = await interrupted();
    expect(ids(await sync({ job, state: lastStates(first.messages) }))).toEqual(rows);
  });

  test("is not read again in the job that has read it whole", async () => {
    rows = names(3);
    const state = lastStates((await sync({ job: 7 })).messages);
    expect(statesOf((await sync({ job: 7, state })).messages, "things").at(-1)).toEqual(state[0]);
    expect(asked()).toHaveLength(1);
    expect(ids(await sync({ job: 8, state }))).toEqual(rows);
  });
});

describe("a list of each parent", () => {
  const members = listedStream({
    schema: z.object({ teamId: z.string(), id: z.string() }),
    primaryKey: ["teamId", "id"],
    list: { path: "/v1/teams/{teamId}/agents" },
    parents: { list: { path: "/v1/teams" }, parameters: ({ id }) => ({ teamId: String(id) }) },
    added: ["teamId"],
  });
  const streams = [members];
  let teams: string[];

  beforeEach(() => {
    teams = ["a", "b/c", "d"];
    answer = (path) => ({
      data: path === "/v1/teams" ? teams.map((id) => ({ id })) : [{ id: "x" }, { id: "y" }],
    });
  });

  test("is asked once a parent, and its rows say whose they are", async () => {
    const run = await sync({ streams });
    expect(asked()).toEqual(
      ["/v1/teams", "/v1/teams/a/agents", "/v1/teams/b%2Fc/agents", "/v1/teams/d/agents"].map(
        (path) => `GET ${path}`,
      ),
    );
    expect(messagesOf(run.messages, "RECORD").map(({ record: { data } }) => data)).toContainEqual({
      teamId: "b/c",
      id: "y",
    });
    expect([ids(run).length, end(run)]).toEqual([6, "COMPLETE"]);
  });

  test("leaves out a parent that went meanwhile", async () => {
    const all = answer;
    answer = (path, query) => {
      if (path !== "/v1/teams/d/agents") return all(path, query);
      teams = ["a", "b/c"];
      return 404;
    };
    const run = await sync({ streams });
    expect([ids(run).length, end(run)]).toEqual([4, "COMPLETE"]);
  });

  test("is no empty list if Dixa does not answer for a parent that it lists", async () => {
    const all = answer;
    answer = (path, query) => (path === "/v1/teams" ? all(path, query) : 404);
    const run = await sync({ streams });
    expect([end(run), failure(run)]).toEqual([
      "INCOMPLETE",
      expect.stringMatching(/untick the stream things/),
    ]);
  });

  test("goes on behind the parent that it had reached", async () => {
    const all = answer;
    answer = (path, query) => (path === "/v1/teams/d/agents" ? 400 : all(path, query));
    const first = await sync({ streams, job: 7 });
    answer = all;
    server.requests.length = 0;
    const second = await sync({ streams, job: 7, state: lastStates(first.messages) });
    expect(asked()).toEqual(["GET /v1/teams", "GET /v1/teams/d/agents"]);
    expect([ids(second).length, end(second)]).toEqual([2, "COMPLETE"]);
  });

  test("begins anew from a state that an earlier version wrote in the order of Dixa's list", async () => {
    teams = ["b", "a"];
    const all = answer;
    answer = (path, query) => (path === "/v1/teams/b/agents" ? 400 : all(path, query));
    const first = lastStates((await sync({ streams, job: 7 })).messages);
    const text = JSON.stringify(first);
    expect(text).toContain("up_to_parent");
    answer = all;
    server.requests.length = 0;
    // Behind b, a was still to come.
    const old = JSON.parse(
      text.replace(/"up_to_parent":"(?:[^"\\]|\\.)*"/, `"parent":"{\\"teamId\\":\\"b\\"}"`),
    ) as unknown;
    const run = await sync({ streams, job: 7, state: old });
    expect(asked()).toEqual(
      ["/v1/teams", "/v1/teams/a/agents", "/v1/teams/b/agents"].map((path) => `GET ${path}`),
    );
    expect(end(run)).toBe("COMPLETE");
  });

  test.each([
    ["in another order", () => teams.reverse()],
    ["without that parent", () => teams.splice(1, 1)],
  ])("leaves out no parent where the parents come %s when it goes on", async (_, change) => {
    teams = ["b", "c", "a", "d"];
    const all = answer;
    let answered = 0;
    answer = (path, query) => (path !== "/v1/teams" && ++answered > 2 ? 400 : all(path, query));
    const first = await sync({ streams, job: 7 });
    expect(end(first)).toBe("INCOMPLETE");
    answer = all;
    change();
    const second = await sync({ streams, job: 7, state: lastStates(first.messages) });
    const found = [first, second].flatMap(({ messages }) =>
      messagesOf(messages, "RECORD").map(({ record: { data } }) => String(data["teamId"])),
    );
    expect([end(second), teams.filter((team) => !found.includes(team))]).toEqual(["COMPLETE", []]);
  });

  test("takes rows and their shape as the stream says", async () => {
    answer = (path) =>
      path === "/v1/schedules"
        ? { data: { schedules: [{ id: "s", name: "Week" }] } }
        : { data: { schedule: { timezone: "Europe/Copenhagen" } } };
    const stream = listedStream({
      list: { path: "/v1/schedules/{id}/definition", rows: ["data", "schedule"] },
      parents: {
        list: { path: "/v1/schedules", rows: ["data", "schedules"] },
        parameters: ({ id }) => ({ id: String(id) }),
      },
      row: (row, parent) => ({ ...parent, ...row }),
    });
    const run = await sync({ streams: [stream] });
    expect(messagesOf(run.messages, "RECORD")[0]?.record.data).toEqual({
      id: "s",
      name: "Week",
      timezone: "Europe/Copenhagen",
    });
  });
});

test.each([403, 404])(
  "what the account may not read (%d) ends that stream alone, with advice",
  async (status) => {
    const other = listedStream({ name: "others", list: { path: "/v1/others" } });
    answer = (path) => (path === "/v1/things" ? status : { data: [{ id: "a" }] });
    const run = await sync({ streams: [listedStream(), other] });
    expect([end(run), statusesOf(run.messages, "others").at(-1)]).toEqual(["INCOMPLETE", "COMPLETE"]);
    expect(run.failures.map(({ error, stream }) => [stream.name, error.failureType, error.message])).toEqual([
      ["things", "config_error", expect.stringMatching(/untick the stream things in the connection/)],
    ]);
  },
);

test.each([{}, { data: {} }, { data: null }, [], "text"])(
  "an answer that holds no list is no empty one: %j",
  async (body) => {
    answer = () => body;
    const run = await sync({ streams: [listedStream({ list: { path: "/v1/things" } })] });
    expect([end(run), ids(run)]).toEqual(["INCOMPLETE", []]);
  },
);

describe.each([true, false])("an answer (in pages: %p) without meta.next", (paged) => {
  const streams = [listedStream({ list: { path: "/v1/things", paged } })];

  test.each([
    { meta: { nextPageKey: "k" } },
    { meta: { next: null, hasMore: true } },
    { next: "/v1/things?pageKey=k" },
    { links: { next: "/v1/things?pageKey=k" } },
    { paging: { cursor: "k" }, meta: null },
  ])("is no end where it says otherwise that there is more: %j", async (more) => {
    answer = () => ({ data: [{ id: "a" }], ...more });
    const run = await sync({ streams });
    expect([end(run), failure(run)]).toEqual(["INCOMPLETE", expect.stringMatching(/but says "\w+"/)]);
  });

  test.each([
    { meta: { previous: "/v1/things", total: 1, pageLimit: 100 } },
    { meta: { hasMore: false, nextPageKey: null, next: "" }, links: { next: null } },
    { requestId: "r" },
  ])("is one where it says nothing of more: %j", async (more) => {
    answer = () => ({ data: [{ id: "a" }], ...more });
    expect(end(await sync({ streams }))).toBe("COMPLETE");
  });
});

test("an answer that is one row is none where it is an empty list", async () => {
  answer = () => ({ data: [] });
  const run = await sync({ streams: [listedStream({ list: { path: "/v1/things", isSingle: true } })] });
  expect([end(run), failure(run)]).toEqual(["INCOMPLETE", expect.stringMatching(/has no row at \$\.data/)]);
});

test("a catalog of neither articles nor categories is no empty one", async () => {
  answer = (path) =>
    path.endsWith("/catalog") ? { data: { sections: [] } } : { data: [{ id: "c" }], meta: {} };
  const run = await sync({ streams: [knowledgeArticles] });
  expect(run.failures[0]?.error.message).toContain("the catalog is none of categories and articles");
  for (const data of [{}, { articles: null, categories: null }, { categories: null }]) {
    answer = (path) => (path.endsWith("/catalog") ? { data } : { data: [{ id: "c" }], meta: {} });
    expect((await sync({ streams: [knowledgeArticles] })).failures).toEqual([]);
  }
});

test("a list that is answered with something else now and then is asked for again", async () => {
  answer = () => (asked().length < 3 ? { message: "Please wait" } : { data: [{ id: "a" }] });
  const run = await sync({ streams: [listedStream({ list: { path: "/v1/things" } })] });
  expect([end(run), ids(run), asked().length]).toEqual(["COMPLETE", ["a"], 3]);
});
