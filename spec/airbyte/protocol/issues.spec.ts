import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";

import { describeIssues, describeShape } from "../../../src/airbyte/protocol/issues.ts";

describe("the shape of a value", () => {
  test.each<[unknown, string]>([
    [undefined, "missing"],
    [null, "null"],
    ["", "an empty string"],
    ["abc", "a string of 3 characters"],
    [7, "an integer"],
    [7.5, "a number with a fraction"],
    [true, "true or false"],
    [[], "a list of 0"],
    [[1, 2], "a list of 2"],
    [{}, "an empty object"],
    [{ a: 1, b: 2 }, "an object with a, b"],
    [{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 }, "an object with a, b, c, d, e and 2 more"],
    [1n, "a bigint"],
  ])("%j is %s", (value, shape) => {
    expect(describeShape(value)).toBe(shape);
  });

  test("never gives a text away", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 12 }).map((text) => `secret-${text}`),
        (secret) => {
          for (const value of [secret, [secret], { a: secret }])
            expect(describeShape(value)).not.toContain(secret);
        },
      ),
    );
  });
});

test("all that is wrong stands in one line, by field", () => {
  const schema = z.object({
    a: z.object({ b: z.array(z.int()) }),
    c: z.email(),
    d: z.object({ e: z.boolean() }),
  });
  const input = { a: { b: [1, "x"] }, c: "nobody", d: null };
  const { error } = schema.safeParse(input);
  expect(describeIssues(error!, input)).toBe(
    "a.b.1 is a string of 1 characters, but must be a number; " +
      "c is a string of 6 characters, but must be a valid email; d is null, but must be an object",
  );
});
