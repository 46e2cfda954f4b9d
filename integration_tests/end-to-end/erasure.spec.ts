import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test } from "@jest/globals";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { catalogMessage } from "../../src/source/commands/discover.ts";
import { DuckDbDestination } from "../duckdb/destination.ts";
import {
  type DixaSimulator,
  type DixaSimulatorOptions,
  startDixaSimulator,
} from "../simulators/dixa/index.ts";
import { hurriedClock } from "../support/hurried-clock.ts";
import { lastStates, messagesOf, statusesOf } from "../support/messages.ts";
import { configuredCatalog, runSync } from "../support/sync-run.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2022, 0, 1);
const END = Date.UTC(2025, 0, 1);
const CATALOG = configuredCatalog(["messages", "activity_logs"]);

let simulator: DixaSimulator;

afterEach(async () => {
  await simulator.close();
});

/** An account of three years, and syncs of it that go on from each other. */
async function account(options: DixaSimulatorOptions = {}) {
  const clock = hurriedClock(END);
  const span = { lo: START, hi: END };
  simulator = await startDixaSimulator({
    span,
    conversations: 400,
    limits: false,
    now: clock.now,
    ...options,
  });
  const config = simulator.config({ exports_requests_per_minute: 6000, api_requests_per_second: 1000 });
  let state: unknown = [];
  const sync = async (signal?: AbortSignal) => {
    const before = simulator.requests.length;
    const run = await runSync({
      config,
      clock,
      catalog: CATALOG,
      state,
      ...(signal === undefined ? {} : { signal }),
    });
    state = lastStates(run.messages);
    return { ...run, requests: simulator.requests.slice(before) };
  };
  const id = (index: number) => simulator.control.conversationId(index);
  return { clock, sync, id };
}

type Sync = Awaited<ReturnType<Awaited<ReturnType<typeof account>>["sync"]>>;

const paths = ({ requests }: Sync, path: string) =>
  requests.filter((request) => request.path === path).length;

/** Ids of the conversations whose rows a sync has put out, by stream. */
function conversationsIn({ messages }: Sync, stream: "messages" | "activity_logs"): Set<unknown> {
  const field = stream === "messages" ? "csid" : "conversationId";
  const rows = messagesOf(messages, "RECORD").filter(({ record }) => record.stream === stream);
  return new Set(rows.map(({ record }) => record.data[field]));
}

function rows({ messages }: Sync): number {
  return messagesOf(messages, "RECORD").length;
}

/** Everything personal in the rows of a conversation, as the simulator has them. */
function personalOf(conversation: number): string[] {
  const messages = simulator.dataset.rowsOf("messages", conversation).map(({ text }) => text);
  const activities = simulator.dataset.rowsOf("activity_logs", conversation).map(({ text }) => text);
  return [...messages, ...activities].flatMap((text) => {
    const row = JSON.parse(text) as Record<string, unknown>;
    const author = row["author"] as Record<string, unknown> | undefined;
    const found = [row["author_name"], row["author_email"], row["text"], author?.["name"], author?.["email"]];
    return found.filter((value): value is string => typeof value === "string" && value.trim() !== "");
  });
}

async function* linesOf(messages: readonly AirbyteMessage[]): AsyncGenerator<Buffer, void, undefined> {
  for (const message of messages) {
    if (message.type !== "RECORD") yield Buffer.from(JSON.stringify(message));
    else {
      const { stream, ...rest } = message.record;
      yield Buffer.from(JSON.stringify({ type: "RECORD", record: { stream, ...rest } }));
    }
    await Promise.resolve();
  }
}

