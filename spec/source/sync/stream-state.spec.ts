import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { conversations } from "../../../src/dixa/streams/conversations.ts";
import { windowedStreams as streams } from "../../../src/dixa/streams/index.ts";
import { messages } from "../../../src/dixa/streams/messages.ts";
import { type WindowedStream } from "../../../src/dixa/streams/stream.ts";
import { type Progress } from "../../../src/source/sync/checkpoint.ts";
import { type Interval, mergeIntervals } from "../../../src/source/sync/intervals.ts";
import { readStreamState, writeStreamState } from "../../../src/source/sync/stream-state.ts";

const JANUARY = Date.UTC(2024, 0, 1);
const FEBRUARY = Date.UTC(2024, 1, 1);
const MARCH = Date.UTC(2024, 2, 1);
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

describe("a state that was written is read as it was", () => {
  const instant = fc.integer({ min: 0, max: LATEST });
  const progress = fc
    .tuple(instant, fc.array(fc.tuple(instant, instant)))
    .map(([cursor, spans]): Progress => ({
      cursor,
      ahead: mergeIntervals(spans.map(([a, b]): Interval => [a, b])),
    }));

  test.each(streams.map((stream): [string, WindowedStream] => [stream.name, stream]))("%s", (_, stream) => {
    fc.assert(
      fc.property(progress, (written) => {
        const json: unknown = JSON.parse(JSON.stringify(writeStreamState(stream, written)));
        expect(readStreamState(stream, json)).toEqual(written);
      }),
    );
  });
});

test("a state has the cursor in the form of the rows, and what is ahead only where there is something", () => {
  expect(writeStreamState(conversations, { cursor: JANUARY, ahead: [] })).toEqual({ updated_at: JANUARY });
  expect(writeStreamState(messages, { cursor: JANUARY, ahead: [[FEBRUARY, MARCH]] })).toEqual({
    created_at: JANUARY,
    ahead: [[FEBRUARY, MARCH]],
  });
  expect(writeStreamState(activityLogs, { cursor: JANUARY, ahead: [[FEBRUARY, MARCH]] })).toEqual({
    activityTimestamp: "2024-01-01T00:00:00.000Z",
    ahead: [["2024-02-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z"]],
  });
});

describe("states of other connectors are taken up:", () => {
  test.each<[string, WindowedStream, unknown, Progress]>([
    ["Airbyte's, as a number", conversations, { updated_at: JANUARY }, { cursor: JANUARY, ahead: [] }],
    ["Airbyte's, as digits", conversations, { updated_at: String(JANUARY) }, { cursor: JANUARY, ahead: [] }],
    [
      "Airbyte's, as a date-time",
      conversations,
      { updated_at: "2024-01-01T00:00:00Z" },
      { cursor: JANUARY, ahead: [] },
    ],
    [
      "Airbyte's, with slices",
      conversations,
      {
        use_global_cursor: false,
        state_type: "date-range",
        slices: [
          { start: JANUARY, end: FEBRUARY, most_recent_cursor_value: FEBRUARY - 5 },
          { start: "2024-03-01T00:00:00.000Z", end: "2024-03-02T00:00:00.000Z" },
        ],
      },
      { cursor: FEBRUARY, ahead: [[MARCH, MARCH + 86_400_000]] },
    ],
    [
      "slices in any order, that touch",
      conversations,
      {
        slices: [
          { start: FEBRUARY, end: MARCH },
          { start: String(JANUARY), end: String(FEBRUARY) },
        ],
      },
      { cursor: MARCH, ahead: [] },
    ],
    [
      "Airbyte's, with slices beside an empty cursor",
      conversations,
      { updated_at: null, slices: [{ start: JANUARY, end: FEBRUARY }] },
      { cursor: FEBRUARY, ahead: [] },
    ],
    [
      "Stitch's, as a bookmark",
      conversations,
      { updated_at: "2024-01-01T00:00:00.000000Z" },
      { cursor: JANUARY, ahead: [] },
    ],
    ["Stitch's, as a bare value", messages, "2024-01-01T00:00:00Z", { cursor: JANUARY, ahead: [] }],
    ["Stitch's, as a date", activityLogs, "2024-01-01", { cursor: JANUARY, ahead: [] }],
    ["a bare number", messages, JANUARY, { cursor: JANUARY, ahead: [] }],
  ])("%s", (_, stream, state, progress) => {
    expect(readStreamState(stream, state)).toEqual(progress);
  });

  test("a fraction of a millisecond is read again", () => {
    expect(readStreamState(messages, { created_at: JANUARY + 0.9 })?.cursor).toBe(JANUARY);
  });
});

