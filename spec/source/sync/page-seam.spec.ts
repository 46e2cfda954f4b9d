import { describe, expect, test } from "@jest/globals";

import { hasOnlyMovedUp, isSame, overlaps } from "../../../src/source/sync/page-seam.ts";

const rows = (text: string) => text.split("");

describe("a page overlaps the one before it", () => {
  test.each([
    ["abc", "def", false],
    ["abc", "cde", true],
    ["abc", "bcd", true],
    // A row that was moved proves nothing about those around it.
    ["abc", "acd", false],
    ["abc", "dbc", false],
    ["abc", "", false],
    ["", "abc", false],
  ])("%s, %s: %j", (page, next, expected) => {
    expect(overlaps(rows(page), rows(next))).toBe(expected);
  });
});

describe("rows have only gone from a page, and others moved up", () => {
  test.each([
    ["abc", "abc", true],
    ["abc", "bcd", true],
    ["abc", "acd", true],
    ["abc", "ab", true],
    ["", "", true],
    ["abc", "xab", false],
    ["abc", "axb", false],
    ["abc", "axc", false],
    ["abc", "acb", false],
    ["abc", "def", false],
    ["abc", "", false],
  ])("%s, %s: %j", (page, again, expected) => {
    expect(hasOnlyMovedUp(rows(page), rows(again))).toBe(expected);
  });
});

test("two looks are the same only if they saw the same rows in the same order", () => {
  expect([
    isSame(rows("ab"), rows("ab")),
    isSame(rows("ab"), rows("ba")),
    isSame(rows("ab"), rows("abc")),
  ]).toEqual([true, false, false]);
});
