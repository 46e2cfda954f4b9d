import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { RowSet } from "../../../src/source/sync/row-set.ts";

const BASE = Date.UTC(2024, 0, 1);

describe("the rows that are out", () => {
  const row = fc.record({
    id: fc.oneof(fc.maxSafeNat(), fc.integer({ min: 0, max: 50 })),
    cursor: fc.integer({ min: BASE, max: BASE + 90 * 86_400_000 }),
  });

  test("are those that were added, by id and cursor", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 3000 }), (rows) => {
        const set = new RowSet(BASE);
        const model = new Set<string>();
        for (const { id, cursor } of [...rows, ...rows]) {
          const key = `${id} ${cursor}`;
          expect(set.addInteger(id, cursor)).toBe(!model.has(key));
          model.add(key);
        }
        expect(set.size).toBe(model.size);
      }),
      { numRuns: 30 },
    );
  });

  test("are told apart by the whole of a text id", () => {
    const set = new RowSet(BASE);
    const add = (text: string, cursor = BASE) => set.addBytes(Buffer.from(text), 0, text.length, cursor);
    for (let i = 0; i < 100_000; i++)
      expect(add(`"c0000000-0000-4000-8000-${String(i).padStart(12, "0")}"`)).toBe(true);
    for (let i = 0; i < 100_000; i += 7) {
      expect(add(`"c0000000-0000-4000-8000-${String(i).padStart(12, "0")}"`)).toBe(false);
    }
    expect(add('"c0000000-0000-4000-8000-000000000001"', BASE + 1)).toBe(true);
    expect(set.size).toBe(100_001);
  });

  test("are forgotten up to an instant, and none beyond", () => {
    const set = new RowSet(BASE);
    for (let i = 0; i < 10_000; i++) set.addInteger(i, BASE + i * 1000);
    set.prune(BASE + 4_000_000);
    expect(set.size).toBe(6000);
    for (let i = 4000; i < 10_000; i++) expect(set.addInteger(i, BASE + i * 1000)).toBe(false);
  });
});
