import { afterEach, describe, expect, test } from "@jest/globals";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { type Clock } from "../../src/http/clock.ts";
import {
  type DixaSimulator,
  type DixaSimulatorOptions,
  startDixaSimulator,
} from "../simulators/dixa/index.ts";
import { hurriedClock } from "../support/hurried-clock.ts";
import { errorsOf, lastStates, messagesOf, rowsOf, statesOf, statusesOf } from "../support/messages.ts";
import { configuredCatalog, runSync } from "../support/sync-run.ts";
import { expectTruth, STREAMS, truthOf } from "../support/truth.ts";

const START = Date.UTC(2025, 0, 1);
const END = Date.UTC(2025, 3, 1);
const DATES = { start_date: "2025-01-01", end_date: "2025-04-01" };

let simulator: DixaSimulator;

async function start(options: DixaSimulatorOptions = {}): Promise<DixaSimulator> {
  const span = { lo: START, hi: END };
  simulator = await startDixaSimulator({ span, conversations: 600, limits: false, ...options });
  return simulator;
}

afterEach(async () => {
  await simulator.close();
});

/** The messages of a sync of conversations that has brought every row. */
async function conversationsWhole(clock: Clock): Promise<AirbyteMessage[]> {
  const { messages, failures } = await runSync({
    config: simulator.config(DATES),
    clock,
    catalog: configuredCatalog(["conversations"]),
  });
  expect(failures).toEqual([]);
  expectTruth(messages, simulator, START, END, ["conversations"]);
  return messages;
}

test("a stream's messages come in the order that the platform wants", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  const { messages } = await runSync({ config: simulator.config(DATES), clock });
  for (const stream of STREAMS) {
    const statuses = statusesOf(messages, stream);
    expect(statuses[0]).toBe("STARTED");
    expect(statuses.slice(1, -1).every((status) => status.startsWith("RUNNING"))).toBe(true);
    expect(statuses.length).toBeGreaterThanOrEqual(3);
    expect(statuses.at(-1)).toBe("COMPLETE");
    const states = statesOf(messages, stream);
    const counted = states.reduce(
      (sum, { sourceStats }) => sum + (sourceStats?.recordCount ?? Number.NaN),
      0,
    );
    expect(counted).toBe(rowsOf(messages, stream).length);
    expect(new Set(states.map((state) => JSON.stringify(state.stream?.stream_state))).size).toBe(
      states.length,
    );
  }
  const lastRow = messages.findLastIndex(({ type }) => type === "RECORD");
  const lastState = messages.findLastIndex(({ type }) => type === "STATE");
  expect(lastState).toBeGreaterThan(lastRow);
  const estimates = messagesOf(messages, "TRACE").filter(({ trace }) => trace.type === "ESTIMATE");
  expect(estimates.length).toBeGreaterThanOrEqual(3);
});

test("an empty account still gives three statuses and one STATE a stream", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now, conversations: 0 });
  const { messages, failures } = await runSync({ config: simulator.config(DATES), clock });
  expect(failures).toEqual([]);
  for (const stream of STREAMS) {
    expect(statusesOf(messages, stream)).toEqual(["STARTED", "RUNNING", "COMPLETE"]);
    expect(statesOf(messages, stream).length).toBeGreaterThanOrEqual(1);
  }
});

test("a 429 without Retry-After is waited out for the API's own minute, and told with its end", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  const before = clock.now();
  simulator.faults.set({
    decide: ({ host }) => (host === "exports" && clock.slept() === 0 ? "429" : undefined),
  });
  const messages = await conversationsWhole(clock);
  expect(clock.slept()).toBeGreaterThanOrEqual(60_000);
  expect(statusesOf(messages, "conversations")).toContain("RUNNING RATE_LIMITED");
  const resets = messagesOf(messages, "TRACE").flatMap(({ trace }) =>
    trace.type === "STREAM_STATUS" ? (trace.stream_status.reasons ?? []) : [],
  );
  expect(resets[0]?.rate_limited?.quota_reset).toBeGreaterThanOrEqual(before + 60_000);
});

test("Retry-After is heeded to the second", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  simulator.faults.set({
    decide: ({ host }) => (host === "exports" && clock.slept() === 0 ? "429-retry-after" : undefined),
  });
  const { failures } = await runSync({
    config: simulator.config(DATES),
    clock,
    catalog: configuredCatalog(["messages"]),
  });
  expect(failures).toEqual([]);
  expect(clock.slept()).toBeGreaterThanOrEqual(7000);
  expect(clock.slept()).toBeLessThan(20_000);
});

