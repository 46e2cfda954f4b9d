import { formatTimestamp, normalizeTimestamp } from "../../dixa/timestamps.ts";

/** `2025-01-01T00:00:00.000Z`, with its quotes. */
const NORMAL_LENGTH = 26;
/** What stands between the digits, by place from the opening quote on. */
const SIGNS = Array.from('"    -  -  T  :  :  .   Z"', (sign, place) => ({
  byte: sign.charCodeAt(0),
  place,
})).filter(({ byte }) => byte !== 0x20);
/** By month; 29 February is looked at more closely. */
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MILLISECONDS = /^\d{12,13}$/;

/** Whether the value is written like `2025-01-01T00:00:00.000Z`: nearly all are, and need no parsing. */
export function isNormalInstant(buffer: Buffer, start: number, end: number): boolean {
  if (end - start !== NORMAL_LENGTH) return false;
  for (const { byte, place } of SIGNS) if (buffer[start + place] !== byte) return false;
  const number = (at: number) => pair(buffer, start + at);
  return (
    number(1) <= 99 &&
    number(3) <= 99 &&
    number(9) >= 1 &&
    number(9) <= (DAYS[number(6)] ?? 0) &&
    number(12) <= 23 &&
    number(15) <= 59 &&
    number(18) <= 59 &&
    number(21) <= 99 &&
    number(22) <= 99
  );
}

/** The number that two digits are; 100 or more if they are none. */
function pair(buffer: Buffer, at: number): number {
  const tens = buffer.readUInt8(at) - 0x30;
  const ones = buffer.readUInt8(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 100;
}

/**
 * What stands in a date-time column, a JSON text or number, in the one form in which instants leave; a number is taken
 * for milliseconds since 1970, as Dixa's Exports API writes instants, if that makes a date from 1973 on.
 *
 * @returns undefined if it is no instant
 */
export function normalizedInstant(json: string): Buffer | undefined {
  const text = MILLISECONDS.test(json) ? formatTimestamp(Number(json)) : undefined;
  const value: unknown = JSON.parse(json);
  const normal = text ?? (typeof value === "string" ? normalizeTimestamp(value) : undefined);
  return normal === undefined ? undefined : Buffer.from(`"${normal}"`);
}
