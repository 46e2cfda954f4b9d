import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { SecretFilter } from "../../src/logging/secret-filter.ts";

function hidden(secrets: string[], text: string): string {
  const filter = new SecretFilter();
  filter.hide(secrets);
  return filter.apply(text);
}

describe("a secret", () => {
  test.each([
    ["as it is", "token is s3cr3t+/t0k3n== here"],
    ["in a header", "Authorization: Bearer s3cr3t+/t0k3n=="],
    ["in a URL", `https://x.test/?t=${encodeURIComponent("s3cr3t+/t0k3n==")}`],
    ["in base64", Buffer.from("s3cr3t+/t0k3n==").toString("base64")],
    ["in Basic credentials", `Basic ${Buffer.from("bearer:s3cr3t+/t0k3n==").toString("base64")}`],
    ["several times", "s3cr3t+/t0k3n== and s3cr3t+/t0k3n=="],
    ["against other letters", "xs3cr3t+/t0k3n==x"],
  ])("is hidden %s", (_, text) => {
    const filtered = hidden(["s3cr3t+/t0k3n=="], text);
    expect(filtered).toContain("****");
    expect(filtered).not.toMatch(/s3cr3t|t0k3n|czNj|%2B/);
  });

  test("is hidden as it stands in JSON", () => {
    const secret = 'with "quotes" and \\ signs';
    expect(hidden([secret], `body: ${JSON.stringify({ secret })}`)).toBe('body: {"secret":"****"}');
  });

  test("is hidden where an answer that quotes it is cut off", () => {
    const secret = "eyJhbGciOiJIUzI1NiJ9.payload.signature";
    expect(hidden([secret], `it starts with "Bearer ${secret.slice(0, 20)}"`)).toBe(
      'it starts with "Bearer ****"',
    );
    expect(hidden([secret], secret.slice(0, 8))).toBe("****");
    expect(hidden([secret], secret.slice(0, 7))).toBe(secret.slice(0, 7));
  });

  test("that contains another one leaves no rest", () => {
    expect(hidden(["abcd", "abcdefgh"], "x abcdefgh y abcd z")).toBe("x **** y **** z");
    expect(hidden(["efgh", "abcdefgh"], "x abcdefgh y")).toBe("x **** y");
  });

  test("that overlaps another one, or itself, leaves no rest", () => {
    expect(hidden(["abcdef", "defghi"], "x abcdefghi y")).toBe("x **** y");
    expect(hidden(["ababab"], "x ababababa y")).toBe("x ****a y");
  });

  test("that is too short for one is left: it would blot out words", () => {
    expect(hidden(["abc", ""], "abc and abcd")).toBe("abc and abcd");
  });

  test("can be added later", () => {
    const filter = new SecretFilter();
    filter.hide(["first-one"]);
    filter.hide(["second-one"]);
    expect(filter.apply("first-one, second-one")).toBe("****, ****");
  });

  test("never stands in a text that was filtered, and all else stays", () => {
    const secret = fc.string({ minLength: 4, maxLength: 30 }).filter((text) => !text.includes("*"));
    const between = fc.string({ unit: fc.constantFrom("é", "ü", " ", "\n") });
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(between, fc.nat()), { maxLength: 8 }),
        (secrets, parts) => {
          const text = parts.map(([before, pick]) => before + secrets[pick % secrets.length]!).join("");
          const filtered = hidden(secrets, text);
          for (const own of secrets) expect(filtered.includes(own)).toBe(false);
          expect(filtered.replace(/[^éü]/g, "")).toBe(text.replace(/[^éü]/g, ""));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

test("a text without secrets stays as it is", () => {
  expect(new SecretFilter().apply("nothing to hide")).toBe("nothing to hide");
  expect(hidden(["another-secret"], "nothing to hide")).toBe("nothing to hide");
});
