import { gunzipSync } from "node:zlib";

import { afterEach, describe, expect, test } from "@jest/globals";

import {
  BOUNDS,
  type Bounds,
  type DixaSimulator,
  type DixaSimulatorOptions,
  LEGACY_TOKEN,
  POWERLESS_TOKEN,
  startDixaSimulator,
} from "./index.ts";
import { type RawAnswer, request } from "./raw-answer.ts";

const DAY = 86_400_000;
const LO = Date.UTC(2025, 0, 1);
const SPAN = { lo: LO, hi: LO + 20 * DAY };

let simulator: DixaSimulator;

async function start(options: DixaSimulatorOptions = {}): Promise<void> {
  simulator = await startDixaSimulator({ span: SPAN, conversations: 200, limits: false, ...options });
}

afterEach(async () => {
  await simulator.close();
});

function exports(path: string, authorization = `Bearer ${simulator.token}`): Promise<RawAnswer> {
  return request(`${simulator.exportsUrl}/v1/${path}`, { headers: { authorization } });
}

function api(path: string, authorization = simulator.token): Promise<RawAnswer> {
  return request(`${simulator.apiUrl}/v1/${path}`, { headers: { authorization } });
}

interface Page {
  data: { id: string | number }[];
  meta: { next?: string };
}

function parse({ body }: RawAnswer): unknown {
  return JSON.parse(body.toString("utf8"));
}

function ids(answer: RawAnswer): string[] {
  return (parse(answer) as Page["data"]).map(({ id }) => String(id)).sort();
}

/** The truth for a window under a reading of its bounds, when they are compared by `unit` ms. */
function inside(stream: "conversations" | "messages" | "activity_logs", bounds: Bounds, unit = 1) {
  return (after: number, before: number): string[] => {
    const isFirstIn = bounds === "inclusive" || bounds === "from";
    const isLastIn = bounds === "inclusive" || bounds === "to";
    return Array.from(simulator.dataset.streams[stream].truth({ lo: -Infinity, hi: Infinity }))
      .filter(({ cursor }) => {
        const at = Math.floor(cursor / unit) * unit;
        return (isFirstIn ? at >= after : at > after) && (isLastIn ? at <= before : at < before);
      })
      .map(({ id }) => id)
      .sort();
  };
}

describe.each(BOUNDS)("bounds read as %s", (bounds) => {
  test("an export holds what a naive filter finds, also when a row lies on a bound", async () => {
    await start({ bounds, shuffle: true });
    for (const [stream, path, time] of [
      ["conversations", "conversation_export", "updated"],
      ["messages", "message_export", "created"],
    ] as const) {
      const rows = simulator.dataset.streams[stream];
      for (const [from, to] of [
        [10, 150],
        [20, 20],
        [0, 199],
      ] as const) {
        const [after, before] = [rows.cursor(from), rows.cursor(to)];
        const answer = await exports(`${path}?${time}_after=${after}&${time}_before=${before}`);
        expect(answer.status).toBe(200);
        expect(ids(answer)).toEqual(inside(stream, bounds)(after, before));
      }
    }
  });

  test("the activity log compares whole seconds, over all pages", async () => {
    await start({ bounds, largestPage: 37 });
    const rows = simulator.dataset.streams.activity_logs;
    const second = (index: number) => Math.floor(rows.cursor(index) / 1000) * 1000;
    const [from, to] = [second(30), second(600)];
    const iso = (at: number) => new Date(at).toISOString().replace(".000", "");
    const found: string[] = [];
    let path = `conversations/activitylog?pageLimit=100&fromDatetime=${iso(from)}&toDatetime=${iso(to)}`;
    for (let pages = 0; path !== ""; pages++) {
      const page = parse(await api(path)) as Page;
      expect(page.data.length).toBeLessThanOrEqual(37);
      found.push(...page.data.map(({ id }) => String(id)));
      path = page.meta.next?.replace("/v1/", "") ?? "";
      expect(pages).toBeLessThan(30);
    }
    expect(found.sort()).toEqual(inside("activity_logs", bounds, 1000)(from, to));
  });
});

test("a page that holds the last row but one is not the last page", async () => {
  await start({ activityLogs: 11, zoneNames: "none" });
  const window = "fromDatetime=2025-01-01T00:00:00Z&toDatetime=2025-01-22T00:00:00Z";
  const hasNext = async (pageLimit: number) => {
    const page = parse(await api(`conversations/activitylog?${window}&pageLimit=${pageLimit}`)) as Page;
    return "next" in page.meta;
  };
  expect([await hasNext(10), await hasNext(11)]).toEqual([true, false]);
});

