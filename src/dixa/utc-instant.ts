/** `"2025-01-01T00:00:00` with its quote, before the fraction and the zone. */
const SECONDS_LENGTH = 20;
const ZONE_NAME = '[GMT]"';
const QUOTE = 0x22;
const POINT = 0x2e;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
/** By month; 29 February is looked at more closely by who parses texts. */
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The instant, in ms UTC, that a JSON text in the shape `"2025-01-01T00:00:00Z"` writes, with three digits of a fraction
 * or none, and with `[GMT]` or without: nearly all of Dixa's instants, read without making anything.
 *
 * @returns undefined if the shape is another: it may still be an instant
 */
export function utcInstant(buffer: Buffer, start: number, end: number): number | undefined {
  if (end - start < SECONDS_LENGTH + 2) return undefined;
  const seconds = start + SECONDS_LENGTH;
  const hasFraction = buffer[seconds] === POINT;
  const zone = hasFraction ? seconds + 4 : seconds;
  if (buffer[zone] !== LETTER_Z || !isEnd(buffer, zone + 1, end)) return undefined;
  const century = pair(buffer, start + 1);
  const year = pair(buffer, start + 3);
  const month = pair(buffer, start + 6);
  const day = pair(buffer, start + 9);
  const hour = pair(buffer, start + 12);
  const minute = pair(buffer, start + 15);
  const second = pair(buffer, start + 18);
  const isWritten =
    buffer[start] === QUOTE &&
    buffer[start + 5] === HYPHEN &&
    buffer[start + 8] === HYPHEN &&
    buffer[start + 11] === LETTER_T &&
    buffer[start + 14] === COLON &&
    buffer[start + 17] === COLON;
  // `Date.UTC` takes the first hundred years for those of the twentieth century.
  const isDate = century >= 1 && century < 100 && year < 100 && day >= 1 && day <= (DAYS[month] ?? 0);
  if (!isWritten || !isDate || hour >= 24 || minute >= 60 || second >= 60) return undefined;
  const ms = hasFraction ? pair(buffer, seconds + 1) * 10 + digit(buffer, seconds + 3) : 0;
  if (ms >= 1000) return undefined;
  return Date.UTC(century * 100 + year, month - 1, day, hour, minute, second, ms);
}

/** Whether only a name of UTC, if anything, stands before the quote that closes what a quote has opened. */
function isEnd(buffer: Buffer, at: number, end: number): boolean {
  if (at + 1 === end) return true;
  if (at + ZONE_NAME.length !== end || buffer[at] !== OPEN_BRACKET) return false;
  for (let i = 1; i < ZONE_NAME.length; i++) if (buffer[at + i] !== ZONE_NAME.charCodeAt(i)) return false;
  return true;
}

/** The number that two digits are; 100 or more if they are none. */
function pair(buffer: Buffer, at: number): number {
  return digit(buffer, at) * 10 + digit(buffer, at + 1);
}

/** 1000 if it is none. */
function digit(buffer: Buffer, at: number): number {
  const value = (buffer[at] ?? 0) - 0x30;
  return value >= 0 && value <= 9 ? value : 1000;
}
