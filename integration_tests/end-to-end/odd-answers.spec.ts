import { type IncomingMessage } from "node:http";

import { afterEach, expect, test } from "@jest/globals";

import { Loopback } from "../../spec/support/loopback.ts";
import { hurriedClock } from "../support/hurried-clock.ts";
import { rowsOf, statesOf, statusesOf } from "../support/messages.ts";
import { configuredCatalog, runSync, type SyncRunOptions } from "../support/sync-run.ts";

/** A server in Dixa's place that answers in ways which Dixa's documents do not promise. */
const DAY = 86_400_000;
const NOW = Date.UTC(2025, 5, 1);

let server: Loopback;

afterEach(async () => {
  await server.close();
});

interface Asked {
  stream: "conversations" | "messages" | "activity_logs";
  lo: number;
  hi: number;
}

/** Which window a request asks for, with the overlap; undefined if it asks for the time. */
function askedFor({ url = "/" }: IncomingMessage): Asked | undefined {
  const { pathname, searchParams } = new URL(url, "http://dixa.invalid");
  const get = (name: string) => searchParams.get(name) ?? "";
  const kind = pathname === "/v1/conversation_export" ? "updated" : "created";
  if (pathname.endsWith("_export")) {
    const stream = kind === "updated" ? "conversations" : "messages";
    return { stream, lo: Number(get(`${kind}_after`)), hi: Number(get(`${kind}_before`)) };
  }
  if (pathname !== "/v1/conversations/activitylog") return undefined;
  return { stream: "activity_logs", lo: Date.parse(get("fromDatetime")), hi: Date.parse(get("toDatetime")) };
}

/** One sync of one stream from `days` ago, against a server that answers windows with the body, the bare status, or both, that `answer` gives. */
async function syncOf(
  stream: Asked["stream"],
  days: number,
  answer: (asked: Asked) => string | number | [status: number, body: string],
  options: Pick<SyncRunOptions, "tuning"> = {},
) {
  const clock = hurriedClock(NOW);
  const windows: Asked[] = [];
  server = await Loopback.start((request, response) => {
    response.setHeader("date", new Date(clock.now()).toUTCString());
    const asked = askedFor(request);
    if (asked === undefined) {
      response.end('{"data":{}}');
      return;
    }
    windows.push(asked);
    const body = answer(asked);
    if (typeof body === "number") response.writeHead(body).end();
    else if (typeof body === "object") response.writeHead(body[0]).end(body[1]);
    else response.end(body);
  });
  const { origin } = server.url;
  const start_date = new Date(NOW - days * DAY).toISOString().slice(0, 10);
  const hosts = { exports_url: origin, api_url: origin };
  const config = {
    ...{ api_token: "token-12345678", start_date, ...hosts, lookback_minutes: 0 },
    ...{ exports_requests_per_minute: 6000, api_requests_per_second: 1000 },
  };
  const run = await runSync({ ...options, clock, config, catalog: configuredCatalog([stream]) });
  const error = run.failures[0]?.error;
  return { ...run, error, windows, clock, status: statusesOf(run.messages, stream).at(-1) };
}

/** A row a day of the activity log, at noon. */
const ACTIVITIES = Array.from({ length: 201 }, (_, index) => NOW - (index + 0.5) * DAY);

function activities({ lo, hi }: Asked): string {
  const rows = ACTIVITIES.filter((at) => at >= lo && at < hi);
  const data = rows.map((at) => ({ id: `a${at}`, activityTimestamp: new Date(at).toISOString() }));
  return JSON.stringify({ data, meta: {} });
}

/** In place of a body: the answer is 400. */
const REFUSED = 400;

test("one passing 400 on a day beyond ninety days gives nothing up", async () => {
  let refusals = 0;
  const { messages, error } = await syncOf("activity_logs", 111, (asked) =>
    asked.hi - asked.lo < DAY && asked.hi < NOW - 100 * DAY && refusals++ === 0
      ? REFUSED
      : // Ninety days are too much here, so that windows of a day come up at all.
        asked.hi - asked.lo > DAY
        ? REFUSED
        : activities(asked),
  );
  expect(error).toBeUndefined();
  expect(refusals).toBeGreaterThan(0);
  expect(rowsOf(messages, "activity_logs")).toHaveLength(111);
});

test("a limit on the width of a window, however low, gives nothing up", async () => {
  const { messages, error } = await syncOf("activity_logs", 111, (asked) =>
    asked.hi - asked.lo > DAY / 2 ? REFUSED : activities(asked),
  );
  expect(error).toBeUndefined();
  expect(rowsOf(messages, "activity_logs")).toHaveLength(111);
});

test.each([
  ["to the second", 0],
  ["by days that end later", 0.9],
  ["by days that ended earlier", -0.9],
])("an API that answers for ninety days only, counted %s, is read as far as it goes", async (_, days) => {
  const limit = NOW - (90 - days) * DAY;
  const { messages, error, windows } = await syncOf("activity_logs", 400, (asked) =>
    asked.lo < limit ? REFUSED : activities(asked),
  );
  expect(error).toBeUndefined();
  const within = ACTIVITIES.filter((at) => at >= limit + 60_000);
  expect(rowsOf(messages, "activity_logs")).toHaveLength(within.length);
  expect(windows.length).toBeLessThan(250);
  const warnings = JSON.stringify(messages.filter(({ type }) => type === "LOG"));
  expect(warnings).toContain("rows older than that can't be read");
});

