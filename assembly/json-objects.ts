// AssemblyScript: `npm run assembly` compiles it into src/http/json-objects-module.ts.
//
// Looks for one JSON object as it stands in nearly all rows, sixteen bytes of a string at a time. Whatever is unusual (a
// blank between tokens, a deep nesting, an end that is too near, and of course a fault) is left to JsonArraySplitter,
// which looks at each byte and can say what is wrong. So the one fault that must not be here is to take what
// `JSON.parse` would refuse.
//
// The memory: a word with the number of members, a word with flags, and from MEMBERS on four offsets a member, as
// JsonElement describes them. The text lies from TEXT on.

const FLAGS: usize = 4;
const MEMBERS: usize = 16;
const MEMBER_BYTES: usize = 16;
const TEXT: usize = 65536;

const SURROGATE_ESCAPE: i32 = 1;
const ESCAPED_KEY: i32 = 2;
const LONG_NUMBER: i32 = 4;

/** Integers of fewer characters fit 64 bits. */
const LONG_NUMBER_LENGTH: i32 = 19;
const DEEPEST: i32 = 100;
/** What no function reads beyond: 16 bytes of a string, and a few of what follows it. */
const MARGIN: i32 = 32;

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const OPEN_BRACE: u32 = 0x7b;
const CLOSE_BRACE: u32 = 0x7d;
const OPEN_BRACKET: u32 = 0x5b;
const CLOSE_BRACKET: u32 = 0x5d;
/** The words as they lie in memory, the lowest byte first. */
const NULL: u32 = 0x6c6c756e;
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;

let flags: i32 = 0;
/** Nothing may begin behind it: what follows within MARGIN is still text. */
let limit: i32 = 0;

/**
 * Checks the object that begins at `start`, and writes down its members.
 *
 * @param end where the text ends, exclusive
 * @returns where the object ends, exclusive; -1 if it is none, or not of the kind that is looked for here
 */
export function scanObject(start: i32, end: i32): i32 {
  limit = end - MARGIN;
  flags = 0;
  let at = start + 1;
  let member = MEMBERS;
  if (start > limit || byte(start) != OPEN_BRACE) return -1;
  while (at <= limit && member < TEXT) {
    store<i32>(member, at - start);
    at = skipKey(at);
    if (at == -1) return -1;
    store<i32>(member, at - start, 4);
    at++;
    store<i32>(member, at - start, 8);
    at = skipValue(at, 0);
    if (at == -1) return -1;
    store<i32>(member, at - start, 12);
    member += MEMBER_BYTES;
    const next = byte(at);
    at++;
    if (next == CLOSE_BRACE) {
      const count = (member - MEMBERS) / MEMBER_BYTES;
      store<i32>(0, count as i32);
      store<i32>(FLAGS, flags);
      return at;
    }
    if (next != COMMA) return -1;
  }
  return -1;
}

function byte(at: i32): u32 {
  return load<u8>(at);
}

/** Where the key ends, exclusive, if a colon follows it. */
function skipKey(at: i32): i32 {
  if (byte(at) != QUOTE) return -1;
  const end = skipString(at, ESCAPED_KEY);
  return end == -1 || byte(end) != COLON ? -1 : end;
}

function skipValue(at: i32, depth: i32): i32 {
  const first = byte(at);
  if (first == QUOTE) return skipString(at, 0);
  const word = load<u32>(at);
  if (word == NULL || word == TRUE) return at + 4;
  if (first == OPEN_BRACE) return skipObject(at, depth);
  if (first == OPEN_BRACKET) return skipArray(at, depth);
  if (first == 0x66) return load<u32>(at + 1) == ALSE ? at + 5 : -1;
  return skipNumber(at);
}

function skipObject(start: i32, depth: i32): i32 {
  let at = start + 1;
  if (byte(at) == CLOSE_BRACE) return at + 1;
  if (depth == DEEPEST) return -1;
  while (at <= limit) {
    at = skipKey(at);
    if (at == -1) return -1;
    at = skipValue(at + 1, depth + 1);
    if (at == -1) return -1;
    const next = byte(at);
    at++;
    if (next == CLOSE_BRACE) return at;
    if (next != COMMA) return -1;
  }
  return -1;
}

function skipArray(start: i32, depth: i32): i32 {
  let at = start + 1;
  if (byte(at) == CLOSE_BRACKET) return at + 1;
  if (depth == DEEPEST) return -1;
  while (at <= limit) {
    at = skipValue(at, depth + 1);
    if (at == -1) return -1;
    const next = byte(at);
    at++;
    if (next == CLOSE_BRACKET) return at;
    if (next != COMMA) return -1;
  }
  return -1;
}

/** @param flag is set if there is an escape in the string */
function skipString(start: i32, flag: i32): i32 {
  let at = start + 1;
  while (at <= limit) {
    const bytes = v128.load(at);
    const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
    const backslashes = i8x16.eq(bytes, i8x16.splat(0x5c));
    const controls = i8x16.lt_u(bytes, i8x16.splat(0x20));
    const ends = i8x16.bitmask(v128.or(v128.or(quotes, backslashes), controls));
    if (ends == 0) {
      at += 16;
      continue;
    }
    at += ctz(ends);
    const end = byte(at);
    if (end == QUOTE) return at + 1;
    if (end != BACKSLASH || at > limit) return -1;
    flags |= flag;
    at = skipEscape(at + 1);
    if (at == -1) return -1;
  }
  return -1;
}

/** @param at behind the backslash */
function skipEscape(at: i32): i32 {
  switch (byte(at)) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 1;
    case 0x75:
      if (!isHex(at + 1) || !isHex(at + 2) || !isHex(at + 3) || !isHex(at + 4)) return -1;
      if ((byte(at + 1) | 0x20) == 0x64 && byte(at + 2) >= 0x38) flags |= SURROGATE_ESCAPE;
      return at + 5;
    default:
      return -1;
  }
}

function isHex(at: i32): bool {
  const digit = byte(at);
  return digit - 0x30 <= 9 || (digit | 0x20) - 0x61 <= 5;
}

function skipNumber(start: i32): i32 {
  const whole = byte(start) == 0x2d ? start + 1 : start;
  let at = skipDigits(whole);
  if (at == -1 || (byte(whole) == 0x30 && at > whole + 1)) return -1;
  if (byte(at) == 0x2e) {
    at = skipDigits(at + 1);
    if (at == -1) return -1;
  }
  if ((byte(at) | 0x20) == 0x65) {
    const sign = byte(at + 1);
    at = skipDigits(sign == 0x2b || sign == 0x2d ? at + 2 : at + 1);
    if (at == -1) return -1;
    flags |= LONG_NUMBER;
  }
  if (at - start >= LONG_NUMBER_LENGTH) flags |= LONG_NUMBER;
  return at;
}

/** One digit at least. */
function skipDigits(start: i32): i32 {
  let at = start;
  while (at <= limit && byte(at) - 0x30 <= 9) at++;
  return at == start || at > limit ? -1 : at;
}
