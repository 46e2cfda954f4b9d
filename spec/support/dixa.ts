import { Dixa, type DixaOptions } from "../../src/dixa/dixa.ts";
import { type JsonElement } from "../../src/http/json-array-splitter.ts";
import { SkippingClock } from "./skipping-clock.ts";

/** A token that can't stand in a text by chance. */
export const TOKEN = "tok3n-DIXA-9f27c1e4b8";

/** Dixa's addresses, on which nock answers, with budgets that no test uses up. */
export function dixaOf(options: Partial<DixaOptions> = {}): Dixa {
  return new Dixa({
    apiToken: TOKEN,
    exportsUrl: "https://exports.dixa.io",
    apiUrl: "https://dev.dixa.io",
    exportsRequestsPerMinute: 1000,
    apiRequestsPerSecond: 1000,
    connections: 4,
    userAgent: "source-dixa/spec",
    clock: new SkippingClock(),
    ...options,
  });
}

/** A reading that keeps the text of every row. */
export function rowReading() {
  const rows: string[] = [];
  return {
    rows,
    onElement: ({ buffer, start, end }: JsonElement) => {
      rows.push(buffer.toString("utf8", start, end));
    },
    drained: () => undefined,
  };
}