test.each([
  ["a minute", (asked: Asked) => asked.lo < NOW - 150 * DAY && asked.hi > NOW - 150 * DAY],
  [
    "all of a year but for its oldest month",
    (asked: Asked) => asked.lo > NOW - 170 * DAY && asked.lo < NOW - 90 * DAY,
  ],
  ["all that is older than sixty days", (asked: Asked) => asked.lo < NOW - 60 * DAY],
  ["everything", () => true],
])(
  "%s that is refused for ever ends the stream INCOMPLETE, and is not taken for too old",
  async (_, isRefused) => {
    const { error, status } = await syncOf("activity_logs", 201, (asked) =>
      isRefused(asked) ? REFUSED : activities(asked),
    );
    expect(status).toBe("INCOMPLETE");
    expect(error?.message).toMatch(/^Dixa refuse/);
  },
);

const conversation = (id: number | undefined, updated_at?: number, more = {}) => ({
  id,
  updated_at,
  ...more,
});

test("rows outside the window that was asked for end the stream, with one of them", async () => {
  // As if the filter counted in another time zone than the field.
  const { messages, error, status } = await syncOf("conversations", 31, ({ lo, hi }) =>
    JSON.stringify([
      conversation(7, lo + 1000, { requester_email: "ada@example.com" }),
      conversation(8, lo - 7_200_000, { requester_email: "ada@example.com" }),
      conversation(9, hi - 1000),
    ]),
  );
  expect(status).toBe("INCOMPLETE");
  expect(error?.failureType).toBe("transient_error");
  expect(error?.message).toBe(
    "1 of 3 rows that Dixa sent for 2025-05-01T00:00:00Z to 2025-05-31T23:59:59.999Z lie outside of it, for example " +
      'id 8 with updated_at 2025-04-30T21:59:59.999Z. Rows may be missing, so "conversations" is not taken for read.',
  );
  const states = statesOf(messages, "conversations");
  expect(states.at(-1)?.stream?.stream_state).toMatchObject({ updated_at: NOW - 31 * DAY });
});

test("rows of the overlap, and those that changed meanwhile, are no such rows", async () => {
  const { messages, error } = await syncOf("conversations", 31, ({ lo, hi }) =>
    JSON.stringify([
      conversation(1, lo),
      conversation(2, lo - 999),
      conversation(3, hi + 999),
      conversation(4, NOW + 4000),
    ]),
  );
  expect(error).toBeUndefined();
  expect(rowsOf(messages, "conversations").length).toBeLessThan(3);
});

test("a row without a cursor comes once, into however many pieces its window is divided", async () => {
  const { messages, error } = await syncOf(
    "conversations",
    20,
    ({ lo, hi }) => {
      const rows = Array.from({ length: 40 }, (_, index) => NOW - 20 * DAY + index * (DAY / 2));
      const inside = rows.filter((at) => at >= lo && at < hi).map((at) => conversation(at, at));
      return JSON.stringify([conversation(5), ...inside]);
    },
    { tuning: { mostRows: 8 } },
  );
  expect(error).toBeUndefined();
  const rows = rowsOf(messages, "conversations");
  expect(rows).toHaveLength(41);
  expect(rows.filter((row) => row.startsWith("5@"))).toHaveLength(1);
});

test.each([
  [
    "a row without an id",
    '[{"id":1,"updated_at":1746500000000},{"updated_at":1748000000000}]',
    /, behind row 1: row 2 of the answer, of 2025-05-23T11:33:20Z, has no "id"$/,
  ],
  ["a row that is no object", "[1]", /: row 1 of the answer is not an object$/],
  ["damage in the middle", '[{"id":1},{"id":tru}]', /, behind row 1: the body is not valid JSON at byte 19/],
  ["an object in place of the list", '{"message":"no"}', /: the body is not an array/],
  ["nothing", "", /Z: the body is empty$/],
])("%s that stays is told with its window after a few requests", async (_, body, message) => {
  const { error, windows, clock, status } = await syncOf("conversations", 31, () => body);
  expect(status).toBe("INCOMPLETE");
  expect(error?.message).toMatch(
    /^Dixa's answer can't be read: 2025-05-01T00:00:00Z to 2025-05-31T23:59:59.999Z/,
  );
  expect(error?.message).toMatch(message);
  expect(windows.filter(({ lo }) => lo < NOW - 2 * DAY).length).toBeLessThanOrEqual(8);
  expect(clock.slept()).toBeLessThan(75_000);
});

test.each([202, 204, 206])(
  "a %d is told as what it is, and not taken for an empty window",
  async (status) => {
    const { error, windows } = await syncOf("conversations", 31, () => [status, "[]"]);
    expect(error?.message).toMatch(new RegExp(`the answer is ${status}, not 200$`));
    expect(windows.filter(({ lo }) => lo < NOW - 2 * DAY)).toHaveLength(4);
  },
);

test("a byte order mark does no harm", async () => {
  const { messages, error } = await syncOf(
    "conversations",
    1,
    ({ lo }) => `\ufeff[{"id":1,"updated_at":${lo + 1}}]`,
  );
  expect(error).toBeUndefined();
  expect(rowsOf(messages, "conversations")).toHaveLength(1);
});
