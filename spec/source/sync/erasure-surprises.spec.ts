import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { messagesOf, statesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { type SyncRunResult } from "../../../integration_tests/support/sync-run.ts";
import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { messages } from "../../../src/dixa/streams/messages.ts";
import { type WindowedStream } from "../../../src/dixa/streams/stream.ts";
import { runEngine } from "../../support/engine.ts";
import { Loopback } from "../../support/loopback.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";

/** Conversation 7 of last spring, from which something was erased yesterday: answers that Dixa's documents do not promise. */
const DAY = 86_400_000;
const NOW = Date.UTC(2025, 0, 1);
const CREATED = NOW - 250 * DAY;
const ERASED = NOW - DAY;

let server: Loopback;
/** The row of the export, if it was anonymised. */
let conversation: Record<string, unknown> | undefined;
/** The activity that tells of it, if a message was redacted. */
let redaction: Record<string, unknown> | undefined;
/** What is answered for a path under `/v1/conversations/7`, or for `csids`. */
let answers: Record<string, string | number>;
let csid: unknown;

beforeEach(async () => {
  conversation = {
    ...{ id: 7, created_at: CREATED, last_message_created_at: CREATED + DAY },
    ...{ updated_at: ERASED, anonymized_at: ERASED },
  };
  redaction = undefined;
  csid = 7;
  const activity = { id: "a7", activityTimestamp: new Date(CREATED).toISOString() };
  answers = {
    activitylog: JSON.stringify({ data: [activity] }),
    "": '{"data":{}}',
    csids: JSON.stringify([conversation]),
  };
  server = await Loopback.start(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://dixa");
    const isWithin = (name: string, at: number) =>
      Number(searchParams.get(`${name}_after`)) < at && Number(searchParams.get(`${name}_before`)) > at;
    const [, child = ""] = /^\/v1\/conversations\/7\/?(\w*)$/.exec(pathname) ?? [];
    const special = searchParams.has("csids")
      ? answers["csids"]
      : pathname.startsWith("/v1/conversations/7")
        ? answers[child]
        : undefined;
    if (typeof special === "number") return response.writeHead(special).end("<html>");
    if (special !== undefined) return response.end(special);
    switch (pathname) {
      case "/v1/conversation_export": {
        const rows = conversation !== undefined && isWithin("updated", ERASED) ? [conversation] : [];
        return response.end(JSON.stringify(rows));
      }
      case "/v1/message_export":
        return response.end(
          JSON.stringify(isWithin("created", CREATED) ? [{ id: "m7", csid, created_at: CREATED }] : []),
        );
      default: {
        const [from, to] = ["fromDatetime", "toDatetime"].map((name) =>
          Date.parse(searchParams.get(name) ?? ""),
        );
        const isAsked = redaction !== undefined && (from ?? 0) < ERASED && (to ?? 0) > ERASED;
        return response.end(JSON.stringify({ data: isAsked ? [redaction] : [] }));
      }
    }
  });
});

afterEach(() => server.close());

/** A sync that goes on from a state whose cursor is at the end, and that has followed erasures up to two days ago. */
function sync(stream: WindowedStream): Promise<SyncRunResult> {
  const { name, cursorField, cursor } = stream;
  const stream_state = {
    [cursorField]: cursor.format(Date.UTC(2024, 11, 31)),
    since: "2024-01-01T00:00:00.000Z",
    erasures: { from: new Date(NOW - 2 * DAY).toISOString() },
  };
  return runEngine(server, {
    streams: [stream],
    syncMode: "incremental",
    state: [{ type: "STREAM", stream: { stream_descriptor: { name }, stream_state } }],
    clock: new SkippingClock(NOW),
    config: { start_date: "2024-01-01", end_date: "2024-12-31" },
  });
}

const ids = (run: SyncRunResult) => messagesOf(run.messages, "RECORD").map(({ record }) => record.data["id"]);
const warnings = (run: SyncRunResult) =>
  messagesOf(run.messages, "LOG").flatMap(({ log }) => (log.level === "WARN" ? [log.message] : []));

function expectWhole(run: SyncRunResult, stream: WindowedStream): void {
  expect(run.failures).toEqual([]);
  expect([statusesOf(run.messages, stream.name).at(-1), ids(run)]).toEqual([
    "COMPLETE",
    [stream === messages ? "m7" : "a7"],
  ]);
}

