import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";

import { ofKind } from "../../../src/dixa/personal.ts";
import { dateTime } from "../../../src/dixa/streams/fields.ts";
import { rewrite, rewriteAll, schemaOf, streamOf } from "../../support/rows.ts";
import { PRIVACIES, referenceOf, rows, rulesOf, schemas } from "./reference.ts";

const nulled = (field: string) => ({ field, change: "NULLED", reason: "SOURCE_SERIALIZATION_ERROR" });

describe("a date-time column", () => {
  const visits = streamOf(
    z.object({
      id: z.string(),
      at: dateTime("When"),
      visits: z.array(z.object({ from: dateTime("From"), days: z.array(dateTime("Day")) })),
    }),
  );

  test.each([
    ["without seconds, with Java's zone", '"2026-11-21T12:46Z[GMT]"', '"2026-11-21T12:46:00.000Z"'],
    ["with Java's zone", '"2021-12-01T12:46:36.581Z[GMT]"', '"2021-12-01T12:46:36.581Z"'],
    ["to the second", '"2020-12-16T09:41:43Z"', '"2020-12-16T09:41:43.000Z"'],
    ["without a zone", '"2021-12-01T12:46:35.935"', '"2021-12-01T12:46:35.935Z"'],
    ["with an offset", '"2021-12-01T13:46:35.935+01:00"', '"2021-12-01T12:46:35.935Z"'],
    ["with a blank for the T", '"2021-12-01 12:46:35.935Z"', '"2021-12-01T12:46:35.935Z"'],
    ["to the microsecond", '"2021-12-01T12:46:36.581234Z[GMT]"', '"2021-12-01T12:46:36.581234Z"'],
    ["with escapes", '"2021-12-01T12:46:36\\u005a"', '"2021-12-01T12:46:36.000Z"'],
    ["in milliseconds since 1970", "1704067200000", '"2024-01-01T00:00:00.000Z"'],
  ])("leaves in one form, at every depth: %s", (_, value, normal) => {
    const row = (own: string) =>
      `{"id":"x", "at":${own},"visits":[ {"from":${own} ,"days":[${own},null]},{"other":${own}} ]}`;
    const wanted = `{"id":"x","at":${normal},"visits":[ {"from":${normal} ,"days":[${normal},null]},{"other":${value}} ]}`;
    expect(rewrite(visits, row(value))).toEqual({ text: wanted, changes: [], logs: [] });
  });

  test.each(['"2021-12-01T12:46:36.581Z"', "null"])("with %s leaves as it came", (value) => {
    const row = `{"id":"x", "at":${value} ,"visits":[{"from":${value}}]}`;
    expect(rewrite(visits, row).text).toBe(row);
  });

  test.each([
    '""',
    '"some day"',
    '"2021-12-01"',
    '"2021-02-29T12:46:36.581Z"',
    '"2021-12-01T25:00:00.000Z"',
    '"2021-12-0xT12:46:36.581Z"',
    "17",
    "1.5",
    "1e400",
    "true",
    "{}",
    '{"a":1}',
    "[]",
    '["x"]',
  ])("with %s, which is no instant, leaves as null and says so", (value) => {
    expect(rewrite(visits, `{"at":${value},"visits":[{"from":${value},"a":1}]}`)).toEqual({
      text: '{"at":null,"visits":[{"from":null,"a":1}]}',
      changes: [nulled("at"), nulled("visits.from")],
      logs: [],
    });
  });

  test("that holds a list of them leaves with those that are instants", () => {
    expect(rewrite(visits, '{"visits":{"days":["2021-12-01T12:46Z",""]}}')).toMatchObject({
      text: '{"visits":{"days":["2021-12-01T12:46:00.000Z",null]}}',
      changes: [nulled("visits.days")],
    });
  });
});

test("what lies too deep to be looked into becomes null, and exhausts no stack", () => {
  const deep = streamOf(z.object({ id: z.string(), at: z.int(), list: z.array(dateTime("When")) }));
  const row = (depth: number) => `{"list":${"[".repeat(depth)}""${"]".repeat(depth)}}`;
  expect(rewrite(deep, row(200)).text).toContain("[null]");
  expect(rewrite(deep, row(100_000)).changes).toEqual([nulled("list")]);
});

test("whatever the row, the schema, the selection and the privacy, what leaves is what they ask for", () => {
  fc.assert(
    fc.property(schemas, rows, fc.constantFrom(...PRIVACIES), fc.nat(), (schema, texts, privacy, seed) => {
      const stream = streamOf(schema);
      const configured = rulesOf(schemaOf(stream), seed);
      const left = rewriteAll(stream, texts, { privacy, configured });
      const reference = referenceOf(stream, configured, privacy);
      for (const [index, text] of texts.entries()) {
        expect(JSON.parse(left[index]?.text ?? "")).toEqual(reference(JSON.parse(text)));
      }
    }),
    { numRuns: 300 },
  );
});

test("bytes that need no change keep their form", () => {
  const stream = streamOf(
    z.object({ id: z.string(), at: z.int(), a: z.object({ x: ofKind("names", z.string()), y: z.number() }) }),
  );
  const configured = schemaOf(stream);
  Reflect.deleteProperty((configured["properties"] as { a: { properties: object } }).a.properties, "x");
  const row = '{"id":9007199254740993 ,"a":{ "y" : 1.50, "x":"" , "z":[ 1e2 ] },"b":"\\u00e9\\/" }';
  expect(rewrite(stream, row, { configured }).text).toBe(
    '{"id":9007199254740993,"a":{ "y" : 1.50  },"b":"\\u00e9\\/"}',
  );
});
