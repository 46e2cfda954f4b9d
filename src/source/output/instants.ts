import { formatTimestamp, normalizeTimestamp, parseEpoch } from "../../dixa/timestamps.ts";
import { utcInstant } from "../../dixa/utc-instant.ts";

/** `"2025-01-01T00:00:00.000Z"`, with its quotes. */
const NORMAL_LENGTH = 26;
/** Up to the seconds, and up to the milliseconds. */
const SECONDS_LENGTH = 20;
const FRACTION_LENGTH = 24;
const POINT = 0x2e;
const NO_FRACTION = Buffer.from('.000Z"');
const END = Buffer.from('Z"');

/** Whether the value is written like `2025-01-01T00:00:00.000Z`, as instants leave. */
export function isNormalInstant(buffer: Buffer, start: number, end: number): boolean {
  return end - start === NORMAL_LENGTH && utcInstant(buffer, start, end) !== undefined;
}

/**
 * What stands in a date-time column, a JSON text or number, in the one form in which instants leave.
 *
 * @returns undefined if it is no instant
 */
export function normalizedInstant(buffer: Buffer, start: number, end: number): Buffer | undefined {
  if (utcInstant(buffer, start, end) === undefined) return parsedInstant(buffer.toString("utf8", start, end));
  const hasFraction = buffer[start + SECONDS_LENGTH] === POINT;
  const length = hasFraction ? FRACTION_LENGTH : SECONDS_LENGTH;
  const normal = Buffer.allocUnsafe(NORMAL_LENGTH);
  buffer.copy(normal, 0, start, start + length);
  (hasFraction ? END : NO_FRACTION).copy(normal, length);
  return normal;
}

function parsedInstant(json: string): Buffer | undefined {
  const epoch = parseEpoch(json);
  const value: unknown = epoch === undefined ? JSON.parse(json) : formatTimestamp(epoch);
  const normal = typeof value === "string" ? normalizeTimestamp(value) : undefined;
  return normal === undefined ? undefined : Buffer.from(`"${normal}"`);
}