describe("a rate limit", () => {
  const HOUR = 3_600_000;

  async function syncLimitedFor(ms: number) {
    const clock = hurriedClock();
    await start({ now: clock.now });
    const until = clock.now() + ms;
    simulator.faults.set({
      decide: ({ host }) => (host === "exports" && clock.now() < until ? "429" : undefined),
    });
    const catalog = configuredCatalog(["conversations"]);
    return runSync({ config: simulator.config(DATES), clock, catalog });
  }

  test("of hours is waited out", async () => {
    const { messages, failures } = await syncLimitedFor(1.5 * HOUR);
    expect(failures).toEqual([]);
    expectTruth(messages, simulator, START, END, ["conversations"]);
  });

  test("that lasts longer ends the stream incomplete, to be tried again, before the platform ends the sync", async () => {
    const { messages, failures } = await syncLimitedFor(6 * HOUR);
    expect(failures.map(({ error }) => error.failureType)).toEqual(["transient_error"]);
    expect(statusesOf(messages, "conversations").at(-1)).toBe("INCOMPLETE");
  });
});

test.each([
  ["401", "config_error", /does not accept the API token/],
  ["403", "config_error", /no right to read/],
  ["503", "transient_error", /keeps answering with status 503/],
  ["reset", "transient_error", /can't be reached/],
] as const)("%s for one stream ends that stream and no other", async (fault, type, message) => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  simulator.faults.set({ decide: ({ path }) => (path === "/v1/message_export" ? fault : undefined) });
  const { messages, failures } = await runSync({ config: simulator.config(DATES), clock });
  expect(failures.map(({ stream, error }) => [stream.name, error.failureType])).toEqual([["messages", type]]);
  expect(failures[0]?.error.message).toMatch(message);
  expect(statusesOf(messages, "messages").at(-1)).toBe("INCOMPLETE");
  expect(statesOf(messages, "messages").length).toBeGreaterThanOrEqual(1);
  expectTruth(messages, simulator, START, END, ["conversations", "activity_logs"]);
  for (const stream of ["conversations", "activity_logs"]) {
    expect(statusesOf(messages, stream).at(-1)).toBe("COMPLETE");
  }
});

test("a wrong token is asked about once a form and stream, and not retried for minutes", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  const config = simulator.config({ ...DATES, api_token: "wrong-token-123" });
  const { failures } = await runSync({ config, clock });
  expect(failures.map(({ error }) => error.failureType)).toEqual([
    "config_error",
    "config_error",
    "config_error",
  ]);
  expect(simulator.requests.length).toBeLessThan(25);
  expect(clock.slept()).toBeLessThan(300_000);
});

test("a window whose body always breaks off is halved until its pieces come through", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now, conversations: 3000, textBytes: 2000 });
  // As if a proxy gave up on long answers: only windows of four days and less get through.
  const limit = 4 * 86_400_000;
  simulator.faults.set({
    decide: ({ query }) =>
      Number(query.get("updated_before")) - Number(query.get("updated_after")) > limit ? "cut" : undefined,
  });
  await conversationsWhole(clock);
  // Later slices follow the size that worked: not every one of them has to fail first.
  const failed = simulator.requests.filter(({ fault }) => fault === "cut").length;
  const fine = simulator.requests.filter(({ fault }) => fault === undefined).length;
  expect(failed).toBeLessThan(fine);
});

test("a window with too many rows is halved, so that what must be remembered stays small", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now, conversations: 5000 });
  const { messages, failures } = await runSync({
    config: simulator.config(DATES),
    clock,
    tuning: { mostRows: 300 },
  });
  expect(failures).toEqual([]);
  expectTruth(messages, simulator, START, END);
  expect(statesOf(messages, "conversations").length).toBeGreaterThan(10);
});

test("a window that takes too long is halved, so that checkpoints keep coming", async () => {
  const clock = hurriedClock();
  await start({
    now: clock.now,
    conversations: 2000,
    textBytes: 1000,
    bytesPerSecond: 2_000_000,
    messages: 0,
    activityLogs: 0,
  });
  const { messages, failures } = await runSync({
    config: simulator.config(DATES),
    clock,
    catalog: configuredCatalog(["conversations"]),
    tuning: { slowWindowMs: 250 },
  });
  expect(failures).toEqual([]);
  expectTruth(messages, simulator, START, END, ["conversations"]);
  expect(statesOf(messages, "conversations").length).toBeGreaterThan(4);
});

test("time spent waiting for a rate limit does not halve a window", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now, limits: true, exportsPerMinute: 2 });
  const { messages, failures } = await runSync({
    config: simulator.config({ ...DATES, exports_requests_per_minute: 1 }),
    clock,
    tuning: { slowWindowMs: 5000 },
  });
  expect(failures).toEqual([]);
  expectTruth(messages, simulator, START, END);
  expect(statesOf(messages, "conversations")).toHaveLength(3);
});

