import { readFile } from "node:fs/promises";

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { pino } from "pino";

import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { conversations } from "../../../src/dixa/streams/conversations.ts";
import { type Cursor, epochMilliseconds, timestamp } from "../../../src/dixa/streams/cursor.ts";
import { messages } from "../../../src/dixa/streams/messages.ts";
import { streamRewriter } from "../../../src/source/output/stream-rewriter.ts";
import { elementOf } from "../../support/elements.ts";
import { KEEP_ALL, rewrite } from "../../support/rows.ts";

describe("a message", () => {
  test("with a bare recipient leaves with a list of one", () => {
    expect(rewrite(messages, '{"to":"a@b.test"}').text).toBe('{"to":["a@b.test"]}');
    expect(rewrite(messages, '{"id":"a", "to":"\\"A\\u00e9\\" <a@b.test>"}').text).toBe(
      '{"id":"a","to":["\\"A\\u00e9\\" <a@b.test>"]}',
    );
  });

  test.each([
    '{"to":["a","b"]}',
    '{"to": [] }',
    '{"to":null}',
    '{"from":"a@b.test"}',
    '{"cc":"a@b.test"}',
    "{}",
  ])("like %s leaves as it came", (row) => {
    expect(rewrite(messages, row).text).toBe(row);
  });
});

describe("an activity log", () => {
  test("has the times among its attributes put right, and no other text touched", () => {
    const zoned = "2021-12-01T12:46:36.581Z[GMT]";
    const attributes = (time: string) =>
      `{"validUntil": "${time}","ratingScheduledTime":"${time}","n":1.50,"message":"${zoned}","of_tomorrow":["${zoned}"]}`;
    expect(rewrite(activityLogs, `{"id":"a","attributes":${attributes(zoned)}}`).text).toBe(
      `{"id":"a","attributes":${attributes("2021-12-01T12:46:36.581Z")}}`,
    );
  });
});

describe("cursors in milliseconds", () => {
  const read = (text: string, cursor: Cursor = epochMilliseconds) =>
    cursor.read(elementOf(`{"c":${text}}`), 0);

  test("are read as they are, and written for the state", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8.64e15 }), (ms) => {
        expect(read(String(ms))).toBe(ms);
        expect(read(JSON.stringify(String(ms)))).toBe(ms);
        expect(epochMilliseconds.format(ms)).toBe(ms);
      }),
    );
  });

  test("may have a fraction, which is floored, or an exponent", () => {
    expect(read("1704067200000.9")).toBe(1704067200000);
    expect(read("1.7040672e12")).toBe(1704067200000);
  });

  // Numbers for `Number`: taken for a cursor of 1970, such a row would be dropped as outside its window.
  test.each(["null", '""', '" "', "[]", "{}", "true", "false", '"soon"', "1e400", '["1704067200000"]'])(
    "are not what %s is",
    (text) => {
      expect(read(text)).toBeUndefined();
    },
  );

  test("as date-times are read in any of Dixa's shapes, and nothing else is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2199, 0, 1) }), (ms) => {
        const text = timestamp.format(ms) as string;
        expect(read(`"${text}"`, timestamp)).toBe(ms);
        expect(read(`"${text}[GMT]"`, timestamp)).toBe(ms);
      }),
    );
    for (const text of ["null", "17040672", '"soon"', "{}", '""'])
      expect(read(text, timestamp)).toBeUndefined();
  });
});

test("a conversation is never rewritten", () => {
  expect(streamRewriter(conversations, undefined, KEEP_ALL, pino({ enabled: false }))).toBeUndefined();
});

test("names of streams, keys and cursors are what other programs rely on", async () => {
  const catalog = JSON.parse(
    await readFile(new URL("../../golden/catalog.json", import.meta.url), "utf8"),
  ) as {
    catalog: { streams: Record<string, unknown>[] };
  };
  const rows = catalog.catalog.streams.map((stream) => [
    stream["name"],
    stream["source_defined_primary_key"],
    stream["default_cursor_field"],
  ]);
  expect(rows).toEqual([
    ["conversations", [["id"]], ["updated_at"]],
    ["messages", [["id"]], ["created_at"]],
    ["activity_logs", [["id"]], ["activityTimestamp"]],
    ["conversation_messages", [["conversationId"], ["id"]], ["conversationUpdatedAt"]],
    ["conversation_notes", [["conversationId"], ["id"]], ["conversationUpdatedAt"]],
    ["conversation_ratings", [["conversationId"], ["id"], ["ratingType"]], ["conversationUpdatedAt"]],
    ["agents", [["id"]], undefined],
    ["agent_presence", [["userId"], ["requestTime"]], undefined],
    ["end_users", [["id"]], undefined],
    ["teams", [["id"]], undefined],
    ["team_members", [["teamId"], ["id"]], undefined],
    ["queues", [["id"]], undefined],
    ["queue_members", [["queueId"], ["agentId"]], undefined],
    ["tags", [["id"]], undefined],
    ["custom_attributes", [["id"]], undefined],
    ["contact_endpoints", [["endpoint"]], undefined],
    ["conversation_flows", [["id"]], undefined],
    ["templates", [["id"]], undefined],
    ["business_hours", [["id"]], undefined],
    ["knowledge_collections", [["id"]], undefined],
    ["knowledge_articles", [["id"]], undefined],
    ["webhooks", [["id"]], undefined],
    ["organization", [["id"]], undefined],
  ]);
});
