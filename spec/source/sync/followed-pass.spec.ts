import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { lastStates, messagesOf, statesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { type SyncRunResult } from "../../../integration_tests/support/sync-run.ts";
import { type AirbyteMessage } from "../../../src/airbyte/protocol/messages.ts";
import { type EngineOptions, followedStream, runEngine } from "../../support/engine.ts";
import { Loopback } from "../../support/loopback.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";

const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 1);
const notes = followedStream("notes");
const ratings = followedStream("ratings");
const CONFIG = { start_date: "2024-01-01", end_date: "2024-03-01" };

let server: Loopback;
/** `updated_at` of each conversation, ms UTC. */
let conversations: Map<number, number>;
/** What is answered for a path under a conversation, if not its children: a status. */
let refuse: (id: number, child: string) => number | undefined;
/** Awaited before that. */
let before: (id: number, child: string) => Promise<void> | undefined;

beforeEach(async () => {
  conversations = new Map();
  refuse = () => undefined;
  before = () => undefined;
  server = await Loopback.start(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://dixa");
    if (pathname === "/v1/organization") return response.end("{}");
    if (pathname === "/v1/conversation_export") {
      const [after, before] = ["updated_after", "updated_before"].map((name) =>
        Number(searchParams.get(name)),
      );
      const changed = [...conversations].filter(([, at]) => at >= (after ?? 0) && at <= (before ?? 0));
      return response.end(JSON.stringify(changed.reverse().map(([id, updated_at]) => ({ id, updated_at }))));
    }
    const [, id = "", child = ""] = /^\/v1\/conversations\/(\d+)\/?(\w*)$/.exec(pathname) ?? [];
    const answer = () => {
      const status = refuse(Number(id), child);
      if (status !== undefined) return response.writeHead(status).end("<html>not JSON</html>");
      return response.end(
        JSON.stringify(child === "" ? { data: {} } : { data: [{ id: `${child} of ${id}` }] }),
      );
    };
    const waited = before(Number(id), child);
    if (waited === undefined) return answer();
    return void waited.then(answer);
  });
});

afterEach(() => server.close());

const sync = (options: Partial<EngineOptions> = {}) =>
  runEngine(server, {
    ...{
      streams: [notes, ratings],
      syncMode: "incremental" as const,
      clock: new SkippingClock(START + 100 * DAY),
    },
    ...options,
    config: { ...CONFIG, ...options.config },
  });
const askedFor = (child: string) =>
  server.requests.flatMap((line) => {
    const id = new RegExp(`^GET /v1/conversations/(\\d+)/${child}$`).exec(line)?.[1];
    return id === undefined ? [] : [Number(id)];
  });
const rowsOf = (messages: readonly AirbyteMessage[], stream: string) =>
  messagesOf(messages, "RECORD")
    .filter(({ record }) => record.stream === stream)
    .map(({ record }) => Number(record.data["conversationId"]));
const end = ({ messages }: SyncRunResult, stream = "notes") => statusesOf(messages, stream).at(-1);
const spread = (count: number, span = 60 * DAY) => {
  for (let id = 1; id <= count; id++) conversations.set(id, START + Math.floor((id * span) / (count + 1)));
};
const ascending = (ids: number[]) => [...ids].sort((a, b) => a - b);
const all = () => [...conversations.keys()];

test("each conversation is asked once for each stream, in the order in which they changed", async () => {
  spread(40);
  const run = await sync({ config: { num_workers: 1 } });
  for (const child of ["notes", "ratings"]) {
    expect([askedFor(child), rowsOf(run.messages, child), end(run, child)]).toEqual([
      all(),
      all(),
      "COMPLETE",
    ]);
  }
  // One pass: the list of conversations is read once for both.
  expect(server.requests.filter((line) => line.includes("conversation_export"))).toHaveLength(2);
});

test("rows say of which conversation they are, and when it had changed", async () => {
  conversations.set(7, START + 1234);
  const { messages } = await sync({ streams: [notes] });
  expect(messagesOf(messages, "RECORD")[0]?.record.data).toEqual({
    id: "notes of 7",
    conversationId: 7,
    conversationUpdatedAt: "2024-01-01T00:00:01.234Z",
  });
});

test("the next sync asks for what has changed since, and for what the lookback covers", async () => {
  spread(40);
  const first = await sync({ config: { end_date: "2024-02-01" } });
  server.requests.length = 0;
  conversations.set(1, Date.UTC(2024, 1, 15));
  const second = await sync({ state: lastStates(first.messages), config: { lookback_minutes: 24 * 60 } });
  const changed = all().filter((id) => (conversations.get(id) ?? 0) >= Date.UTC(2024, 1, 1) - DAY);
  // The first sync had no lookback, so nothing before its end is expected late.
  expect(ascending(askedFor("notes"))).toEqual(
    changed.filter((id) => (conversations.get(id) ?? 0) >= Date.UTC(2024, 1, 1)),
  );
  expect(end(second)).toBe("COMPLETE");
  server.requests.length = 0;
  await sync({
    state: lastStates(second.messages),
    config: { lookback_minutes: 24 * 60 },
    clock: new SkippingClock(START + 101 * DAY),
  });
  const late = all().filter((id) => (conversations.get(id) ?? 0) >= Date.UTC(2024, 1, 29));
  expect(ascending(askedFor("notes"))).toEqual(late);
});

