import { createHmac } from "node:crypto";

import { describe, expect, test } from "@jest/globals";

import { type PersonalKind } from "../../../src/dixa/personal.ts";
import { Pseudonyms } from "../../../src/source/output/pseudonyms.ts";

const SECRET = "0123456789abcdef";
const pseudonyms = new Pseudonyms(SECRET);

function of(kinds: PersonalKind | readonly PersonalKind[], value: string | number): string {
  return String(pseudonyms.of([kinds].flat(), JSON.stringify(value)));
}

test("a pseudonym is what anybody with the secret can compute: HMAC-SHA-256 over kind and value, 32 hex digits", () => {
  const digest = createHmac("sha256", SECRET).update("email_addresses:ada@example.org").digest("hex");
  expect(of("email_addresses", " Ada@Example.org ")).toBe(`"${digest.slice(0, 32)}"`);
  // From another implementation: printf 'names:Ada' | openssl dgst -sha256 -hmac 0123456789abcdef
  expect(of("names", "Ada")).toBe('"23b0afe15352f9932606000aecb6867e"');
});

describe("one pseudonym is made of", () => {
  test.each<[PersonalKind, string[]]>([
    ["names", ["Ada Lovelace", " Ada Lovelace\n"]],
    [
      "email_addresses",
      ["ada@example.org", "ADA@EXAMPLE.ORG", '"Lovelace, Ada" <Ada@example.org>', "<ada@example.org> "],
    ],
    ["phone_numbers", ["+45 12 34 56 78", "4512345678", "+45 (12) 34-56.78"]],
    ["phone_numbers", ["4b0c9e1d-1111", " 4b0c9e1d-1111"]],
  ])("%s %j", (kind, values) => {
    expect(new Set(values.map((value) => of(kind, value))).size).toBe(1);
  });

  test("a number that is no text", () => {
    expect(of("phone_numbers", 4512345678)).toBe(of("phone_numbers", "+45 12345678"));
  });
});

describe("pseudonyms are apart of", () => {
  test.each<[string, [PersonalKind, string], [PersonalKind, string]]>([
    ["two kinds", ["names", "4512345678"], ["phone_numbers", "4512345678"]],
    ["names that differ in their letters' size", ["names", "ada"], ["names", "Ada"]],
    ["what is no number", ["phone_numbers", "agent-1"], ["phone_numbers", "queue-1"]],
    ["telephone addresses", ["phone_numbers", "ada1@pbx"], ["phone_numbers", "bob1@pbx"]],
  ])("%s", (_, one, other) => {
    expect(of(...one)).not.toBe(of(...other));
  });

  test("two secrets", () => {
    expect(String(new Pseudonyms(`${SECRET}0`).of(["names"], '"Ada"'))).not.toBe(of("names", "Ada"));
  });
});

test("a field of several kinds has the pseudonym of the kind that its value looks like", () => {
  const kinds = ["email_addresses", "phone_numbers"] as const;
  expect(of(kinds, "ada@example.org")).toBe(of("email_addresses", "ada@example.org"));
  expect(of(kinds, "+45 12345678")).toBe(of("phone_numbers", "+45 12345678"));
  expect(of(["names", "phone_numbers"], "+45 12345678")).toBe(of("phone_numbers", "+45 12345678"));
  expect(of(["phone_numbers", "names"], "Ada")).toBe(of("names", "Ada"));
});

test.each(['""', '" \\t"'])("the blank text %s stays, since all blank texts would be one person", (json) => {
  expect(pseudonyms.of(["names"], json)).toBeUndefined();
});

test("without a secret none is ever made", () => {
  expect(() => new Pseudonyms(undefined).of(["names"], '"Ada"')).toThrow("pseudonyms need a secret");
});

test("they stay the same beyond what is remembered", () => {
  const first = of("names", "Ada");
  for (let i = 0; i < 10_001; i++) of("names", `person ${i}`);
  expect(of("names", "Ada")).toBe(first);
});
