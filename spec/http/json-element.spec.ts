import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import {
  findMember,
  integerValue,
  keyBytes,
  memberName,
  valueBytes,
  valueKind,
  valueText,
} from "../../src/http/json-element.ts";
import { elementOf } from "../support/elements.ts";

const find = (text: string, key: string) => findMember(elementOf(text), keyBytes(key));

describe("a member", () => {
  test("is found by its key, with the value that JSON.parse would give", () => {
    const objects = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(objects, (object) => {
        const element = elementOf(JSON.stringify(object));
        for (const [key, value] of Object.entries(JSON.parse(JSON.stringify(object)) as object)) {
          const member = findMember(element, keyBytes(key));
          expect(memberName(element, member)).toBe(key);
          expect(JSON.parse(valueText(element, member))).toEqual(value);
          expect(valueBytes(element, member).toString()).toBe(valueText(element, member));
        }
        expect(findMember(element, keyBytes(`${Object.keys(object).join("")}x`))).toBe(-1);
      }),
    );
  });

  test("is the last of several with the same key", () => {
    const element = elementOf('{"id":1,"x":2,"id":3}');
    expect(valueText(element, findMember(element, keyBytes("id")))).toBe("3");
  });

  test("is found behind a key that is written with needless escapes", () => {
    expect(find('{"\\u0069d":1}', "id")).toBe(0);
    expect(find('{"\\u0069dx":1}', "id")).toBe(-1);
    expect(find('{"a\\/b":1}', "a/b")).toBe(0);
  });

  test("of a nested object is not taken for one of its own", () => {
    expect(find('{"a":{"id":1},"b":[{"id":2}]}', "id")).toBe(-1);
  });

  test("whose key only begins or ends alike is another one", () => {
    expect(find('{"idx":1,"xid":2,"ID":3}', "id")).toBe(-1);
  });

  test("shows what kind of value it has", () => {
    const element = elementOf('{"s":"x","n":-1,"o":{},"l":[],"t":true,"z":null}');
    const kinds = [0, 1, 2, 3, 4, 5].map((member) => String.fromCharCode(valueKind(element, member)));
    expect(kinds).toEqual(['"', "-", "{", "[", "t", "n"]);
  });
});

describe("an integer", () => {
  test("of at most 15 digits is read as it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (value) => {
        expect(integerValue(elementOf(`{"a":${value}}`), 0)).toBe(value);
      }),
    );
  });

  test.each(["1234567890123456", "-1", "1.0", "1e3", '"1"', "null", "true", "[]", "{}"])(
    "is not what %s is",
    (text) => {
      expect(integerValue(elementOf(`{"a":${text}}`), 0)).toBeUndefined();
    },
  );
});
