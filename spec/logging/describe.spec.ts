import { expect, test } from "@jest/globals";

import { describeDuration, describeInstant, describeWindow } from "../../src/logging/describe.ts";

test.each([
  [-5000, "0 s"],
  [0, "0 s"],
  [1499, "1 s"],
  [119_000, "119 s"],
  [120_000, "2 min"],
  [3_600_000, "60 min"],
  [7_199_000, "120 min"],
  [7_200_000, "2 h"],
  [86_400_000, "24 h"],
])("%i ms are %s", (ms, words) => {
  expect(describeDuration(ms)).toBe(words);
});

test("instants have milliseconds only where there are any", () => {
  const start = Date.UTC(2024, 0, 1);
  expect(describeInstant(start)).toBe("2024-01-01T00:00:00Z");
  expect(describeWindow(start, start + 1)).toBe("2024-01-01T00:00:00Z to 2024-01-01T00:00:00.001Z");
});