test("what Dixa forgets, years behind the cursor, the warehouse forgets with the next sync, and only once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "source-dixa-erasure-"));
  const warehouse = await DuckDbDestination.open(folder);
  try {
    const { clock, sync, id } = await account();
    const discovered = catalogMessage();
    if (discovered.type !== "CATALOG") throw new Error("discover prints a catalog");
    const wanted = ["messages", "activity_logs"];
    await warehouse.prepare({
      streams: discovered.catalog.streams.filter(({ name }) => wanted.includes(name)),
    });
    await warehouse.load(linesOf((await sync()).messages));
    await clock.sleep(DAY);
    const anonymized = [id(5), id(120), id(333)];
    const personal = anonymized.flatMap((conversation) => personalOf(conversation));
    expect(personal.length).toBeGreaterThan(20);
    for (const conversation of anonymized)
      simulator.control.anonymizeConversation(conversation, clock.now() - 60_000);
    const redacted = simulator.control.redactMessage(id(77), clock.now() - 60_000);

    const second = await sync();
    expect(second.failures).toEqual([]);
    const all = new Set([...anonymized, id(77)]);
    expect(conversationsIn(second, "messages")).toEqual(all);
    expect(conversationsIn(second, "activity_logs")).toEqual(all);
    await warehouse.load(linesOf(second.messages));
    const list = anonymized.join(",");
    const held = await warehouse.query(
      `SELECT m::VARCHAR AS row FROM messages m WHERE csid IN (${list})
       UNION ALL SELECT a::VARCHAR FROM activity_logs a WHERE "conversationId" IN (${list})`,
    );
    expect(held.length).toBe(3 * 3 + 3 * 4);
    const text = held.map(({ row }) => String(row)).join("\n");
    expect(
      personal.filter((value) => text.includes(JSON.stringify(value).slice(1, -1)) || text.includes(value)),
    ).toEqual([]);
    expect(await warehouse.query(`SELECT text FROM messages WHERE id = '${redacted}'`)).toEqual([
      { text: null },
    ]);

    await clock.sleep(HOUR / 2);
    const third = await sync();
    // The redaction itself is an activity, which the lookback repeats.
    expect(rows(third)).toBe(1);
  } finally {
    warehouse.close();
    await rm(folder, { recursive: true });
  }
});

test("where nothing was erased it costs one request of the Exports API", async () => {
  const { clock, sync } = await account();
  const first = await sync();
  expect(paths(first, "/v1/conversation_export")).toBe(0);
  await clock.sleep(DAY);
  const second = await sync();
  expect(rows(second)).toBe(0);
  expect(paths(second, "/v1/conversation_export")).toBe(1);
  expect(paths(second, "/v1/message_export")).toBe(1);
  // Once for the rows, once for what they tell of redactions.
  expect(paths(second, "/v1/conversations/activitylog")).toBe(2);
});

test("a hundred and fifty erased conversations cost one pass over their months", async () => {
  const { clock, sync, id } = await account();
  await sync();
  await clock.sleep(DAY);
  for (let index = 0; index < 150; index++) {
    simulator.control.anonymizeConversation(id(2 * index), clock.now() - 60_000);
  }
  const { failures, messages, requests } = await sync();
  expect(failures).toEqual([]);
  const exports = requests.filter(({ path }) => path === "/v1/message_export").length;
  expect(exports).toBeLessThanOrEqual(Math.ceil((0.76 * (END - START)) / (31 * DAY)) + 2);
  const records = messagesOf(messages, "RECORD");
  expect(records.filter(({ record }) => record.stream === "messages")).toHaveLength(450);
  expect(records.filter(({ record }) => record.stream === "activity_logs")).toHaveLength(600);
});

test("an erasure that could not be followed is followed by the next sync", async () => {
  const { clock, sync, id } = await account();
  await sync();
  await clock.sleep(DAY);
  simulator.control.anonymizeConversation(id(9), clock.now() - 60_000);
  simulator.faults.set({
    decide: ({ path }) => (path.endsWith(`/${id(9)}/activitylog`) ? "403" : undefined),
  });
  const second = await sync();
  expect(statusesOf(second.messages, "activity_logs").at(-1)).toBe("INCOMPLETE");
  expect(statusesOf(second.messages, "messages").at(-1)).toBe("COMPLETE");
  simulator.faults.set({});
  await clock.sleep(DAY);
  const third = await sync();
  expect(third.failures).toEqual([]);
  expect(conversationsIn(third, "activity_logs")).toEqual(new Set([id(9)]));
  expect(conversationsIn(third, "messages")).toEqual(new Set());
});

test("what is erased during a first sync that is interrupted is followed by the one that goes on", async () => {
  const { clock, sync, id } = await account();
  const stop = new AbortController();
  let asked = 0;
  simulator.faults.set({
    decide: ({ path }) => {
      if (path === "/v1/message_export" && ++asked === 20) stop.abort(new Error("stopped"));
      return undefined;
    },
  });
  await sync(stop.signal);
  simulator.faults.set({});
  await clock.sleep(60_000);
  simulator.control.anonymizeConversation(id(3));
  await clock.sleep(2 * DAY);
  const second = await sync();
  expect(second.failures).toEqual([]);
  expect(conversationsIn(second, "messages")).toContain(id(3));
});

test("a conversation of which Dixa knows nothing any more is passed over", async () => {
  const { clock, sync, id } = await account();
  await sync();
  await clock.sleep(DAY);
  simulator.control.anonymizeConversation(id(9), clock.now() - 60_000);
  simulator.faults.set({
    decide: ({ path }) => (path.endsWith(`/${id(9)}/activitylog`) ? "404" : undefined),
  });
  const second = await sync();
  expect(second.failures).toEqual([]);
  expect(conversationsIn(second, "messages")).toEqual(new Set([id(9)]));
});
