import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import {
  formatSeconds,
  formatTimestamp,
  normalizeTimestamp,
  parseEpoch,
  parseTimestamp,
} from "../../src/dixa/timestamps.ts";

const instants = fc.integer({ min: 0, max: Date.UTC(2199, 11, 31) });
const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 });
const two = (value: number) => String(value).padStart(2, "0");

describe("an instant", () => {
  test.each([
    ["to the second", "2020-12-16T09:41:43Z", "2020-12-16T09:41:43.000Z"],
    ["to the millisecond", "2021-12-01T12:46:36.581Z", "2021-12-01T12:46:36.581Z"],
    ["with Java's zone", "2021-12-01T12:46:36.581Z[GMT]", "2021-12-01T12:46:36.581Z"],
    ["with Java's zone, to the second", "2021-12-01T12:46:36Z[GMT]", "2021-12-01T12:46:36.000Z"],
    ["without a zone", "2021-12-01T12:46:35.935", "2021-12-01T12:46:35.935Z"],
    ["with an offset", "2021-12-01T12:46:35+00:00", "2021-12-01T12:46:35.000Z"],
    ["with another offset", "2021-12-01T01:46:35.5-02:30", "2021-12-01T04:16:35.500Z"],
    ["with an offset without colon", "2021-12-01T12:46:35+0100", "2021-12-01T11:46:35.000Z"],
    ["with offset and zone", "2021-12-01T12:46:35+01:00[Europe/Copenhagen]", "2021-12-01T11:46:35.000Z"],
    ["with a blank for the T", "2021-12-01 12:46:35Z", "2021-12-01T12:46:35.000Z"],
    ["to the minute, as Java writes a whole one", "2026-11-21T12:46Z[GMT]", "2026-11-21T12:46:00.000Z"],
    ["to the minute without a zone", "2021-12-01T12:46", "2021-12-01T12:46:00.000Z"],
    ["without an offset, in UTC by name", "2021-12-01T12:46:35[UTC]", "2021-12-01T12:46:35.000Z"],
    ["in small letters", "2021-12-01t12:46:35z", "2021-12-01T12:46:35.000Z"],
    ["to a tenth of a second", "2021-12-01T12:46:36.5Z", "2021-12-01T12:46:36.500Z"],
    [
      "to the microsecond, none of which is lost",
      "2021-12-01T12:46:36.581234Z",
      "2021-12-01T12:46:36.581234Z",
    ],
    ["to the nanosecond", "2021-12-01T12:46:36.000000001Z[GMT]", "2021-12-01T12:46:36.000000001Z"],
  ])("%s leaves in one form", (_, text, normal) => {
    expect(normalizeTimestamp(text)).toBe(normal);
    expect(parseTimestamp(text)).toBe(Date.parse(normal));
  });

  test("survives writing and reading", () => {
    fc.assert(
      fc.property(instants, (ms) => {
        expect(parseTimestamp(formatTimestamp(ms))).toBe(ms);
        expect(normalizeTimestamp(formatTimestamp(ms))).toBe(formatTimestamp(ms));
        expect(parseTimestamp(`${formatTimestamp(ms)}[GMT]`)).toBe(ms);
        expect(parseTimestamp(formatTimestamp(ms).slice(0, -1))).toBe(ms);
      }),
    );
  });

  test("is the same in every offset", () => {
    fc.assert(
      fc.property(instants, offsets, (ms, minutes) => {
        const local = formatTimestamp(ms + minutes * 60_000).slice(0, -1);
        const sign = minutes < 0 ? "-" : "+";
        const size = Math.abs(minutes);
        const offset = `${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
        expect(parseTimestamp(local + offset)).toBe(ms);
        expect(normalizeTimestamp(local + offset)).toBe(formatTimestamp(ms));
      }),
    );
  });

  test("keeps its digits beyond milliseconds", () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 999_999 }), (ms, nanos) => {
        const digits = String(nanos).padStart(6, "0");
        const text = `${formatTimestamp(ms).slice(0, -1)}${digits}Z`;
        expect(normalizeTimestamp(`${text}[GMT]`)).toBe(text);
        expect(parseTimestamp(text)).toBe(ms);
      }),
    );
  });

  test.each([
    "",
    "now",
    "1704067200000",
    "2021-12-01",
    "2021-12-01T12",
    "2021-02-30T00:00:00Z",
    "2021-12-01T12:46:35[Europe/Copenhagen]",
    "2021-12-01T12:46.5Z",
    "2021-13-01T00:00:00Z",
    "2021-12-01T25:00:00Z",
    "2021-12-01T12:46:35+1",
    "2021-12-01T12:46:35Z trailing",
    "see 2021-12-01T12:46:35Z",
    "2021-12-01T12:46:35Z[GMT",
    "2021-12-01T12:46:35.Z",
  ])("is not %j", (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
    expect(normalizeTimestamp(text)).toBeUndefined();
  });
});

describe("an instant as a number", () => {
  test.each([
    ["milliseconds", "1735689600123", 1735689600123],
    ["milliseconds of the last century", "946684800000", 946684800000],
    ["seconds", "1735689600", 1735689600000],
    ["seconds with a fraction, as Java writes them", "1735689600.123456789", 1735689600123],
    ["seconds with a short fraction", "1735689600.5", 1735689600500],
  ])("of %s is read", (_, digits, ms) => {
    expect(parseEpoch(digits)).toBe(ms);
  });

  test.each(["0", "-1735689600123", "17356896", "17356896001", "1735689600123456", "1.7e12", "null", ""])(
    "is not %j",
    (digits) => {
      expect(parseEpoch(digits)).toBeUndefined();
    },
  );
});

test("whole seconds are floored, in the form that the activity log is known to accept", () => {
  expect(formatSeconds(Date.UTC(2025, 0, 1, 0, 0, 1, 999))).toBe("2025-01-01T00:00:01Z");
  fc.assert(
    fc.property(instants, (ms) => {
      expect(formatSeconds(ms)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(ms - Date.parse(formatSeconds(ms))).toBe(ms % 1000);
    }),
  );
});
