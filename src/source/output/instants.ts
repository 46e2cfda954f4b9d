import { formatTimestamp, normalizeTimestamp, parseEpoch } from "../../dixa/timestamps.ts";

/** `2025-01-01T00:00:00.000Z`, with its quotes. */
const NORMAL_LENGTH = 26;
const POINT = 0x2e;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
/** By month; 29 February is looked at more closely. */
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether the value is written like `2025-01-01T00:00:00.000Z`: nearly all are, and need no parsing. */
export function isNormalInstant(buffer: Buffer, start: number, end: number): boolean {
  if (end - start !== NORMAL_LENGTH) return false;
  const day = pair(buffer, start + 9);
  return (
    buffer[start + 5] === HYPHEN &&
    buffer[start + 8] === HYPHEN &&
    buffer[start + 11] === LETTER_T &&
    buffer[start + 14] === COLON &&
    buffer[start + 17] === COLON &&
    buffer[start + 20] === POINT &&
    buffer[start + 24] === LETTER_Z &&
    pair(buffer, start + 1) < 100 &&
    pair(buffer, start + 3) < 100 &&
    day >= 1 &&
    day <= (DAYS[pair(buffer, start + 6)] ?? 0) &&
    pair(buffer, start + 12) < 24 &&
    pair(buffer, start + 15) < 60 &&
    pair(buffer, start + 18) < 60 &&
    pair(buffer, start + 21) < 100 &&
    pair(buffer, start + 22) < 100
  );
}

/** The number that two digits are; 100 or more if they are none. */
function pair(buffer: Buffer, at: number): number {
  const tens = (buffer[at] ?? 0) - 0x30;
  const ones = (buffer[at + 1] ?? 0) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 100;
}

/**
 * What stands in a date-time column, a JSON text or number, in the one form in which instants leave.
 *
 * @returns undefined if it is no instant
 */
export function normalizedInstant(json: string): Buffer | undefined {
  const epoch = parseEpoch(json);
  const value: unknown = epoch === undefined ? JSON.parse(json) : formatTimestamp(epoch);
  const normal = typeof value === "string" ? normalizeTimestamp(value) : undefined;
  return normal === undefined ? undefined : Buffer.from(`"${normal}"`);
}
