import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { SecretBox } from "../../../src/relay/accounts/secret-box.ts";

const key = (byte: number) => new Uint8Array(32).fill(byte);
const box = new SecretBox(key(1));

describe("a sealed text", () => {
  test("opens at its place alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), fc.string(), (text, place, elsewhere) => {
        const sealed = box.seal(text, place);
        expect(box.open(sealed, place)).toBe(text.toWellFormed());
        if (place.toWellFormed() !== elsewhere.toWellFormed()) {
          expect(box.open(sealed, elsewhere)).toBeUndefined();
        }
      }),
      { numRuns: 50 },
    );
  });

  test("with anything changed does not open, and nothing breaks", () => {
    const sealed = box.seal("secret", "place");
    for (let at = 0; at < sealed.length; at++) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`;
      // The last digits of base64 may stand for no byte.
      expect([undefined, "secret"]).toContain(box.open(changed, "place"));
    }
    for (const nothing of ["", ".", "v1", "v1...", sealed.slice(0, -8), `v2${sealed.slice(2)}`]) {
      expect(box.open(nothing, "place")).toBeUndefined();
    }
  });

  test("is never the same twice, and holds nothing of the text or the key", () => {
    expect(box.seal("secret", "place")).not.toBe(box.seal("secret", "place"));
    expect(box.seal("secret", "place")).not.toContain(Buffer.from("secret").toString("base64url"));
    expect(box.seal("secret", "place")).not.toContain(Buffer.from(key(1)).toString("base64url").slice(0, 8));
  });

  test("does not open with another key, opens with the old one, and is known to be old", () => {
    const sealed = box.seal("secret", "place");
    expect(new SecretBox(key(2)).open(sealed, "place")).toBeUndefined();
    const changed = new SecretBox(key(2), [key(1)]);
    expect(changed.open(sealed, "place")).toBe("secret");
    expect([box.isCurrent(sealed), changed.isCurrent(sealed)]).toEqual([true, false]);
  });
});

test("without a key nothing is sealed", () => {
  const none = new SecretBox(undefined);
  expect(none.canSeal).toBe(false);
  expect(() => none.seal("secret", "place")).toThrow("secret_key");
  expect(none.open(box.seal("secret", "place"), "place")).toBeUndefined();
});