test("an activity log that compares whole seconds ignores the fractions it is asked for", async () => {
  for (const wholeSeconds of [true, false]) {
    await start({ conversations: 0, wholeSeconds });
    const add = (id: string, at: number) => {
      simulator.dataset.add("activity_logs", { id, activityTimestamp: new Date(at).toISOString() }, at);
    };
    add("a", LO + 100);
    add("b", LO + 700);
    add("c", LO + 2100);
    const window = "fromDatetime=2025-01-01T00:00:00.500Z&toDatetime=2025-01-01T00:00:02.500Z";
    const { data } = parse(await api(`conversations/activitylog?${window}`)) as Page;
    expect(data.map(({ id }) => id)).toEqual(wholeSeconds ? ["a", "b"] : ["b", "c"]);
    await simulator.close();
  }
  await start();
});

test("dates are taken as well as milliseconds", async () => {
  await start();
  const byDate = await exports("message_export?created_after=2025-01-03&created_before=2025-01-05");
  const byMs = await exports(`message_export?created_after=${LO + 2 * DAY}&created_before=${LO + 4 * DAY}`);
  expect(ids(byDate)).toEqual(ids(byMs));
  expect(ids(byDate).length).toBeGreaterThan(10);
});

test("csids bring these conversations as they are now, each once, in a window if one is given", async () => {
  await start();
  const { conversations } = simulator.dataset.streams;
  const [first, second] = [conversations.idOf(3), conversations.idOf(150)];
  simulator.dataset.touchConversation(3, LO + 30 * DAY);
  const answer = await exports(`conversation_export?csids=${first},${second},${first},1`);
  expect(ids(answer)).toEqual([first, second].sort());
  const window = `updated_after=${LO + 29 * DAY}&updated_before=${LO + 31 * DAY}`;
  expect(ids(await exports(`conversation_export?csids=${first},${second}&${window}`))).toEqual([first]);
});

test.each([
  ["no bounds", "conversation_export", /give updated_after and updated_before/],
  ["half a pair", `conversation_export?updated_after=${LO}`, /give both/],
  ["half a pair beside csids", `conversation_export?csids=1&updated_after=${LO}`, /give both/],
  [
    "bounds of the other export",
    `message_export?updated_after=${LO}&updated_before=${LO}`,
    /give created_after/,
  ],
  ["csids of messages", "message_export?csids=1", /give created_after/],
  ["a date that is none", "message_export?created_after=2025-02-31x&created_before=2025-03-01", /give both/],
  ["an end before its start", `message_export?created_after=${LO + 1}&created_before=${LO}`, /ends before/],
  [
    "31 days and 1 ms",
    `message_export?created_after=${LO}&created_before=${LO + 31 * DAY + 1}`,
    /exceeds 31 days/,
  ],
  ["csids that are none", "conversation_export?csids=1,x", /csids/],
  ["csids beyond 32 bits", "conversation_export?csids=2147483648", /csids/],
])("%s: 400", async (_name, path, message) => {
  await start();
  const answer = await exports(path);
  expect(answer.status).toBe(400);
  expect((parse(answer) as { message: string }).message).toMatch(message);
});

test("exactly 31 days are granted", async () => {
  await start();
  const answer = await exports(`message_export?created_after=${LO}&created_before=${LO + 31 * DAY}`);
  expect(answer.status).toBe(200);
});

test("the activity log reaches 90 days by a window's length, or by the rows' age", async () => {
  const iso = (at: number) => new Date(at).toISOString().replace(".000", "");
  const status = async (from: number, to: number) => {
    const answer = await api(`conversations/activitylog?fromDatetime=${iso(from)}&toDatetime=${iso(to)}`);
    return answer.status;
  };
  const now = LO + 200 * DAY;
  await start({ now: () => now });
  expect(await status(LO, LO + 90 * DAY)).toBe(200);
  expect(await status(LO, LO + 90 * DAY + 1000)).toBe(400);
  await simulator.close();
  await start({ now: () => now, reach: "age" });
  expect(await status(now - 90 * DAY, now)).toBe(200);
  expect(await status(now - 90 * DAY - 1000, now - 80 * DAY)).toBe(400);
});

test.each(["pageLimit=0", "pageLimit=10001", "pageLimit=x", "pageKey=abc"])(
  "a page that can't be: %s",
  async (query) => {
    await start();
    const window = "fromDatetime=2025-01-01T00:00:00Z&toDatetime=2025-01-02T00:00:00Z";
    expect((await api(`conversations/activitylog?${window}&${query}`)).status).toBe(400);
  },
);

