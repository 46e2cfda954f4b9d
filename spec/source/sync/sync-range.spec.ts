import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { syncRange } from "../../../src/source/sync/sync-range.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2024, 5, 1);
const START = NOW - 100 * DAY;
const CONFIG = { start: START, end: undefined, rollingWindow: undefined, lookback: HOUR };
const at = (cursor: number) => ({ cursor, ahead: [] });

describe("a first sync", () => {
  test("reads from the start date up to now", () => {
    expect(syncRange(CONFIG, NOW, undefined, true)).toEqual({
      start: START,
      end: NOW,
      done: [],
      floor: undefined,
      settled: NOW - HOUR,
    });
  });

  test("stops at the end date, but never in the future", () => {
    expect(syncRange({ ...CONFIG, end: NOW - DAY }, NOW, undefined, true).end).toBe(NOW - DAY);
    expect(syncRange({ ...CONFIG, end: NOW + DAY }, NOW, undefined, true).end).toBe(NOW);
  });

  test("starts at the later of start date and rolling window", () => {
    expect(syncRange({ ...CONFIG, rollingWindow: 30 * DAY }, NOW, undefined, true).start).toBe(
      NOW - 30 * DAY,
    );
    expect(syncRange({ ...CONFIG, rollingWindow: 300 * DAY }, NOW, undefined, true).start).toBe(START);
  });
});

describe("a later sync", () => {
  test("goes back by the lookback, and its state never falls behind the one that came in", () => {
    const cursor = NOW - 2 * DAY;
    expect(syncRange(CONFIG, NOW, at(cursor), true)).toMatchObject({ start: cursor - HOUR, floor: cursor });
  });

  test("never goes back before the start date or the rolling window", () => {
    expect(syncRange(CONFIG, NOW, at(START + 1), true).start).toBe(START);
    expect(syncRange(CONFIG, NOW, at(START - 9 * DAY), true)).toMatchObject({
      start: START,
      floor: START - 9 * DAY,
    });
    const rolling = { ...CONFIG, rollingWindow: 10 * DAY };
    expect(syncRange(rolling, NOW, at(NOW - 50 * DAY), true).start).toBe(NOW - 10 * DAY);
  });

  test("leaves out what an earlier attempt has put out", () => {
    const ahead = [[NOW - 5 * DAY, NOW - 4 * DAY]] as const;
    expect(syncRange(CONFIG, NOW, { cursor: NOW - 9 * DAY, ahead }, true).done).toEqual(ahead);
  });

  test("reads nothing when its state lies in the future, and keeps that state", () => {
    const cursor = NOW + 365 * DAY;
    const range = syncRange(CONFIG, NOW, at(cursor), true);
    expect(range.start).toBeGreaterThanOrEqual(range.end);
    expect(range.floor).toBe(cursor);
  });

  test("comes back to the present when its state is only a little ahead of it, as after a change of clocks", () => {
    expect(syncRange(CONFIG, NOW, at(NOW + HOUR / 2), true)).toMatchObject({
      start: NOW - HOUR / 2,
      end: NOW,
      floor: undefined,
    });
  });

  test("reads nothing beyond an end date that it has passed", () => {
    const range = syncRange({ ...CONFIG, end: NOW - 50 * DAY }, NOW, at(NOW - DAY), true);
    expect(range.start).toBeGreaterThanOrEqual(range.end);
    expect(range.floor).toBe(NOW - DAY);
  });
});

describe("a full refresh", () => {
  test("goes on exactly where its last attempt stopped: its destination keeps doubles", () => {
    const cursor = NOW - 2 * DAY;
    expect(syncRange(CONFIG, NOW, at(cursor), false)).toMatchObject({ start: cursor, settled: NOW });
  });
});

test("whatever comes in, no instant is skipped: reading begins at the cursor at the latest, or at the earliest wanted", () => {
  const config = fc.record({
    start: fc.integer({ min: 0, max: NOW - 1 }),
    end: fc.option(fc.integer({ min: 1, max: 2 * NOW }), { nil: undefined }),
    rollingWindow: fc.option(fc.integer({ min: DAY, max: 400 * DAY }), { nil: undefined }),
    lookback: fc.integer({ min: 0, max: 10 * DAY }),
  });
  const progress = fc.option(fc.integer({ min: 0, max: 2 * NOW }).map(at), { nil: undefined });
  fc.assert(
    fc.property(config, progress, fc.boolean(), (own, state, incremental) => {
      const range = syncRange(own, NOW, state, incremental);
      const earliest = Math.max(own.start, NOW - (own.rollingWindow ?? NOW));
      expect(range.start).toBeGreaterThanOrEqual(earliest);
      expect(range.start).toBeLessThanOrEqual(Math.max(earliest, state?.cursor ?? 0));
      expect(range.end).toBeLessThanOrEqual(NOW);
      expect(range.settled).toBeLessThanOrEqual(range.end);
      if (range.floor !== undefined) expect(range.floor).toBe(state?.cursor);
    }),
  );
});