/** That the stream says what it saw, and looks for the erasure again in the next sync. */
function expectIncomplete(run: SyncRunResult, stream: WindowedStream, message: RegExp): void {
  expect([statusesOf(run.messages, stream.name).at(-1), ids(run)]).toEqual(["INCOMPLETE", []]);
  expect(run.failures[0]?.error.message).toMatch(message);
  expect(statesOf(run.messages, stream.name).at(-1)?.stream?.stream_state).toMatchObject({
    erasures: { from: new Date(NOW - 2 * DAY).toISOString() },
  });
}

// Of the activities of one conversation, Dixa's document knows 400 and no 404.
describe.each([400, 404, 410])("a %d for the activities of a conversation", (status) => {
  test("is no proof that it is gone where Dixa has it", async () => {
    answers["activitylog"] = status;
    const message = new RegExp(`${status} for the activities of conversation 7, though it has`);
    expectIncomplete(await sync(activityLogs), activityLogs, message);
  });

  test("is believed where Dixa has not, and told", async () => {
    Object.assign(answers, { activitylog: status, "": 404 });
    const run = await sync(activityLogs);
    expect([statusesOf(run.messages, "activity_logs").at(-1), ids(run)]).toEqual(["COMPLETE", []]);
    expect(warnings(run).join()).toContain("Dixa has no conversation 7 any more");
  });
});

test("a conversation without a single activity is told of", async () => {
  answers["activitylog"] = '{"data":[]}';
  const run = await sync(activityLogs);
  expect(statusesOf(run.messages, "activity_logs").at(-1)).toBe("COMPLETE");
  expect(warnings(run).join()).toContain("Dixa gives no activity of conversation 7");
});

describe.each([activityLogs, messages])("an erasure ($name)", (stream) => {
  test.each([
    ["milliseconds as a text", String(ERASED)],
    ["a date-time", new Date(ERASED).toISOString()],
  ])("is seen where anonymized_at is %s", async (_, anonymized_at) => {
    conversation = { ...conversation, anonymized_at };
    expectWhole(await sync(stream), stream);
  });

  test.each([true, "yesterday"])("is not passed over where anonymized_at is %p", async (anonymized_at) => {
    conversation = { ...conversation, anonymized_at };
    expectIncomplete(await sync(stream), stream, /"anonymized_at" of conversation 7 is no time/);
  });

  test("is seen where ids are texts", async () => {
    conversation = { ...conversation, id: "7" };
    csid = "7";
    expectWhole(await sync(stream), stream);
  });

  test.each([
    ["", {}],
    [", a text", { conversationId: "7" }],
  ])("is seen in an activity of a conversation%s", async (_, more) => {
    conversation = undefined;
    redaction = {
      ...{ id: "r7", conversationId: 7, _type: "ConversationMessageRedacted" },
      ...{ activityTimestamp: new Date(ERASED).toISOString(), ...more },
    };
    expectWhole(await sync(stream), stream);
  });

  test.each([
    ["r7", "r7"],
    ["ada@example.com", "of another form"],
  ])(
    "is not passed over where the activity %s doesn't say of which conversation it is",
    async (id, shown) => {
      conversation = undefined;
      redaction = {
        ...{ id, _type: "ConversationMessageRedacted" },
        activityTimestamp: new Date(ERASED).toISOString(),
      };
      expectIncomplete(
        await sync(stream),
        stream,
        new RegExp(`the redaction ${shown} has no "conversationId"`),
      );
    },
  );
});

test("messages that don't say of which conversation they are come again with those of an erased one", async () => {
  csid = null;
  expectWhole(await sync(messages), messages);
});

test("a conversation is not taken for gone where Dixa answers for another one", async () => {
  conversation = undefined;
  redaction = {
    ...{ id: "r7", conversationId: 7, _type: "ConversationMessageRedacted" },
    activityTimestamp: new Date(ERASED).toISOString(),
  };
  answers["csids"] = '[{"id":8,"created_at":1,"updated_at":2}]';
  expectIncomplete(await sync(messages), messages, /conversation 8, which was not asked for/);
});
