import { afterEach, describe, expect, test } from "@jest/globals";

import {
  BOUNDS,
  type DixaSimulator,
  type DixaSimulatorOptions,
  startDixaSimulator,
} from "../simulators/dixa/index.ts";
import { hurriedClock } from "../support/hurried-clock.ts";
import { lastStates, rowsOf, statesOf } from "../support/messages.ts";
import { configuredCatalog, runSync } from "../support/sync-run.ts";
import { expectTruth, STREAMS, truthOf } from "../support/truth.ts";

const DAY = 86_400_000;
const START = Date.UTC(2025, 0, 1);
const END = Date.UTC(2025, 5, 1);
/** Cursors reach beyond both ends of what is read, so that rows at the edges would show. */
const SPAN = { lo: START - 10 * DAY, hi: END + 10 * DAY };
const DATES = { start_date: "2025-01-01", end_date: "2025-06-01" };

let simulator: DixaSimulator;

async function start(options: DixaSimulatorOptions): Promise<DixaSimulator> {
  simulator = await startDixaSimulator({ span: SPAN, conversations: 1500, limits: false, ...options });
  return simulator;
}

afterEach(async () => {
  await simulator.close();
});

describe.each(BOUNDS)("with bounds read as %s", (bounds) => {
  test("every row of [start, end) is put out once, in whatever order Dixa sends them", async () => {
    const clock = hurriedClock();
    await start({ bounds, shuffle: true, now: clock.now });
    // Slices of a few days: many edges, where rows get lost or doubled.
    const config = simulator.config({ ...DATES, batch_size: 3, activity_log_batch_size: 5 });
    const { messages, failures } = await runSync({ config, clock });
    expect(failures).toEqual([]);
    expectTruth(messages, simulator, START, END);
  });

  test("and so it is when a fifth of all requests fail in one way or another", async () => {
    const clock = hurriedClock();
    await start({ bounds, shuffle: true, now: clock.now, seed: 7, largestPage: 150, faults: { rate: 0.2 } });
    const config = simulator.config({ ...DATES, batch_size: 2, activity_log_batch_size: 5 });
    const { messages, failures } = await runSync({ config, clock, idleTimeoutMs: 250 });
    expect(failures).toEqual([]);
    expectTruth(messages, simulator, START, END);
    const struck = new Set(simulator.requests.map(({ fault }) => fault));
    expect(struck.size).toBeGreaterThan(12);
  });
});

test("a row exactly on the edge of a slice is put out once, under every reading of the bounds", async () => {
  for (const bounds of BOUNDS) {
    const clock = hurriedClock();
    const { dataset } = await start({ bounds, conversations: 0, now: clock.now });
    const edges = Array.from({ length: 20 }, (_, day) => START + day * DAY).flatMap((edge) => [
      edge - 1,
      edge,
      edge + 1,
    ]);
    for (const [index, cursor] of edges.entries()) {
      dataset.add("conversations", { id: 1000 + index, updated_at: cursor }, cursor);
      dataset.add("messages", { id: `m${index}`, created_at: cursor }, cursor);
      const activityTimestamp = new Date(cursor).toISOString();
      dataset.add("activity_logs", { id: `a${index}`, activityTimestamp }, cursor);
    }
    const config = simulator.config({ ...DATES, batch_size: 1, activity_log_batch_size: 1 });
    const { messages } = await runSync({ config, clock });
    expectTruth(messages, simulator, START, END);
    await simulator.close();
  }
  await start({});
});

test("Dixa is never asked for more than 31 and 90 days, the overlap included", async () => {
  const clock = hurriedClock();
  await start({ bounds: "from", now: clock.now });
  const { failures } = await runSync({ config: simulator.config(DATES), clock });
  expect(failures).toEqual([]);
  expect(simulator.requests.filter(({ status }) => status === 400)).toEqual([]);
  const exports = simulator.requests.filter(({ path }) => path === "/v1/conversation_export");
  const widths = exports.map(({ query }) => Number(query["updated_before"]) - Number(query["updated_after"]));
  expect(Math.max(...widths)).toBeLessThanOrEqual(31 * DAY);
  expect(exports).toHaveLength(5);
});

test("the budgets are kept over all streams: 10 exports a minute, 10 API requests a second", async () => {
  const clock = hurriedClock();
  // The simulator counts as Dixa does, on the same clock; a request too many would be answered 429. One worker, since
  // this clock may leap while a request is on its way.
  await start({ limits: true, now: clock.now, largestPage: 100 });
  const config = simulator.config({ ...DATES, batch_size: 7, num_workers: 1 });
  const { messages, failures } = await runSync({ config, clock });
  expect(failures).toEqual([]);
  expect(simulator.requests.filter(({ status }) => status === 429)).toEqual([]);
  expect(simulator.requests.length).toBeGreaterThan(60);
  expectTruth(messages, simulator, START, END);
});

test("an incremental sync brings what changed, and what the lookback covers, and no more", async () => {
  const clock = hurriedClock(END);
  await start({ now: clock.now, span: { lo: START, hi: END } });
  const config = { ...simulator.config({ lookback_minutes: 60 }), start_date: "2025-01-01" };
  const first = await runSync({ config, clock });
  await clock.sleep(7_200_000);
  const changedAt = Math.floor(clock.now() / 1000) * 1000 - 60_000;
  simulator.dataset.touchConversation(3, changedAt, { status: "closed" });
  const second = await runSync({ config, clock, state: lastStates(first.messages) });
  const from = END - 3_600_000;
  expectTruth(second.messages, simulator, from);
  expect(rowsOf(second.messages, "conversations")).toContain(
    `${simulator.dataset.streams.conversations.idOf(3)}@${changedAt}`,
  );
});

