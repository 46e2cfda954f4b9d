import { type JsonElement } from "../../http/json-array-splitter.ts";
import { integerValue, valueEnd, valueKind, valueStart, valueText } from "../../http/json-element.ts";
import { formatTimestamp, parseEpoch, parseTimestamp } from "../timestamps.ts";
import { utcInstant } from "../utc-instant.ts";

/** How a stream's cursor is written, in its rows and in its state. */
export interface Cursor {
  /** The row's cursor in ms UTC; undefined if the value is none. */
  read(element: JsonElement, member: number): number | undefined;
  /** A cursor in the form of the rows, for the state. */
  format(ms: number): number | string;
}

const QUOTE = 0x22;
const DIGITS = /^\d+$/;

/** Milliseconds since the Unix epoch, as the Exports API writes all its times. */
export const epochMilliseconds: Cursor = {
  read(element, member) {
    const value = integerValue(element, member);
    if (value !== undefined) return value;
    const parsed: unknown = JSON.parse(valueText(element, member));
    // Not whatever `Number` takes for a number: a row with an empty text as its cursor was not changed in 1970.
    const number = typeof parsed === "string" && DIGITS.test(parsed) ? Number(parsed) : parsed;
    return typeof number === "number" && Number.isFinite(number) ? Math.floor(number) : undefined;
  },
  format: (ms) => ms,
};

/** A date-time string in any of Dixa's shapes, or a number in its place. */
export const timestamp: Cursor = {
  read(element, member) {
    const common = utcInstant(element.buffer, valueStart(element, member), valueEnd(element, member));
    if (common !== undefined) return common;
    const text = valueText(element, member);
    if (valueKind(element, member) !== QUOTE) return parseEpoch(text);
    return parseTimestamp(JSON.parse(text) as string);
  },
  format: formatTimestamp,
};
