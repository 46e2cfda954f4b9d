import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { stateMessage } from "../../../src/airbyte/protocol/construct.ts";
import { type InputState, parseInputState } from "../../../src/airbyte/protocol/state.ts";

const CONVERSATIONS = { updated_at: 1704067200000 };
const MESSAGES = { created_at: 1704067200001, ahead: [[1, 2]] };
const stream = (name: string, state: unknown) => ({
  type: "STREAM",
  stream: { stream_descriptor: { name }, stream_state: state },
});

/** All states as a plain object. */
function contents(state: InputState): Record<string, unknown> {
  return Object.fromEntries(state.streams.map((stream) => [stream.name, state.get(stream)]));
}

const BOTH = { conversations: CONVERSATIONS, messages: MESSAGES };

describe("the states of an earlier sync are found in", () => {
  test.each<[string, unknown]>([
    ["the platform's list", [stream("conversations", CONVERSATIONS), stream("messages", MESSAGES)]],
    [
      "a list of whole messages, as they stood on stdout",
      [stream("conversations", CONVERSATIONS), stream("messages", MESSAGES)].map((state) => ({
        type: "STATE",
        state: { ...state, sourceStats: { recordCount: 3 } },
      })),
    ],
    [
      "dumps of Python models, with nulls and their own names",
      [stream("conversations", CONVERSATIONS), stream("messages", MESSAGES)].map(({ type, stream: own }) => ({
        type,
        stream: { ...own, stream_descriptor: { ...own.stream_descriptor, namespace: null } },
        global_: null,
        data: null,
        sourceStats: null,
        destinationStats: null,
      })),
    ],
    [
      "a global state",
      {
        type: "GLOBAL",
        global: {
          shared_state: null,
          stream_states: [stream("conversations", CONVERSATIONS).stream, stream("messages", MESSAGES).stream],
        },
      },
    ],
    [
      "a Python dump of a global state",
      [
        {
          type: "GLOBAL",
          global_: {
            stream_states: [
              stream("conversations", CONVERSATIONS).stream,
              stream("messages", MESSAGES).stream,
            ],
          },
        },
      ],
    ],
    ["a state of the deprecated kind", [{ type: "LEGACY", data: BOTH }]],
    ["a deprecated object of names", BOTH],
    ["a list of such objects", [{ conversations: CONVERSATIONS }, { messages: MESSAGES }]],
    ["the bookmarks of a Singer tap", { bookmarks: BOTH, currently_syncing: "messages" }],
    ["the STATE message of a Singer tap", { type: "STATE", value: { bookmarks: BOTH } }],
  ])("%s", (_, input) => {
    expect(contents(parseInputState(input))).toEqual(BOTH);
  });

  test("one single state", () => {
    expect(contents(parseInputState(stream("messages", MESSAGES)))).toEqual({ messages: MESSAGES });
    expect(contents(parseInputState({ type: "STATE", state: stream("messages", MESSAGES) }))).toEqual({
      messages: MESSAGES,
    });
  });

  test("a list, of which the last one of a stream counts", () => {
    const states = parseInputState([stream("messages", { created_at: 1 }), stream("messages", MESSAGES)]);
    expect(states.get({ name: "messages" })).toEqual(MESSAGES);
    expect(states.streams).toEqual([{ name: "messages" }]);
  });

  test("whatever this program itself has put out", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), fc.nat(), (state, count) => {
        const message = stateMessage({ name: "messages", namespace: "x" }, state, count);
        const printed: unknown = JSON.parse(JSON.stringify(message));
        for (const input of [printed, [printed]]) {
          expect(parseInputState(input).get({ name: "messages", namespace: "x" })).toEqual(
            JSON.parse(JSON.stringify(state)),
          );
        }
      }),
    );
  });
});

describe("there is no state", () => {
  test.each<[string, unknown]>([
    ["in null", null],
    ["in an empty list", []],
    ["in a list of nulls", [null, null]],
    ["in an empty object", {}],
    ["in empty bookmarks", { bookmarks: {} }],
    ["in a global state without streams", { type: "GLOBAL", global: { stream_states: null } }],
  ])("%s", (_, input) => {
    expect(contents(parseInputState(input))).toEqual({});
  });

  test("of a stream that was reset", () => {
    expect(contents(parseInputState([stream("messages", null)]))).toEqual({});
    expect(
      contents(parseInputState([{ type: "STREAM", stream: { stream_descriptor: { name: "messages" } } }])),
    ).toEqual({});
    expect(contents(parseInputState([stream("messages", MESSAGES), stream("messages", null)]))).toEqual({});
    expect(contents(parseInputState({ messages: null }))).toEqual({});
  });
});

test("a stream that was reset is not one that nothing is said of", () => {
  const states = parseInputState([stream("messages", MESSAGES), stream("messages", null)]);
  expect([states.get({ name: "messages" }), states.get({ name: "conversations" })]).toEqual([
    null,
    undefined,
  ]);
});

describe("streams of one name in several namespaces", () => {
  const of = (namespace: string | null | undefined, state: unknown) => ({
    type: "STREAM",
    stream: { stream_descriptor: { name: "messages", namespace }, stream_state: state },
  });

  test("have a state each", () => {
    const states = parseInputState([of("eu", { created_at: 1 }), of("us", { created_at: 2 })]);
    expect(states.get({ name: "messages", namespace: "eu" })).toEqual({ created_at: 1 });
    expect(states.get({ name: "messages", namespace: "us" })).toEqual({ created_at: 2 });
    expect(states.get({ name: "messages" })).toBeUndefined();
    expect(states.streams).toEqual([
      { name: "messages", namespace: "eu" },
      { name: "messages", namespace: "us" },
    ]);
  });

  test.each([[null], [undefined], [""]])("have none, where it is %j", (namespace) => {
    const states = parseInputState([of(namespace, MESSAGES)]);
    expect(states.get({ name: "messages" })).toEqual(MESSAGES);
    expect(states.get({ name: "messages", namespace: "" })).toEqual(MESSAGES);
  });
});

describe("a state is refused", () => {
  test.each<[string, unknown, string]>([
    ["that is a text", "abc", "a string of 3 characters"],
    ["that is a number", 5, "an integer"],
    ["in a list of lists", [[stream("messages", MESSAGES)]], "a list of 1"],
    ["in a list with a text", [stream("messages", MESSAGES), "abc"], "a string of 3 characters"],
    ["without the stream that it is about", { type: "STREAM" }, "an object with type"],
    ["with null for the stream", [{ type: "STREAM", stream: null }], "an object with type, stream"],
    ["with a text for the stream", { type: "STREAM", stream: "messages" }, "an object with type, stream"],
    [
      "without the stream's name",
      { type: "STREAM", stream: { stream_descriptor: {}, stream_state: {} } },
      "an object with type, stream",
    ],
    ["in an empty message", { type: "STATE" }, "an object with type"],
    ["with a list for its streams", { type: "LEGACY", data: [] }, "an object with type, data"],
  ])("%s", (_, input, found) => {
    expect(() => parseInputState(input)).toThrow(
      expect.objectContaining({
        failureType: "config_error",
        message:
          `The state is not usable: it holds ${found} where a STATE message should be. ` +
          "Pass a file that this connector has written, or leave --state out to read everything.",
      }),
    );
  });
});
