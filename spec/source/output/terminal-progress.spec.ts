import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import {
  progressLine,
  showProgress,
  type StreamSnapshot,
} from "../../../src/source/output/terminal-progress.ts";

const NOW = Date.UTC(2024, 0, 1);
const SNAPSHOT: StreamSnapshot = {
  name: "conversations",
  phase: "reading",
  rows: 1_234_567,
  bytes: 25_000_000,
  slices: 3,
  requests: 4,
  done: 0.5,
  wait: undefined,
  elapsed: 10_000,
};

describe("a stream's line", () => {
  test("says how far it is, how much has come, and how fast", () => {
    expect(progressLine(SNAPSHOT, NOW, 200)).toBe(
      "conversations  ████████████░░░░░░░░░░░░  50 %  1,234,567 rows  2.5 MB/s  3 slices  4 requests",
    );
  });

  test.each<[string, Partial<StreamSnapshot>, string]>([
    ["a complete one", { phase: "complete", done: 1 }, "4 requests  done"],
    ["one that was stopped", { phase: "incomplete" }, "4 requests  stopped"],
    [
      "one that waits for its budget",
      { wait: { reason: "budget", untilMs: NOW + 45_000 } },
      "rate limit, goes on in 45 s",
    ],
    [
      "one under a rate limit",
      { wait: { reason: "rate_limited", untilMs: NOW + 300_000 } },
      "rate limit, goes on in 5 min",
    ],
    ["one in trouble", { wait: { reason: "server", untilMs: NOW + 2000 } }, "trouble, tries again in 2 s"],
    ["a body in trouble", { wait: { reason: "body", untilMs: NOW + 2000 } }, "trouble, tries again in 2 s"],
  ])("of %s ends in words", (_, more, end) => {
    expect(progressLine({ ...SNAPSHOT, ...more }, NOW, 200)).toMatch(new RegExp(`${end}$`));
  });

  test("before its first row is drawn too", () => {
    expect(
      progressLine({ ...SNAPSHOT, phase: "waiting", rows: 0, bytes: 0, done: 0, elapsed: 0 }, NOW, 200),
    ).toMatch(/░{24} {3}0 % {2}0 rows {2}0\.0 MB\/s/);
  });

  test("never says 100 % too early, and is never wider than the terminal", () => {
    expect(progressLine({ ...SNAPSHOT, done: 0.9999 }, NOW, 200)).toContain(" 99 %");
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        (done, columns) => {
          const line = progressLine({ ...SNAPSHOT, done }, NOW, columns);
          expect(line.length).toBeLessThan(columns);
        },
      ),
    );
  });
});

describe("progress", () => {
  function terminal(isTTY: boolean) {
    const written: string[] = [];
    return {
      written,
      isTTY,
      columns: 120,
      write: (text: string) => written.push(text.replaceAll("\u001b", "ESC")),
    };
  }

  test("is drawn on a terminal, over itself, and left standing at the end", () => {
    const screen = terminal(true);
    const end = showProgress(screen, () => [SNAPSHOT, { ...SNAPSHOT, name: "messages" }]);
    end();
    expect(screen.written).toHaveLength(2);
    expect(screen.written[0]).toMatch(/^ESC\[2Kconversations.*\nESC\[2Kmessages.*\n$/);
    // Two lines up, to draw over the first.
    expect(screen.written[1]).toMatch(/^ESC\[2AESC\[2Kconversations/);
  });

  test("is drawn nowhere else", () => {
    const pipe = terminal(false);
    showProgress(pipe, () => [SNAPSHOT])();
    expect(pipe.written).toEqual([]);
  });

  test("is drawn only once, at the end, where the messages go to the same terminal", () => {
    const screen = terminal(true);
    const end = showProgress(screen, () => [SNAPSHOT], true);
    expect(screen.written).toEqual([]);
    end();
    expect(screen.written).toHaveLength(1);
  });
});