test("each host takes its forms of the token and no other", async () => {
  await start();
  const { token } = simulator;
  const basic = (user: string) => `Basic ${Buffer.from(`${user}:${token}`).toString("base64")}`;
  const window = `message_export?created_after=${LO}&created_before=${LO + 1}`;
  for (const [authorization, onExports, onApi] of [
    [token, 401, 200],
    [`Bearer ${token}`, 200, 200],
    [basic("bearer"), 200, 401],
    [basic("someone"), 401, 401],
    [`Bearer ${LEGACY_TOKEN}`, 200, 401],
    [LEGACY_TOKEN, 401, 401],
    [`Bearer ${POWERLESS_TOKEN}`, 403, 403],
    ["Bearer wrong", 401, 401],
    ["", 401, 401],
  ] as const) {
    expect({ authorization, status: (await exports(window, authorization)).status }).toEqual({
      authorization,
      status: onExports,
    });
    const answer = await api("organization", authorization);
    expect({ authorization, status: answer.status }).toEqual({ authorization, status: onApi });
    if (onApi === 401) expect(parse(answer)).toEqual({ message: "Unauthorized" });
  }
});

test("the Exports API grants 10 requests in any minute, over both exports, to each token", async () => {
  let now = LO;
  await start({ limits: true, now: () => now, retryAfter: true });
  const paths = ["message_export?created", "conversation_export?updated"].map((start) => {
    const [, time = ""] = start.split("?");
    return `${start}_after=${LO}&${time}_before=${LO + 1}`;
  });
  for (let i = 0; i < 10; i++, now += 1000) expect((await exports(paths[i % 2]!)).status).toBe(200);
  const refused = await exports(paths[0]!);
  expect(refused.status).toBe(429);
  expect(refused.headers["retry-after"]).toBe("50");
  expect((await exports(paths[0]!, `Bearer ${LEGACY_TOKEN}`)).status).toBe(200);
  now = LO + 60_000;
  expect((await exports(paths[0]!)).status).toBe(200);
  expect((await exports(paths[0]!)).status).toBe(429);
});

test("the Dixa API grants 4 requests at once and 10 a second, and doesn't say when to come back", async () => {
  let now = LO;
  await start({ limits: true, now: () => now });
  const status = async () => (await api("organization")).status;
  for (let i = 0; i < 4; i++) expect(await status()).toBe(200);
  const refused = await api("organization");
  expect([refused.status, refused.headers["retry-after"]]).toEqual([429, undefined]);
  expect(parse(refused)).toEqual({ message: "Too Many Requests" });
  now += 100;
  expect(await status()).toBe(200);
  expect(await status()).toBe(429);
  now += 60_000;
  for (let i = 0; i < 4; i++) expect(await status()).toBe(200);
  expect(await status()).toBe(429);
});

test("a body is compressed for those who take it, and only for them", async () => {
  await start();
  const url = `${simulator.exportsUrl}/v1/message_export?created_after=${LO}&created_before=${LO + DAY}`;
  const authorization = `Bearer ${simulator.token}`;
  const plain = await request(url, { headers: { authorization } });
  const packed = await request(url, { headers: { authorization, "accept-encoding": "gzip, br" } });
  expect(plain.headers["content-encoding"]).toBeUndefined();
  expect(packed.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
});

test("the log tells each request as it was answered, and the clock is the simulator's", async () => {
  const told: string[] = [];
  await start({
    now: () => LO,
    onRequest: ({ path }) => {
      told.push(path);
    },
  });
  const answer = await api("organization?x=1");
  await exports("nowhere");
  expect(answer.headers.date).toBe("Wed, 01 Jan 2025 00:00:00 GMT");
  expect(simulator.requests).toMatchObject([
    { host: "api", method: "GET", path: "/v1/organization", query: { x: "1" }, status: 200 },
    { host: "exports", method: "GET", path: "/v1/nowhere", query: {}, status: 404, bytes: 0 },
  ]);
  expect(simulator.requests[0]?.bytes).toBe(answer.body.length);
  expect(told).toEqual(["/v1/organization", "/v1/nowhere"]);
});

test("an address that can't be read is answered, and agents come up to the limit of a page", async () => {
  await start();
  expect((await request(`${simulator.apiUrl}//`)).status).toBe(400);
  expect((parse(await api("agents?pageLimit=1")) as Page).data).toHaveLength(1);
});

test("rows that change while a body is sent show up where they have moved to", async () => {
  let isMoved = false;
  await start({
    conversations: 2000,
    onProgress: () => {
      if (isMoved) return;
      isMoved = true;
      simulator.dataset.touchConversation(1999, SPAN.hi + DAY);
    },
  });
  const window = `conversation_export?updated_after=${LO}&updated_before=${SPAN.hi}`;
  expect(ids(await exports(window))).toHaveLength(1999);
  const later = `conversation_export?updated_after=${SPAN.hi}&updated_before=${SPAN.hi + 2 * DAY}`;
  expect(ids(await exports(later))).toEqual([simulator.dataset.streams.conversations.idOf(1999)]);
});

test("a port that is taken is told, and nothing stays open", async () => {
  await start();
  const port = Number(new URL(simulator.apiUrl).port);
  await expect(startDixaSimulator({ apiPort: port })).rejects.toThrow("EADDRINUSE");
});