test("a full refresh asks for all of them", async () => {
  spread(10);
  const first = await sync({ syncMode: "full_refresh", job: 1 });
  server.requests.length = 0;
  const second = await sync({ syncMode: "full_refresh", job: 2, state: lastStates(first.messages) });
  expect([ascending(askedFor("notes")), end(second)]).toEqual([all(), "COMPLETE"]);
});

test("killed anywhere, a sync loses nothing, and the next one asks at most 1,000 conversations again", async () => {
  spread(600);
  // Some that changed at one instant, as after a change of many at once.
  for (let id = 300; id < 340; id++) conversations.set(id, START + 30 * DAY);
  const { messages } = await sync({ streams: [notes] });
  expect(new Set(rowsOf(messages, "notes")).size).toBe(600);
  const states = messages.flatMap((message, index) => (message.type === "STATE" ? [index] : []));
  expect(states.length).toBeGreaterThan(5);
  // Before the first STATE, and just before two others: as much as can be is out that no STATE tells of.
  for (const index of [states[0], states[3], states[5]]) {
    const killed = messages.slice(0, index);
    server.requests.length = 0;
    const next = await sync({ streams: [notes], state: lastStates(killed) });
    const before = new Set(rowsOf(killed, "notes"));
    const again = new Set(rowsOf(next.messages, "notes"));
    expect(new Set([...before, ...again]).size).toBe(600);
    expect([...again].filter((id) => before.has(id)).length).toBeLessThanOrEqual(200);
  }
});

test("a STATE follows every half minute, however slow the conversations are", async () => {
  spread(30);
  const clock = new SkippingClock(START + 100 * DAY);
  refuse = () => {
    clock.advance(10_000);
    return undefined;
  };
  const { messages } = await sync({ streams: [notes], config: { num_workers: 1 }, clock });
  expect(statesOf(messages, "notes").length).toBeGreaterThanOrEqual(9);
});

test("a long pass is announced with its requests and its least time", async () => {
  spread(150);
  const { messages } = await sync({ config: { api_requests_per_second: 10, end_date: "2024-02-01" } });
  const logs = messagesOf(messages, "LOG").map(({ log }) => log.message);
  expect(logs).toContainEqual(
    expect.stringMatching(
      /^notes, ratings: \d+ conversations changed from \S+ to \S+: \d+ requests, at least \d+ s at 10 a second/,
    ),
  );
});

