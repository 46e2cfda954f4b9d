import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { parseTimestamp } from "../../src/dixa/timestamps.ts";
import { utcInstant } from "../../src/dixa/utc-instant.ts";

/** Reads the text from within other bytes that could be taken for a part of it. */
function read(text: string): number | undefined {
  const json = Buffer.from(JSON.stringify(text));
  const buffer = Buffer.concat([Buffer.from('"2025-'), json, Buffer.from('00Z[GMT]"')]);
  return utcInstant(buffer, 6, 6 + json.length);
}

const instants = fc.date({ noInvalidDate: true, min: new Date("0100-01-01"), max: new Date("9999-12-31") });
const tails = fc.constantFrom<[from: number, tail: string]>(
  [23, "Z"],
  [23, "Z[GMT]"],
  [19, "Z"],
  [19, "Z[GMT]"],
);

describe("an instant in one of the usual shapes", () => {
  test("is what parsing it gives", () => {
    fc.assert(
      fc.property(instants, tails, (date, [length, tail]) => {
        const text = date.toISOString().slice(0, length) + tail;
        // The last day of February is left to who parses.
        expect(read(text)).toBe(text.slice(5, 10) === "02-29" ? undefined : parseTimestamp(text));
      }),
      { numRuns: 1000 },
    );
  });

  test("is nothing else when it is damaged", () => {
    const signs = Array.from('0123456789-:.TZtz[]GMT "+é\0/');
    fc.assert(
      fc.property(
        ...[instants, tails, fc.nat(), fc.integer({ min: 0, max: 1 }), fc.constantFrom("", ...signs)],
        (date, [length, tail], place, cut, put) => {
          const text = date.toISOString().slice(0, length) + tail;
          const at = place % (text.length + 1);
          const damaged = text.slice(0, at) + put + text.slice(at + cut);
          const ms = read(damaged);
          if (ms !== undefined) expect(ms).toBe(parseTimestamp(damaged));
        },
      ),
      { numRuns: 10_000 },
    );
  });

  test.each([
    ["a day that does not exist", "2025-02-30T00:00:00Z"],
    ["the last day of February", "2024-02-29T00:00:00Z"],
    ["no day", "2025-01-00T00:00:00Z"],
    ["no month", "2025-13-01T00:00:00Z"],
    ["the end of a day", "2025-01-01T24:00:00Z"],
    ["a leap second", "2025-01-01T23:59:60Z"],
    ["a year that Date.UTC takes for another", "0025-01-01T00:00:00Z"],
    ["digits beyond milliseconds", "2025-01-01T00:00:00.0001Z"],
    ["two digits of a fraction", "2025-01-01T00:00:00.00Z"],
    ["another zone", "2025-01-01T00:00:00Z[CET]"],
    ["an offset", "2025-01-01T00:00:00+01:00"],
    ["no zone", "2025-01-01T00:00:00.000"],
    ["nothing", ""],
  ])("is not read where there is %s", (_, text) => {
    expect(read(text)).toBeUndefined();
  });
});
