import { expect, test } from "@jest/globals";

import { toBins } from "../../../src/relay/page/account-history.ts";
import { historyCharts } from "../../../src/relay/page/history-charts.ts";

const QUARTER = 900_000;
const DAY = 96 * QUARTER;
const FIRST = Date.UTC(2026, 10, 26);
const NOW = FIRST + DAY - QUARTER + 60_000;
const NOTHING = { events: 0, syncs: 0, failures: 0, lagMs: null };

test("an entry counts for the quarter of an hour before it, and nothing is lost or counted twice", () => {
  const { bins } = toBins(
    [
      { ...NOTHING, at: FIRST, events: 1000 },
      { ...NOTHING, at: FIRST + QUARTER, events: 1, syncs: 1, lagMs: 5 },
      { ...NOTHING, at: FIRST + QUARTER + 1, events: 10, failures: 1 },
      { ...NOTHING, at: FIRST + 2 * QUARTER, events: 100, syncs: 2, lagMs: 9 },
      { ...NOTHING, at: NOW, events: 7 },
    ],
    FIRST,
    NOW,
  );
  expect(bins).toHaveLength(96);
  expect(bins[0]).toEqual({ at: FIRST, events: 1, syncs: 1, failures: 0, lagMs: 5 });
  expect(bins[1]).toEqual({ at: FIRST + QUARTER, events: 110, syncs: 2, failures: 1, lagMs: 9 });
  expect(bins.at(-1)).toMatchObject({ events: 7 });
  expect(bins.reduce((sum, { events }) => sum + events, 0)).toBe(118);
});

test("the charts say in words and in a table what they show", () => {
  const history = toBins(
    [
      { at: FIRST + QUARTER, events: 150, syncs: 3, failures: 1, lagMs: 95_000 },
      { at: NOW, events: 30, syncs: 0, failures: 0, lagMs: null },
    ],
    FIRST,
    NOW,
  );
  const text = historyCharts(history, NOW).html.replaceAll(/\s+/g, " ");
  // The last quarter has lasted for a minute yet.
  expect(text).toContain("180 events in 24 hours, at most 30 a minute.");
  expect(text).toContain("3 syncs succeeded and 1 failed in 24 hours.");
  expect(text).toContain("At most 1m 35s in 24 hours.");
  expect(text.match(/<rect/g)).toHaveLength(5);
  expect(text.match(/aria-labelledby="\w+-title \w+-text"/g)).toHaveLength(3);
  expect(text.match(/<th scope="row">/g)).toHaveLength(24);
  expect(text).toMatch(/<td>150<\/td> <td>3<\/td> <td>1<\/td> <td>1m 35s<\/td>/);
});

test("a day without anything is told as such", () => {
  const text = historyCharts(toBins([], FIRST, NOW), NOW).html;
  expect(text).toContain("0 events in 24 hours");
  expect(text).toContain("No sync ended in 24 hours.");
  expect(text).not.toContain("<rect");
});