test("a full refresh reads everything and can be taken up again where it stopped", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  const catalog = configuredCatalog(STREAMS, "full_refresh");
  const config = simulator.config({ ...DATES, batch_size: 10 });
  const stop = new AbortController();
  let requests = 0;
  simulator.faults.set({
    decide: ({ host }) => {
      if (host === "exports" && ++requests === 9) stop.abort(new Error("stopped"));
      return undefined;
    },
  });
  const first = await runSync({ config, clock, catalog, signal: stop.signal });
  simulator.faults.set({});
  const second = await runSync({ config, clock, catalog, state: lastStates(first.messages) });
  for (const stream of STREAMS) {
    const all = new Set([...rowsOf(first.messages, stream), ...rowsOf(second.messages, stream)]);
    expect(all.size).toBe(truthOf(simulator, stream, START, END).length);
  }
  expect(rowsOf(second.messages, "conversations").length).toBeLessThan(
    truthOf(simulator, "conversations", START, END).length,
  );
});

test("rows that change while they are read are not lost: the next sync has them", async () => {
  const clock = hurriedClock(END + DAY);
  let touched = 0;
  await start({
    now: clock.now,
    span: { lo: START, hi: END },
    conversations: 4000,
    onProgress: () => {
      // A row that was perhaps not sent yet moves to a time after this sync's end.
      if (touched < 40) simulator.dataset.touchConversation(touched * 97, clock.now() + 60_000 + touched++);
    },
  });
  const config = { ...simulator.config({ lookback_minutes: 0 }), start_date: "2025-01-01" };
  const first = await runSync({ config, clock });
  await clock.sleep(3_600_000);
  const second = await runSync({ config, clock, state: lastStates(first.messages) });
  const ids = (rows: string[]) => new Set(rows.map((row) => row.split("@")[0]));
  const read = ids([...rowsOf(first.messages, "conversations"), ...rowsOf(second.messages, "conversations")]);
  expect(read.size).toBe(ids(truthOf(simulator, "conversations")).size);
  expect(touched).toBe(40);
  const latest = rowsOf(second.messages, "conversations");
  expect(latest).toHaveLength(40);
});

test("a state from the future reads nothing and says so with one STATE a stream", async () => {
  const clock = hurriedClock();
  await start({ now: clock.now });
  const future = clock.now() + 365 * DAY;
  const state = [
    ["conversations", { updated_at: future }],
    ["messages", { created_at: future }],
    ["activity_logs", { activityTimestamp: new Date(future).toISOString() }],
  ].map(([name, stream_state]) => ({
    type: "STREAM",
    stream: { stream_descriptor: { name }, stream_state },
  }));
  const { messages, failures } = await runSync({ config: simulator.config(DATES), clock, state });
  expect(failures).toEqual([]);
  expect(simulator.requests.filter(({ path }) => path !== "/v1/organization")).toEqual([]);
  for (const stream of STREAMS) {
    expect(rowsOf(messages, stream)).toEqual([]);
    expect(statesOf(messages, stream)).toHaveLength(1);
  }
  expect(statesOf(messages, "conversations")[0]?.stream?.stream_state).toEqual({ updated_at: future });
});

test("the sync ends at the earlier of both clocks, so a clock that runs ahead skips nothing", async () => {
  const ahead = hurriedClock(END + DAY);
  await start({ now: () => ahead.now() - DAY, span: { lo: START, hi: END } });
  const config = { ...simulator.config({ lookback_minutes: 0 }), start_date: "2025-05-01" };
  const { messages } = await runSync({ config, clock: ahead });
  const [state] = statesOf(messages, "conversations").slice(-1);
  const cursor = Number(state?.stream?.stream_state?.["updated_at"]);
  expect(cursor).toBeLessThanOrEqual(ahead.now() - DAY);
  expect(cursor).toBeGreaterThan(END - 60_000);
});

test("an account whose activity log reaches back 90 days by age is read as far as it goes", async () => {
  const clock = hurriedClock(END);
  await start({ now: clock.now, reach: "age", span: { lo: START, hi: END } });
  const config = { ...simulator.config(), start_date: "2025-01-01" };
  const { messages, failures } = await runSync({ config, clock });
  expect(failures).toEqual([]);
  // What lies within an hour of the limit may be out of reach by the time it is asked for.
  const within = truthOf(simulator, "activity_logs", END - 90 * DAY + 3_600_000, END);
  const read = new Set(rowsOf(messages, "activity_logs"));
  expect(within.filter((row) => !read.has(row))).toEqual([]);
});

test("and so it is when the end lies in the past: age counts from now", async () => {
  const clock = hurriedClock(END);
  await start({ now: clock.now, reach: "age", span: { lo: START, hi: END } });
  const config = { ...simulator.config(), start_date: "2025-01-01", end_date: "2025-04-01" };
  const { messages, failures } = await runSync({ config, clock });
  expect(failures).toEqual([]);
  const end = Date.UTC(2025, 3, 1);
  const within = truthOf(simulator, "activity_logs", END - 90 * DAY + 3_600_000, end);
  const read = new Set(rowsOf(messages, "activity_logs"));
  // The minute at which the reach ends is found in a few steps, and what follows is not read minute by minute.
  const asked = simulator.requests.filter(({ path }) => path === "/v1/conversations/activitylog");
  expect(asked.length).toBeLessThan(120);
  expect(within.length).toBeGreaterThan(0);
  expect(within.filter((row) => !read.has(row))).toEqual([]);
});
