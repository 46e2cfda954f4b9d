import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { activityLogShape } from "./data/activity-logs.ts";
import { conversationShape } from "./data/conversations.ts";
import { Dataset, type DatasetOptions } from "./data/dataset.ts";
import { type Span } from "./data/stream-data.ts";
import { type StreamName } from "./data/stream-name.ts";

const DAY = 86_400_000;
const SPAN = { lo: Date.UTC(2025, 0, 1), hi: Date.UTC(2025, 1, 1) };
const ALL_TIME = { lo: -Infinity, hi: Infinity };
const STREAMS: readonly StreamName[] = ["conversations", "messages", "activity_logs"];

function dataset(options: DatasetOptions = {}): Dataset {
  return new Dataset({ span: SPAN, conversations: 300, ...options });
}

interface Row {
  id: string | number;
  updated_at?: number;
  created_at?: number;
  activityTimestamp?: string;
}

function rows(data: Dataset, stream: StreamName, span: Span, isShuffled = false): Row[] {
  const pieces = [...data.streams[stream].pieces(span, { isShuffled })];
  return JSON.parse(`[${Buffer.concat(pieces).toString("utf8")}]`) as Row[];
}

function cursorOf({ updated_at, created_at, activityTimestamp }: Row): number {
  return activityTimestamp === undefined
    ? (updated_at ?? created_at ?? Number.NaN)
    : Date.parse(activityTimestamp.replace("[GMT]", ""));
}

/** `id@cursor`, sorted. */
function names(list: readonly Row[]): string[] {
  return list.map((row) => `${row.id}@${cursorOf(row)}`).sort();
}

function truth(data: Dataset, stream: StreamName, span: Span): string[] {
  return Array.from(data.streams[stream].truth(span), ({ id, cursor }) => `${id}@${cursor}`).sort();
}

describe.each(STREAMS)("%s", (stream) => {
  test("any window holds the rows whose cursor lies in it, and the truth and the count say the same", () => {
    const data = dataset();
    const everything = rows(data, stream, ALL_TIME);
    expect(everything).toHaveLength(data.streams[stream].size);
    const instant = fc.integer({ min: SPAN.lo - DAY, max: SPAN.hi + DAY });
    fc.assert(
      fc.property(instant, instant, fc.boolean(), (lo, hi, isShuffled) => {
        const inside = everything.filter((row) => cursorOf(row) >= lo && cursorOf(row) < hi);
        expect(names(rows(data, stream, { lo, hi }, isShuffled))).toEqual(names(inside));
        expect(truth(data, stream, { lo, hi })).toEqual(names(inside));
        expect(data.streams[stream].count({ lo, hi })).toBe(inside.length);
      }),
      { numRuns: 40 },
    );
  });

  test("pages of any size are the whole window, each row once", () => {
    const data = dataset();
    const all = names(rows(data, stream, ALL_TIME));
    for (const take of [1, 7, 299, all.length, all.length + 1]) {
      const pages: Buffer[] = [];
      for (let skip = 0; skip < all.length; skip += take) {
        const page = [...data.streams[stream].pieces(ALL_TIME, { isShuffled: true, skip, take })];
        pages.push(Buffer.concat(page));
      }
      expect(names(JSON.parse(`[${pages.join(",")}]`) as Row[])).toEqual(all);
    }
  });

  test("the same seed gives the same bytes, another seed other ones, a shuffle another order", () => {
    const bytes = (data: Dataset, isShuffled = false) =>
      Buffer.concat([...data.streams[stream].pieces(ALL_TIME, { isShuffled })]);
    expect(bytes(dataset()).equals(bytes(dataset()))).toBe(true);
    expect(bytes(dataset({ seed: 2 })).equals(bytes(dataset()))).toBe(false);
    const ids = (list: readonly Row[]) => list.map(({ id }) => id);
    const inOrder = ids(rows(dataset(), stream, ALL_TIME));
    const shuffled = ids(rows(dataset(), stream, ALL_TIME, true));
    expect(shuffled).not.toEqual(inOrder);
    expect([...shuffled].sort()).toEqual([...inOrder].sort());
  });

  test("ids are unique and say nothing of the order", () => {
    const data = dataset({ conversations: 20_000 });
    const ids = Array.from(data.streams[stream].truth(ALL_TIME), ({ id }) => id);
    expect(new Set(ids).size).toBe(data.streams[stream].size);
    expect(ids).not.toEqual([...ids].sort());
  });

  test("an account of nothing is an empty list", () => {
    expect(rows(dataset({ conversations: 0 }), stream, ALL_TIME)).toEqual([]);
  });
});

test("a window far larger than memory should be costs next to none", () => {
  const data = dataset({ conversations: 60_000, textBytes: 600, messages: 0, activityLogs: 0 });
  const before = process.memoryUsage.rss();
  let bytes = 0;
  let highest = before;
  for (const piece of data.streams.conversations.pieces(ALL_TIME, { isShuffled: true })) {
    bytes += piece.length;
    highest = Math.max(highest, process.memoryUsage.rss());
  }
  expect(bytes).toBeGreaterThan(145_000_000);
  expect(highest - before).toBeLessThan(80_000_000);
});