describe("there is no state", () => {
  test.each<[string, unknown]>([
    ["in nothing", undefined],
    ["in null", null],
    ["in an empty object", {}],
    ["in nulls", { updated_at: null, ahead: null }],
    ["in the mark of a full refresh that is complete", { __ab_full_refresh_sync_complete: true }],
    ["in the mark of a stream without cursor", { __ab_no_cursor_state_message: true }],
  ])("%s", (_, state) => {
    expect(readStreamState(conversations, state)).toBeUndefined();
  });
});

describe("a cursor of any size", () => {
  test.each([9e15, "99999999999999999999", 1e300, "9999-12-31T23:59:59.999Z"])(
    "like %s is taken for the end of time, which every stream can write and read again",
    (value) => {
      for (const stream of streams) {
        const progress = readStreamState(stream, { [stream.cursorField]: value });
        expect(progress).toEqual({ cursor: LATEST, ahead: [] });
        expect(readStreamState(stream, writeStreamState(stream, progress!))).toEqual(progress);
      }
    },
  );
});

describe("a state that can't be read is told, with the stream and the remedy:", () => {
  const message = (problem: string) =>
    `The saved state of the stream "conversations" can't be read: ${problem}. ` +
    "Reset (clear) the stream in Airbyte, or pass a state file that this connector has written.";

  test.each<[string, unknown, string]>([
    ["a list", [1], "it is not an object"],
    ["true", true, "it is not an object"],
    ["a word", "yesterday", '"updated_at" is no instant'],
    ["a word for the cursor", { updated_at: "yesterday" }, '"updated_at" is no instant'],
    ["a date that doesn't exist", { updated_at: "2024-13-01" }, '"updated_at" is no instant'],
    ["an instant before 1970", { updated_at: -1 }, '"updated_at" is no instant'],
    ["an object for the cursor", { updated_at: {} }, '"updated_at" is no instant'],
    ["true for the cursor", { updated_at: true }, '"updated_at" is no instant'],
    ["the cursor of another stream", { created_at: JANUARY }, 'it has no "updated_at"'],
    ["something else altogether", { page: 3 }, 'it has no "updated_at"'],
    ["slices without an end", { slices: [{ start: JANUARY }] }, 'it has no "updated_at"'],
    ["no slices", { slices: [] }, 'it has no "updated_at"'],
    ["a word ahead", { updated_at: 1, ahead: "x" }, '"ahead" is not a list of [from, to] pairs'],
    ["half a pair ahead", { updated_at: 1, ahead: [[1]] }, '"ahead" is not a list of [from, to] pairs'],
    [
      "no instants ahead",
      { updated_at: 1, ahead: [["a", "b"]] },
      '"ahead" is not a list of [from, to] pairs',
    ],
  ])("%s", (_, state, problem) => {
    expect(() => readStreamState(conversations, state)).toThrow(
      expect.objectContaining({ failureType: "config_error", message: message(problem) }),
    );
  });

  test("whatever it is, it is read or told", () => {
    const state = fc.oneof(
      fc.jsonValue(),
      fc.record(
        { updated_at: fc.jsonValue(), ahead: fc.jsonValue(), slices: fc.jsonValue() },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(state, (json) => {
        try {
          const progress = readStreamState(conversations, json);
          expect(progress?.cursor ?? 0).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toMatchObject({ failureType: "config_error" });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
