import { describe, expect, test } from "@jest/globals";
import { z } from "zod";

import { rewrite, schemaOf, streamOf } from "../../support/rows.ts";

const rating = z.object({
  score: z.int(),
  comment: z.string(),
  by: z.object({ id: z.string(), name: z.string() }),
});
const things = streamOf(
  z.object({
    id: z.string(),
    at: z.int(),
    subject: z.string(),
    best: rating,
    ratings: z.array(rating),
    value: z.union([z.string(), z.array(z.object({ a: z.string(), b: z.string() }))]),
    anything: z.looseObject({}),
  }),
);

/** The discovered schema without what lies at these paths; `[]` stands for a list's elements. */
function without(...paths: string[]): Record<string, unknown> {
  const schema = schemaOf(things);
  for (const path of paths) {
    const names = path.replaceAll("[]", ".[]").split(".");
    const last = names.pop() ?? "";
    let node: Record<string, unknown> = schema;
    for (const name of names) {
      node = (
        name === "[]" ? node["items"] : (node["properties"] as Record<string, unknown>)[name]
      ) as typeof node;
    }
    expect(Reflect.has(node["properties"] as object, last)).toBe(true);
    Reflect.deleteProperty(node["properties"] as object, last);
  }
  return schema;
}

const RATING = '{"score":1,"comment":"c","by":{"id":"i","name":"n"},"new":2}';
const ROW = `{"id":"x","at":1,"subject":"s","best":${RATING},"ratings":[${RATING},${RATING}],"value":"v","new":[{}]}`;

describe("a row leaves whole", () => {
  test.each<[string, Record<string, unknown> | undefined]>([
    ["without a schema", undefined],
    ["an empty one", {}],
    ["without fields", { type: "object", properties: {} }],
    ["with null for its fields", { properties: null }],
    ["that lists all", without()],
    [
      "that lists more than all",
      { properties: { ...(without()["properties"] as object), of_an_older_version: {} } },
    ],
    [
      "that lists all fields, and says nothing of what is in them",
      {
        properties: {
          id: {},
          at: {},
          subject: {},
          best: {},
          ratings: { items: null },
          value: true,
          anything: [],
        },
      },
    ],
  ])("where the catalog has a schema %s", (_, configured) => {
    expect(rewrite(things, ROW, { ...(configured && { configured }) })).toEqual({
      text: ROW,
      changes: [],
      logs: [],
    });
  });
});

describe("what is not ticked does not leave:", () => {
  test.each<[string, string[], string]>([
    [
      "a field, and with it none that nobody could tick",
      ["subject"],
      `{"id":"x","at":1,"best":${RATING},"ratings":[${RATING},${RATING}],"value":"v"}`,
    ],
    [
      "a member of an object; other objects are not concerned",
      ["best.comment"],
      `{"id":"x","at":1,"subject":"s","best":{"score":1,"by":{"id":"i","name":"n"}},"ratings":[${RATING},${RATING}],"value":"v","new":[{}]}`,
    ],
    [
      "a member of each object of a list",
      ["ratings[].score", "ratings[].by.name"],
      `{"id":"x","at":1,"subject":"s","best":${RATING},` +
        `"ratings":[{"comment":"c","by":{"id":"i"}},{"comment":"c","by":{"id":"i"}}],"value":"v","new":[{}]}`,
    ],
    [
      "all members of an object",
      ["best.score", "best.comment", "best.by"],
      `{"id":"x","at":1,"subject":"s","best":{},"ratings":[${RATING},${RATING}],"value":"v","new":[{}]}`,
    ],
  ])("%s", (_, paths, text) => {
    const left = rewrite(things, ROW, { configured: without(...paths) });
    expect([left.text, left.changes]).toEqual([text, []]);
    expect(left.logs).toEqual([
      `things: not ticked in the connection, so left out: ${paths.map((path) => path.replaceAll("[]", "")).join(", ")}. ` +
        "If you did not untick it, refresh the connection's schema",
    ]);
  });

  test("in a list of objects that comes as one object, and in a value that comes in two shapes", () => {
    const configured = without("ratings[].comment", "value[].b");
    const row = `{"ratings":${RATING},"value":[{"a":"1","b":"2"}]}`;
    expect(rewrite(things, row, { configured }).text).toBe(
      '{"ratings":{"score":1,"by":{"id":"i","name":"n"}},"value":[{"a":"1"}]}',
    );
    expect(rewrite(things, '{"value":"v"}', { configured }).text).toBe('{"value":"v"}');
  });

  test("however its key is written, and however often", () => {
    const configured = without("subject", "best.comment");
    expect(
      rewrite(
        things,
        '{"\\u0073ubject":"s","best":{"com\\u006dent":"c","score":1,"comment":"d"},"subject":"t","best":{"comment":"e"}}',
        { configured },
      ).text,
    ).toBe('{"best":{"score":1},"best":{}}');
    // A backslash of its own makes it another key.
    expect(rewrite(things, '{"best":{"comment\\\\":"c"}}', { configured: without("best.score") }).text).toBe(
      '{"best":{}}',
    );
  });
});

test("a field that only another version of this connector knows leaves where it is ticked", () => {
  const { subject, ...properties } = without()["properties"] as Record<string, unknown>;
  expect(subject).toBeDefined();
  const configured = { properties: { ...properties, old: {} } };
  expect(rewrite(things, '{"old":1,"new":2,"subject":"s"}', { configured }).text).toBe('{"old":1}');
});

test.each([
  ["id", "part of the primary key"],
  ["at", "the cursor"],
])("%s leaves although it is not ticked, and the log says why", (field, role) => {
  const left = rewrite(things, '{"id":"x","at":1,"subject":"s"}', { configured: without("subject", field) });
  expect(left.text).toBe('{"id":"x","at":1}');
  expect(left.logs).toEqual([
    `things: the connection does not tick "${field}", but it leaves all the same: it is ${role}, without which no ` +
      "destination can place a row. Tick it, or untick the stream",
    expect.stringMatching(/^things: not ticked in the connection, so left out: subject\. /),
  ]);
});
