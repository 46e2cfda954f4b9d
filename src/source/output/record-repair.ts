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

/** The JSON string cut to at most `room` bytes, between characters. */
function cutText(bytes: Buffer, room: number): Buffer {
  const text = JSON.parse(bytes.toString("utf8")) as string;
  // Two bytes go to the quotes.
  let length = Math.min(text.length, room - 2);
  for (;;) {
    const isInsidePair = (text.codePointAt(length - 1) ?? 0) > 0xffff;
    const cut = Buffer.from(JSON.stringify(text.slice(0, isInsidePair ? length - 1 : length).toWellFormed()));
    if (cut.length <= room) return cut;
    length = Math.floor(length * 0.8);
  }
}