test("a changed conversation leaves its old place and is found at its new one, once", () => {
  const data = dataset();
  const { conversations } = data.streams;
  const [first, second] = [conversations.idOf(0), conversations.idOf(1)];
  const at = SPAN.hi + DAY;
  data.touchConversation(0, at, { status: "closed" });
  data.touchConversation(0, at + 1, { subject: "again" });
  data.changeConversation(Number(second), conversations.cursor(1) + 1);
  expect(rows(data, "conversations", { lo: at, hi: at + DAY })).toMatchObject([
    { id: Number(first), updated_at: at + 1, status: "closed", subject: "again" },
  ]);
  const all = names(rows(data, "conversations", ALL_TIME));
  expect(all).toHaveLength(conversations.size);
  expect(all).toEqual(truth(data, "conversations", ALL_TIME));
  expect(conversations.count(ALL_TIME)).toBe(conversations.size);
  expect(data.conversation(Number(first))?.cursor).toBe(at + 1);
});

test("every conversation is found by its id, and no other number is one", () => {
  const data = dataset();
  for (const { id, cursor } of data.streams.conversations.truth(ALL_TIME)) {
    expect(data.conversation(Number(id))).toMatchObject({ id, cursor });
  }
  for (const id of [0, 1, 10_000_001, 99_999_999, 2 ** 31]) expect(data.conversation(id)).toBeUndefined();
  expect(() => data.changeConversation(1, SPAN.lo)).toThrow("there is no conversation 1");
});

test("an added row takes the place of the row with its id", () => {
  const data = dataset();
  const id = Number(data.streams.conversations.idOf(5));
  data.add("conversations", { id, updated_at: SPAN.lo }, SPAN.lo);
  expect(rows(data, "conversations", ALL_TIME).filter((row) => row.id === id)).toEqual([
    { id, updated_at: SPAN.lo },
  ]);
});

test("conversations to be added have ids of their own", () => {
  const data = dataset();
  const known = new Set(Array.from(data.streams.conversations.truth(ALL_TIME), ({ id }) => Number(id)));
  for (let i = 0; i < 50; i++) {
    const { id } = data.newConversation();
    expect(known.has(id)).toBe(false);
    known.add(id);
  }
});

test("conversations show every shape that readers must take", () => {
  const shapes = Array.from({ length: 64 }, (_, variant) => conversationShape(1, variant, 40));
  const fields = new Set(shapes.flatMap((shape) => Object.keys(shape)));
  expect(fields.size).toBeGreaterThanOrEqual(46);
  const some = (check: (shape: Record<string, unknown>) => boolean) => shapes.some(check);
  expect(some((shape) => !("anonymized_at" in shape))).toBe(true);
  expect(some((shape) => shape["anonymized_at"] === null)).toBe(true);
  expect(some((shape) => typeof shape["anonymized_at"] === "number")).toBe(true);
  expect(some((shape) => JSON.stringify(shape["custom_fields"]).includes('"value":["'))).toBe(true);
  expect(some((shape) => JSON.stringify(shape["custom_fields"]).includes('"value":"'))).toBe(true);
  expect(some((shape) => (shape["ratings"] as unknown[]).length > 0)).toBe(true);
});

test("a conversation's other instants lie before its last change, at the same distance in rows of one shape", () => {
  const list = rows(dataset({ textBytes: 0 }), "conversations", ALL_TIME) as unknown as Record<
    "created_at" | "last_message_created_at" | "updated_at",
    number
  >[];
  for (const { created_at, last_message_created_at, updated_at } of list) {
    expect(created_at).toBeLessThan(last_message_created_at);
    expect(last_message_created_at).toBeLessThan(updated_at);
  }
  const ages = new Set(list.map(({ created_at, updated_at }) => updated_at - created_at));
  expect(ages.size).toBeGreaterThan(40);
  expect(ages.size).toBeLessThanOrEqual(64);
});

test("activities show every kind that Dixa documents, and one of tomorrow", () => {
  const types = new Set(
    Array.from({ length: 64 }, (_, variant) => activityLogShape(1, variant, "none")["_type"]),
  );
  expect(types.size).toBe(45);
  expect(types.has("SomethingOfTomorrow")).toBe(true);
});

test.each([
  ["none", [false]],
  ["all", [true]],
  ["mixed", [false, true]],
] as const)("zone names: %s", (zoneNames, expected) => {
  const list = rows(dataset({ zoneNames }), "activity_logs", ALL_TIME);
  const found = new Set(list.map(({ activityTimestamp = "" }) => activityTimestamp.endsWith("Z[GMT]")));
  expect([...found].sort()).toEqual(expected);
});

test("oddities are legal JSON that no other row of the account has", () => {
  const data = dataset({ oddities: true });
  const list = rows(data, "conversations", ALL_TIME);
  expect(list).toHaveLength(306);
  expect(new Set(list.map(({ id }) => id)).size).toBe(306);
  expect(names(list)).toEqual(truth(data, "conversations", ALL_TIME));
});
