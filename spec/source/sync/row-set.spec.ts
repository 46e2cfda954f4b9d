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
        const wrong = [...rows, ...rows].filter(({ id, cursor }) => {
          const key = `${id} ${cursor}`;
          const isNew = !model.has(key);
          model.add(key);
          return set.addInteger(id, cursor) !== isNew;
        });
        expect(wrong).toEqual([]);
        expect(set.size).toBe(model.size);
      }),
      { numRuns: 30 },
    );
  });

  test("are told apart by the whole of a text id", () => {
    const set = new RowSet(BASE);
    const add = (text: string, cursor = BASE) => set.addBytes(Buffer.from(text), 0, text.length, cursor);
    const ids = Array.from(
      { length: 100_000 },
      (_, index) => `"c0000000-0000-4000-8000-${String(index).padStart(12, "0")}"`,
    );
    expect(ids.filter((id) => !add(id))).toEqual([]);
    expect(ids.filter((id) => add(id))).toEqual([]);
    expect(add(ids[1]!, BASE + 1)).toBe(true);
    expect(set.size).toBe(100_001);
  });

  test("are forgotten up to an instant, and none beyond", () => {
    const set = new RowSet(BASE);
    for (let i = 0; i < 10_000; i++) set.addInteger(i, BASE + i * 1000);
    set.prune(BASE + 4_000_000);
    expect(set.size).toBe(6000);
    const kept = Array.from({ length: 6000 }, (_, index) => 4000 + index);
    expect(kept.filter((id) => set.addInteger(id, BASE + id * 1000))).toEqual([]);
  });
});
