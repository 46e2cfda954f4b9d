import { isUtf8 } from "node:buffer";

import { type JsonElement } from "../../http/json-array-splitter.ts";
import { keyEnd, keyStart, memberName, valueBytes } from "../../http/json-element.ts";
import { type FieldChange, LEFT_OUT, type Replacements } from "./replacements.ts";

/**
 * The platform warns at lines of 20,000,000 characters, and destinations have limits of their own; records are kept
 * below this size.
 */
export const LARGEST_RECORD_BYTES = 15_000_000;
/** Room for the keys and for the members that stay, when one member has to be cut. */
const KEPT_OF_LARGEST = 1_000_000;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const SURROGATE_PAIR = /^\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]/;

/** A surrogate pair written as two escapes, one lone surrogate, any other escape. Order matters. */
const ESCAPES =
  /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\[^]/g;
/**
 * An escape, a quote, or a number. One pattern for whole strings would be shorter, but overflows the regular
 * expression engine's stack on a string of some megabytes.
 */
const TOKEN = /\\[^]|"|(-?\d[\d.eE+-]*)/g;

/**
 * Makes an element's members safe for readers that are stricter than JSON: bytes that are no UTF-8 and lone surrogates
 * become U+FFFD (Python clients drop the whole record otherwise), numbers that no column holds become null, and the
 * largest members of a record that is too large are cut. The rest stays as it came.
 *
 * @param replacements members that are rewritten anyway, or left out; repaired ones are added to it
 * @param changes what is changed is added to it, for the record's `meta.changes`
 */
export function repair(element: JsonElement, replacements: Replacements, changes: FieldChange[]): void {
  cutLargest(element, replacements, changes);
  for (let member = 0; member < element.memberCount; member++) {
    const bytes = replacements.get(member) ?? valueBytes(element, member);
    if (bytes === LEFT_OUT) continue;
    const text = bytes.toString("utf8");
    const wellFormed = withoutLoneSurrogates(text);
    const repaired = bytes[0] === QUOTE ? wellFormed : withoutUnfitNumbers(wellFormed);
    if (repaired === text && isUtf8(bytes)) continue;
    replacements.set(member, Buffer.from(repaired));
    changes.push({
      field: fieldName(element, member),
      change: repaired === wellFormed ? "TRUNCATED" : "NULLED",
      reason: "SOURCE_SERIALIZATION_ERROR",
    });
  }
}

/** JSON text in which each escape of a lone surrogate is one of U+FFFD. */
export function withoutLoneSurrogates(text: string): string {
  if (!text.includes("\\u")) return text;
  return text.replace(ESCAPES, (escape, lone: string | undefined) =>
    lone === undefined ? escape : "\\ufffd",
  );
}

/** A member's key as it leaves. */
function fieldName(element: JsonElement, member: number): string {
  return memberName(element, member).toWellFormed();
}

function withoutUnfitNumbers(text: string): string {
  let inString = false;
  return text.replace(TOKEN, (token, number: string | undefined) => {
    if (token === '"') inString = !inString;
    return number === undefined || inString || fitsColumn(number) ? token : "null";
  });
}

function fitsColumn(number: string): boolean {
  if (/^-?\d+$/.test(number)) {
    if (number.length < 19) return true;
    const value = BigInt(number);
    return value >= INT64_MIN && value <= INT64_MAX;
  }
  return Number.isFinite(Number(number));
}

function cutLargest(element: JsonElement, replacements: Replacements, changes: FieldChange[]): void {
  const members = Array.from({ length: element.memberCount }, (_, member) => ({
    member,
    bytes: replacements.get(member) ?? valueBytes(element, member),
  })).filter(({ bytes }) => bytes !== LEFT_OUT);
  let total = members.reduce(
    (sum, { member, bytes }) => sum + keyEnd(element, member) - keyStart(element, member) + bytes.length,
    0,
  );
  if (total <= LARGEST_RECORD_BYTES) return;
  members.sort((a, b) => b.bytes.length - a.bytes.length);
  for (const { member, bytes } of members) {
    if (total <= LARGEST_RECORD_BYTES) break;
    const room = LARGEST_RECORD_BYTES - KEPT_OF_LARGEST - (total - bytes.length);
    const isText = bytes[0] === QUOTE && room > 2;
    const cut = isText ? cutText(bytes, room) : Buffer.from("null");
    replacements.set(member, cut);
    changes.push({
      field: fieldName(element, member),
      change: isText ? "TRUNCATED" : "NULLED",
      reason: "SOURCE_RECORD_SIZE_LIMITATION",
    });
    total += cut.length - bytes.length;
  }
}

/**
 * The JSON string cut to at most `room` bytes, between characters. Without making a string of it: a few copies of tens
 * of megabytes, at two bytes a character, are more than the heap of a small container holds.
 */
function cutText(bytes: Buffer, room: number): Buffer {
  // The quotes are two of the bytes.
  const limit = Math.min(bytes.length, room) - 1;
  let at = 1;
  for (;;) {
    const next = at + (bytes[at] === BACKSLASH ? escapeLength(bytes, at) : 1);
    if (next > limit) break;
    at = next;
  }
  // What would come next may be the rest of a character; none has more than three bytes behind its first.
  for (let behind = 0; behind < 3 && ((bytes[at] ?? 0) & 0xc0) === 0x80; behind++) at--;
  const cut = Buffer.from(bytes.subarray(0, at + 1));
  cut[at] = QUOTE;
  return cut;
}

/** Bytes of the escape at this place of a JSON string; two that are a surrogate pair count as one. */
function escapeLength(bytes: Buffer, at: number): number {
  if (bytes[at + 1] !== LETTER_U) return 2;
  return SURROGATE_PAIR.test(bytes.toString("latin1", at, at + 12)) ? 12 : 6;
}
