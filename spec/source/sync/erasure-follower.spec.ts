import { afterEach, beforeEach, expect, test } from "@jest/globals";

import { lastStates, messagesOf, statesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { messages } from "../../../src/dixa/streams/messages.ts";
import { type WindowedStream } from "../../../src/dixa/streams/stream.ts";
import { runEngine } from "../../support/engine.ts";
import { Loopback } from "../../support/loopback.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2025, 0, 1);
const ERASED = 350;
const MONTHS = 10;

let server: Loopback;
/** Called before each request that reads erased rows again. */
let onReading: (count: number) => void;
/** Conversations for whose activities Dixa answers 404, though it has them. */
let refused: ReadonlySet<number>;

/** One conversation after another from ten months ago on; all were anonymised yesterday. */
const createdAt = (id: number) => NOW - 300 * DAY + Math.floor((id * 270 * DAY) / ERASED);
const ids = Array.from({ length: ERASED }, (_, index) => index + 1);

beforeEach(async () => {
  onReading = () => undefined;
  refused = new Set();
  let readings = 0;
  server = await Loopback.start(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://dixa");
    const number = (name: string) => Number(searchParams.get(name) ?? NaN);
    if (pathname === "/v1/conversation_export") {
      const at = NOW - DAY;
      const isAsked = number("updated_after") <= at && number("updated_before") > at;
      const rows = ids.map((id) => ({
        ...{ id, created_at: createdAt(id), last_message_created_at: createdAt(id) + DAY },
        ...{ updated_at: at, anonymized_at: at },
      }));
      return response.end(JSON.stringify(isAsked ? rows : []));
    }
    if (pathname === "/v1/message_export") {
      const isOld = number("created_before") < NOW - 20 * DAY;
      if (isOld) onReading(++readings);
      const rows = ids.filter(
        (id) => createdAt(id) > number("created_after") && createdAt(id) < number("created_before"),
      );
      return response.end(
        JSON.stringify(rows.map((id) => ({ id: `m${id}`, csid: id, created_at: createdAt(id) }))),
      );
    }
    const [, id] = /^\/v1\/conversations\/(\d+)\/activitylog$/.exec(pathname) ?? [];
    if (id === undefined) return response.end('{"data":[]}');
    onReading(++readings);
    if (refused.has(Number(id))) return response.writeHead(404).end();
    const activity = { id: `a${id}`, activityTimestamp: new Date(createdAt(Number(id))).toISOString() };
    return response.end(JSON.stringify({ data: [activity] }));
  });
});

afterEach(() => server.close());

function sync(stream: WindowedStream, state: unknown, signal?: AbortSignal) {
  return runEngine(server, {
    streams: [stream],
    syncMode: "incremental",
    state,
    clock: new SkippingClock(NOW),
    config: { start_date: "2024-01-01", end_date: "2024-12-31" },
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A state whose cursor is at the end, and that has followed erasures up to two days ago. */
const saved = ({ name, cursorField, cursor }: WindowedStream) => [
  {
    type: "STREAM",
    stream: {
      stream_descriptor: { name },
      stream_state: {
        [cursorField]: cursor.format(Date.UTC(2024, 11, 31)),
        since: "2024-01-01T00:00:00.000Z",
        erasures: { from: new Date(NOW - 2 * DAY).toISOString() },
      },
    },
  },
];

test.each([
  { stream: activityLogs, key: "a", most: 100, stopAt: 250, isReading: /\/conversations\/\d+\/activitylog/ },
  { stream: messages, key: "m", most: 1, stopAt: MONTHS - 3, isReading: /message_export/ },
])(
  "a sync that ends within a long reading of erased rows ($stream.name) leaves little to read again",
  async ({ stream, key, most, stopAt, isReading }) => {
    const stop = new AbortController();
    onReading = (count) => {
      if (count === stopAt) stop.abort(new Error("stopped"));
    };
    const first = await sync(stream, saved(stream), stop.signal);
    expect(statusesOf(first.messages, stream.name).at(-1)).toBe("INCOMPLETE");
    expect(statesOf(first.messages, stream.name).length).toBeGreaterThan(1);
    const asked = () => server.requests.filter((line) => isReading.test(line));
    const before = new Set(asked());
    server.requests.length = 0;
    onReading = () => undefined;

    const second = await sync(stream, lastStates(first.messages));
    expect(statusesOf(second.messages, stream.name).at(-1)).toBe("COMPLETE");
    expect(asked().filter((line) => before.has(line)).length).toBeLessThanOrEqual(most);
    const rows = [first, second].flatMap((run) =>
      messagesOf(run.messages, "RECORD").map(({ record }) => String(record.data["id"])),
    );
    expect(new Set(rows)).toEqual(new Set(ids.map((id) => `${key}${id}`)));
    expect(messagesOf((await sync(stream, lastStates(second.messages))).messages, "RECORD")).toEqual([]);
  },
);

test("conversations that can't be read again end the stream, but keep no other one from it", async () => {
  refused = new Set([5, ...ids.filter((id) => id > 300 && id <= 312)]);
  const rowIds = ({ messages: all }: Awaited<ReturnType<typeof sync>>) =>
    messagesOf(all, "RECORD").map(({ record }) => record.data["id"]);
  const first = await sync(activityLogs, saved(activityLogs));
  expect(statusesOf(first.messages, "activity_logs").at(-1)).toBe("INCOMPLETE");
  expect(first.failures.map(({ error }) => error.message)).toEqual([
    expect.stringMatching(
      /404 for the activities of conversation 5, (?:\d+, ){8}309 and 3 more, though it has the conversation/,
    ),
  ]);
  expect(rowIds(first).toSorted()).toEqual(
    ids.flatMap((id) => (refused.has(id) ? [] : [`a${id}`])).toSorted(),
  );

  const wanted = [...refused].map((id) => `a${id}`);
  refused = new Set();
  const second = await sync(activityLogs, lastStates(first.messages));
  expect([statusesOf(second.messages, "activity_logs").at(-1), rowIds(second)]).toEqual(["COMPLETE", wanted]);
});
