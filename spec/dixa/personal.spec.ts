import { describe, expect, test } from "@jest/globals";
import { z } from "zod";

import { toStreamSchema } from "../../src/airbyte/protocol/json-schema.ts";
import { fieldsOf, kindsOf, ofKind } from "../../src/dixa/personal.ts";
import { text, texts } from "../../src/dixa/streams/fields.ts";

const list = (schema: z.ZodType) => Array.from(fieldsOf(schema), ({ path, kinds }) => [path, kinds]);

describe("the kind of a field", () => {
  test("stays with it through a description and other annotations", () => {
    const field = ofKind("names", z.string()).describe("A name").meta({ airbyte_type: "x" });
    expect(kindsOf(field)).toEqual(["names"]);
  });

  test("is not given to the schema that it was made from", () => {
    const plain = z.string();
    ofKind("names", plain);
    expect(kindsOf(plain)).toBeUndefined();
  });

  test("is never printed by discover", () => {
    const printed = JSON.stringify(toStreamSchema(z.object({ name: text("names", "A name") })));
    expect(printed).toContain("A name");
    expect(printed).not.toMatch(/kind|names/);
  });
});

test("fields are listed at every depth, and those without a kind too", () => {
  const schema = z.object({
    id: text("none", "Id"),
    notes: texts("notes", "Notes"),
    people: z.array(z.object({ name: text("names", "Name"), deep: z.object({ forgotten: z.string() }) })),
    free: ofKind("message_text", z.looseObject({ inner: z.string() })),
    from: z.union([text("phone_numbers", "Number"), z.object({ email: text("email_addresses", "Email") })]),
    either: text(["email_addresses", "phone_numbers"], "Where it came from"),
    odd: z.looseObject({}),
    words: z.array(z.string()),
  });
  expect(list(schema)).toEqual([
    ["id", []],
    ["notes", ["notes"]],
    ["people[].name", ["names"]],
    ["people[].deep.forgotten", undefined],
    ["free", ["message_text"]],
    ["from", ["phone_numbers"]],
    ["from.email", ["email_addresses"]],
    ["either", ["email_addresses", "phone_numbers"]],
    ["odd", undefined],
    ["words[]", undefined],
  ]);
});
