import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { normalizedInstant } from "../../../src/source/output/instants.ts";

const instants = fc.date({ noInvalidDate: true, min: new Date("0100-01-01"), max: new Date("9999-12-31") });
const tails = fc.constantFrom<[from: number, tail: string]>(
  [23, "Z"],
  [23, "Z[GMT]"],
  [19, "Z"],
  [19, "Z[GMT]"],
);

test("an instant leaves in the same form, whichever way it was read", () => {
  fc.assert(
    fc.property(instants, tails, (date, [length, tail]) => {
      const text = Buffer.from(JSON.stringify(date.toISOString().slice(0, length) + tail));
      const wanted = date.toISOString().slice(0, length).padEnd(23, ".000") + "Z";
      expect(normalizedInstant(text, 0, text.length)?.toString()).toBe(JSON.stringify(wanted));
    }),
    { numRuns: 1000 },
  );
});
