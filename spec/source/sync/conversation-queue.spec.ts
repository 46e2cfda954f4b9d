import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { ConversationQueue, type Group } from "../../../src/source/sync/conversation-queue.ts";

test("conversations come in ascending order, and the spans of their groups cover each window without a gap", () => {
  const window = fc.record({
    width: fc.integer({ min: 1, max: 50 }),
    offsets: fc.array(fc.nat(49), { maxLength: 30 }),
  });
  fc.assert(
    fc.property(fc.array(window, { maxLength: 5 }), fc.nat(200), (windows, takenEarly) => {
      const queue = new ConversationQueue();
      const groups: Group[] = [];
      const taken: { id: string; group: Group }[] = [];
      const take = (most: number) => {
        for (let left = most; left > 0; left--) {
          const next = queue.take();
          if (next === undefined) return;
          taken.push(next);
        }
      };
      let lo = 1000;
      let count = 0;
      for (const { width, offsets } of windows) {
        const changed = offsets.map((offset) => ({ id: String(count++), at: lo + (offset % width) }));
        const added = queue.add([lo, lo + width], changed);
        expect(added === undefined).toBe(changed.length === 0);
        if (added !== undefined) {
          expect(added[0]?.span[0]).toBe(lo);
          expect(added.at(-1)?.span[1]).toBe(lo + width);
          for (const [index, { span, at }] of added.entries()) {
            if (index > 0) expect([span[0], at]).toEqual([added[index - 1]?.span[1], span[0]]);
          }
          groups.push(...added);
        }
        take(takenEarly % 7);
        lo += width;
      }
      take(Infinity);
      expect(queue.length).toBe(0);
      expect(taken.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, id) => id),
      );
      const times = taken.map(({ group }) => group.at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(groups.reduce((sum, { size }) => sum + size, 0)).toBe(count);
    }),
  );
});
