import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { RowBudget, RowShare } from "../../../src/source/sync/row-budget.ts";

describe("the rows that windows remember", () => {
  test("may all be of one window", () => {
    const budget = new RowBudget(100);
    const share = new RowShare(budget);
    for (let row = 0; row < 100; row++) expect(share.add()).toBe(true);
    expect(share.add()).toBe(false);
  });

  test("are bounded together, and the largest window is to blame", () => {
    const budget = new RowBudget(100);
    const [large, small] = [new RowShare(budget), new RowShare(budget)];
    for (let row = 0; row < 95; row++) large.add();
    for (let row = 0; row < 6; row++) expect(small.add()).toBe(true);
    expect(large.add()).toBe(false);
    large.close();
    for (let row = 0; row < 90; row++) expect(small.add()).toBe(true);
  });

  test("never exceed twice the budget, in whatever order four windows get theirs", () => {
    const most = 400;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { minLength: 2000, maxLength: 4000 }), (order) => {
        const budget = new RowBudget(most);
        const shares = Array.from({ length: 4 }, () => new RowShare(budget));
        const steps = order.map((index) => {
          // Who is to blame ends, and is read anew in a smaller piece.
          if (shares[index]?.add() === false) {
            shares[index].close();
            shares[index] = new RowShare(budget);
          }
          const { total, open } = budget;
          return { total, open, together: shares.reduce((sum, { rows }) => sum + rows, 0) };
        });
        const wrong = steps.filter(
          ({ total, open, together }) => total !== together || total > 2 * most || open !== 4,
        );
        expect(wrong).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test("are counted anew when an answer begins anew", () => {
    const budget = new RowBudget(10);
    const share = new RowShare(budget);
    for (let row = 0; row < 10; row++) share.add();
    share.restart();
    expect(budget.total).toBe(0);
    expect(share.add()).toBe(true);
  });
});