describe("conversations that Dixa does not know any more (404, whatever the body)", () => {
  test("are skipped", async () => {
    spread(30);
    refuse = (id) => (id % 3 === 0 ? 404 : undefined);
    const run = await sync();
    expect([end(run), ascending(rowsOf(run.messages, "notes"))]).toEqual([
      "COMPLETE",
      all().filter((id) => id % 3 !== 0),
    ]);
  });

  test.each([3, 50])("may be all %d of them, if they are gone themselves", async (count) => {
    spread(count);
    refuse = () => 404;
    const run = await sync();
    expect([end(run), rowsOf(run.messages, "notes")]).toEqual(["COMPLETE", []]);
  });

  test.each([3, 50])(
    "are no proof if all %d are there and only one stream's children are not",
    async (count) => {
      spread(count);
      refuse = (_, child) => (child === "ratings" ? 404 : undefined);
      const run = await sync();
      expect([end(run, "ratings"), end(run, "notes")]).toEqual(["INCOMPLETE", "COMPLETE"]);
      expect(run.failures.map(({ error }) => error.message)).toEqual([
        expect.stringMatching(/untick the stream ratings/),
      ]);
      expect(statesOf(run.messages, "ratings").at(-1)?.stream?.stream_state).toMatchObject({
        conversationUpdatedAt: new Date(START).toISOString(),
      });
    },
  );

  test.each([3, 30])("are no proof for a later sync either (%d conversations)", async (count) => {
    spread(count);
    const state = lastStates((await sync({ config: { end_date: "2024-02-01" } })).messages);
    refuse = (_, child) => (child === "notes" ? 404 : undefined);
    const run = await sync({ state });
    expect([end(run), end(run, "ratings")]).toEqual(["INCOMPLETE", "COMPLETE"]);
    const { stream_state } = statesOf(run.messages, "notes").at(-1)?.stream ?? {};
    expect(stream_state).toMatchObject({ conversationUpdatedAt: "2024-02-01T00:00:00.000Z" });
  });

  test.each([
    ["later", (id: number) => id <= 10],
    ["earlier", (id: number) => id > 20],
  ])("are told of, once, where Dixa has the conversation and answers for others %s", async (_, isRefused) => {
    spread(30);
    refuse = (id, child) => (isRefused(id) && child === "notes" ? 404 : undefined);
    const run = await sync({ streams: [notes] });
    const warnings = messagesOf(run.messages, "LOG").filter(({ log }) => log.level === "WARN");
    expect([end(run), rowsOf(run.messages, "notes").length, warnings.map(({ log }) => log.message)]).toEqual([
      "COMPLETE",
      all().filter((id) => !isRefused(id)).length,
      [
        expect.stringMatching(
          /^notes: Dixa answers 404 for .*conversations\/\d+\/notes, though it has the conv/,
        ),
      ],
    ]);
  });

  test("are no refusal if another is answered for while they are asked about", async () => {
    spread(30);
    refuse = (id, child) => (id <= 20 && child === "notes" ? 404 : undefined);
    const isAnswered = Promise.withResolvers<undefined>();
    let probes = 0;
    before = (_, child) => {
      if (child !== "") return undefined;
      if (probes++ === 0) return isAnswered.promise;
      // The second look comes of the answer for another one, and the first has lasted until after it.
      isAnswered.resolve(undefined);
      return undefined;
    };
    const run = await sync({ streams: [notes], config: { num_workers: 2 } });
    expect([run.failures, end(run), rowsOf(run.messages, "notes").length]).toEqual([[], "COMPLETE", 10]);
  });

  test.each([403, 410])("end no stream where Dixa says %d of a conversation itself", async (status) => {
    spread(30);
    refuse = (id, child) => (id < 25 ? undefined : child === "notes" ? 404 : status);
    const run = await sync({ streams: [notes] });
    expect([run.failures, end(run), rowsOf(run.messages, "notes").length]).toEqual([[], "COMPLETE", 24]);
    const warnings = messagesOf(run.messages, "LOG").filter(({ log }) => log.level === "WARN");
    expect(warnings.map(({ log }) => log.message)).toEqual([
      expect.stringMatching(new RegExp(`/notes, and ${status} for the conversation itself`)),
    ]);
  });
});

test("what the account may not read ends that stream alone", async () => {
  spread(20);
  refuse = (_, child) => (child === "ratings" ? 403 : undefined);
  const run = await sync();
  expect([end(run, "ratings"), end(run, "notes"), rowsOf(run.messages, "notes").length]).toEqual([
    "INCOMPLETE",
    "COMPLETE",
    20,
  ]);
  expect(run.failures.map(({ error }) => error.message)).toEqual([
    expect.stringMatching(/untick the stream ratings/),
  ]);
});

describe("500 conversations that changed in the same millisecond", () => {
  const AT = START + 10 * DAY;

  beforeEach(() => {
    spread(30);
    for (let id = 1000; id < 1500; id++) conversations.set(id, AT);
  });

  test("are not asked for again from the first after an end in the middle", async () => {
    const asked: number[][] = [];
    const found = new Set<number>();
    let state: unknown = [];
    for (const most of [220, 220, Infinity]) {
      server.requests.length = 0;
      const stop = new AbortController();
      refuse = () => {
        if (askedFor("notes").length >= most) stop.abort(new Error("stopped"));
        return undefined;
      };
      const run = await sync({ streams: [notes], state, signal: stop.signal });
      expect(end(run)).toBe(most === Infinity ? "COMPLETE" : "INCOMPLETE");
      asked.push(askedFor("notes"));
      for (const id of rowsOf(run.messages, "notes")) found.add(id);
      state = lastStates(run.messages);
    }
    expect(ascending([...found])).toEqual(ascending(all()));
    const again = asked.flatMap((ids, index) => ids.filter((id) => asked[index - 1]?.includes(id) === true));
    expect(again.length).toBeLessThanOrEqual(2 * 120);
    expect(JSON.stringify(state)).not.toContain("partly");
  });

  test("are all asked for again where some may have shown up late", async () => {
    const stop = new AbortController();
    refuse = () => {
      if (askedFor("notes").length >= 250) stop.abort(new Error("stopped"));
      return undefined;
    };
    const config = { end_date: "2024-01-11T00:30:00Z", lookback_minutes: 60 };
    const run = await sync({ streams: [notes], config, signal: stop.signal });
    refuse = () => undefined;
    server.requests.length = 0;
    await sync({ streams: [notes], config, state: lastStates(run.messages) });
    expect(new Set(askedFor("notes").filter((id) => id >= 1000)).size).toBe(500);
  });
});
