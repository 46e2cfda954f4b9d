import { type JsonElement } from "./json-array-splitter.ts";

/** One replacement inside an element: the bytes `[start, end)`, relative to the element's start, become `bytes`. */
export interface ByteEdit {
  start: number;
  end: number;
  bytes: Buffer;
}

/** A member's key as it stands in JSON, quotes included, made once and compared per element. */
export function keyBytes(key: string): Buffer {
  return Buffer.from(JSON.stringify(key));
}

/**
 * The index of the element's own member with this key, or -1. The last one wins, as in `JSON.parse`.
 *
 * A key that is written with needless escapes (`"\u0069d"`) is found too, only slower.
 */
export function findMember(element: JsonElement, key: Buffer): number {
  const { buffer, start, members } = element;
  const length = key.length;
  for (let member = element.memberCount - 1; member >= 0; member--) {
    const keyStart = members[member * 4]!;
    const keyLength = members[member * 4 + 1]! - keyStart;
    const at = start + keyStart;
    if (keyLength === length) {
      let matched = 1;
      while (matched < length && buffer[at + matched] === key[matched]) matched++;
      if (matched === length) return member;
    } else if (keyLength > length && buffer.subarray(at, at + keyLength).includes(0x5c)) {
      if (JSON.stringify(JSON.parse(buffer.toString("utf8", at, at + keyLength))) === key.toString()) {
        return member;
      }
    }
  }
  return -1;
}

/** First byte of a member's value: tells a string (`"`), a number (digit or `-`), `n`ull and so on apart. */
export function valueKind(element: JsonElement, member: number): number {
  return element.buffer[element.start + element.members[member * 4 + 2]!]!;
}

/** A member's value as JSON text. */
export function valueText(element: JsonElement, member: number): string {
  const { buffer, start, members } = element;
  return buffer.toString("utf8", start + members[member * 4 + 2]!, start + members[member * 4 + 3]!);
}

/**
 * A member's value if it is a plain integer below 10^15, read without making a string; else undefined.
 */
export function integerValue(element: JsonElement, member: number): number | undefined {
  const { buffer, start, members } = element;
  const end = start + members[member * 4 + 3]!;
  let at = start + members[member * 4 + 2]!;
  if (end - at > 15) return undefined;
  let value = 0;
  for (; at < end; at++) {
    const digit = buffer[at]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
