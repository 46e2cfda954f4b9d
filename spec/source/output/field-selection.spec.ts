import { describe, expect, test } from "@jest/globals";

import { FieldSelection } from "../../../src/source/output/field-selection.ts";

const DISCOVERED = ["id", "updated_at", "subject", "tags"];
const ALWAYS = ["id", "updated_at"];

function keeps(
  selection: FieldSelection | undefined,
  key: string,
  written = JSON.stringify(key),
): boolean | undefined {
  const buffer = Buffer.from(`{${written}:1}`);
  return selection?.keeps(buffer, 1, 1 + Buffer.byteLength(written));
}

describe("all fields leave", () => {
  test.each<[string, string[] | undefined]>([
    ["where the catalog lists none", undefined],
    ["where it lists all", DISCOVERED],
    ["where it lists more than all", [...DISCOVERED, "of_an_older_version"]],
  ])("%s", (_, configured) => {
    expect(FieldSelection.of(configured, DISCOVERED, ALWAYS)).toBeUndefined();
  });
});

describe("where the catalog lists fewer fields", () => {
  const selection = FieldSelection.of(["subject", "extra"], DISCOVERED, ALWAYS);

  test("these leave, with key and cursor", () => {
    expect(["subject", "extra", "id", "updated_at"].map((key) => keeps(selection, key))).toEqual(
      Array(4).fill(true),
    );
  });

  test("no other one leaves, also none that Dixa has added since", () => {
    expect(["tags", "added_later", "", "SUBJECT", "subject "].map((key) => keeps(selection, key))).toEqual(
      Array(5).fill(false),
    );
  });

  test("a key is known in every spelling, and asked again gives the same answer", () => {
    for (let i = 0; i < 2; i++) {
      expect(keeps(selection, "subject", '"\\u0073ubject"')).toBe(true);
      expect(keeps(selection, "tags", '"\\u0074ags"')).toBe(false);
      expect(keeps(selection, "é")).toBe(false);
    }
  });
});
