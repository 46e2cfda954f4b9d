import { describe, expect, test } from "@jest/globals";
import { z } from "zod";

import { toStreamSchema } from "../../../src/airbyte/protocol/json-schema.ts";
import { fieldsOf } from "../../../src/dixa/personal.ts";
import { followedStreams, listedStreams, windowedStreams } from "../../../src/dixa/streams/index.ts";

type Schema = Record<string, unknown>;

/** Every member at every depth, with its schema as `discover` prints it. */
function* members(schema: Schema, path = ""): Generator<[path: string, schema: Schema]> {
  for (const [name, member] of Object.entries((schema["properties"] ?? {}) as Record<string, Schema>)) {
    const at = path === "" ? name : `${path}.${name}`;
    yield [at, member];
    yield* members(member, at);
  }
  if (schema["items"] !== undefined) yield* members(schema["items"] as Schema, `${path}[]`);
}

/** What is left of the fields that nobody has classified. */
function unclassified(schema: z.ZodObject): string[] {
  return Array.from(fieldsOf(schema))
    .filter(({ kinds }) => kinds === undefined)
    .map(({ path }) => path);
}

function undescribed(schema: z.ZodObject): string[] {
  return Array.from(members(toStreamSchema(schema)))
    .filter(([, { description }]) => typeof description !== "string" || description.trim() === "")
    .map(([path]) => path);
}

describe.each([...windowedStreams, ...followedStreams, ...listedStreams])(
  "$name",
  ({ name, description, schema, primaryKey }) => {
    test("has a name that tables can bear, and a description", () => {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(description.length).toBeGreaterThan(20);
    });

    test("has the fields of its key in its schema", () => {
      expect(primaryKey.length).toBeGreaterThan(0);
      for (const field of primaryKey) expect(Object.keys(schema.shape)).toContain(field);
    });

    test("says of every field whether it is personal, and of which kind", () => {
      expect(unclassified(schema)).toEqual([]);
    });

    test("describes every field at every depth", () => {
      expect(undescribed(schema)).toEqual([]);
    });

    test("describes in plain sentences without a full stop, and no field by repeating its name", () => {
      for (const [path, { description }] of members(toStreamSchema(schema))) {
        expect([path, description]).toEqual([path, expect.stringMatching(/^[A-Z`].*[^.\s]$/s)]);
        expect(String(description).toLowerCase()).not.toBe(path.split(".").at(-1)?.toLowerCase());
      }
    });
  },
);

test("a field that nobody has classified or described is found at any depth", () => {
  const schema = z.object({ deep: z.array(z.object({ forgotten: z.string() })).describe("Deep") });
  expect(unclassified(schema)).toEqual(["deep[].forgotten"]);
  expect(undescribed(schema)).toEqual(["deep[].forgotten"]);
});