test("one stream's misspelt name or mode spares the others", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  const catalog = configuredCatalog(["conversations", "messages"]);
  catalog.streams.push({ stream: { name: "conversationz" }, sync_mode: "incremental" });
  const [, messagesStream] = catalog.streams;
  if (messagesStream !== undefined) messagesStream["sync_mode"] = "INVALID";
  const { messages, failures } = await runSync({ config: simulator.config(DATES), clock, catalog });
  expect(failures.map(({ stream }) => stream.name)).toEqual(["messages", "conversationz"]);
  expect(failures.every(({ error }) => error.failureType === "config_error")).toBe(true);
  expect(failures[1]?.error.message).toMatch(
    /^There is no stream "conversationz"\. Streams: conversations, messages, .*\. Refresh the connection's schema\.$/,
  );
  expectTruth(messages, simulator, START, END, ["conversations"]);
  expect(statusesOf(messages, "conversationz")).toEqual(["STARTED", "INCOMPLETE"]);
});

test("rows that readers stumble over arrive, or their change is reported", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now, oddities: true, zoneNames: "all" });
  const { messages, failures } = await runSync({ config: simulator.config(DATES), clock });
  expect(failures).toEqual([]);
  expectTruth(messages, simulator, START, END);
  const odd = new Map(
    messagesOf(messages, "RECORD").map(({ record }) => [String(record.data["id"]), record]),
  );
  const changes = (id: string) => odd.get(id)?.meta?.changes;
  expect(odd.get("99999901")?.data["subject"]).toBe("lone \ufffd surrogate");
  expect(changes("99999901")).toEqual([
    { field: "subject", change: "TRUNCATED", reason: "SOURCE_SERIALIZATION_ERROR" },
  ]);
  expect(odd.get("99999902")?.data["total_duration"]).toBeNull();
  expect(changes("99999902")).toEqual([
    { field: "total_duration", change: "NULLED", reason: "SOURCE_SERIALIZATION_ERROR" },
  ]);
  expect(odd.get("99999903")?.data["handling_duration"]).toBeNull();
  expect(changes("99999904")).toBeUndefined();
  expect(odd.get("99999905")?.data["subject"]).toBe("spaced\n");
  expect(String(odd.get("99999906")?.data["subject"]).length).toBeGreaterThan(13_000_000);
  expect(changes("99999906")).toEqual([
    { field: "subject", change: "TRUNCATED", reason: "SOURCE_RECORD_SIZE_LIMITATION" },
  ]);
  for (const { record } of messagesOf(messages, "RECORD")) {
    if (record.stream === "activity_logs") {
      expect(record.data["activityTimestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
    if (record.stream === "messages") expect(Array.isArray(record.data["to"] ?? [])).toBe(true);
  }
});

test("what is unticked does not leave: neither its name nor its value", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  const catalog = configuredCatalog(["conversations"]);
  const thin = {
    streams: [
      {
        ...catalog.streams[0],
        stream: { name: "conversations", json_schema: { properties: { status: {}, queue_name: {} } } },
      },
    ],
  };
  const { messages } = await runSync({ config: simulator.config(DATES), clock, catalog: thin });
  expectTruth(messages, simulator, START, END, ["conversations"]);
  for (const { record } of messagesOf(messages, "RECORD")) {
    const left = Object.keys(record.data).filter(
      (key) => !["id", "updated_at", "status", "queue_name"].includes(key),
    );
    expect(left).toEqual([]);
  }
});

test("a stop in the middle keeps what is finished, and the rest is read the next time", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  const stop = new AbortController();
  let exports = 0;
  simulator.faults.set({
    decide: ({ host }) => {
      if (host === "exports" && ++exports === 12) stop.abort(new Error("stopped by SIGTERM"));
      return undefined;
    },
  });
  const config = simulator.config({ ...DATES, batch_size: 7, lookback_minutes: 0 });
  const first = await runSync({ config, clock, signal: stop.signal });
  simulator.faults.set({});
  expect(statusesOf(first.messages, "conversations").at(-1)).toBe("INCOMPLETE");
  expect(errorsOf(first.messages)).toEqual([]);
  const second = await runSync({ config, clock, state: lastStates(first.messages) });
  for (const stream of STREAMS) {
    const both = new Set([...rowsOf(first.messages, stream), ...rowsOf(second.messages, stream)]);
    expect([...both].sort()).toEqual(truthOf(simulator, stream, START, END));
  }
});
