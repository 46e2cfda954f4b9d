import { type JsonElement } from "./json-array-splitter.ts";

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
  const { buffer } = element;
  const length = key.length;
  for (let member = element.memberCount - 1; member >= 0; member--) {
    const start = keyStart(element, member);
    const end = keyEnd(element, member);
    if (end - start === length) {
      let matched = 1;
      while (matched < length && buffer[start + matched] === key[matched]) matched++;
      if (matched === length) return member;
    } else if (element.hasEscapedKey && end - start > length) {
      if (JSON.stringify(memberName(element, member)) === key.toString()) return member;
    }
  }
  return -1;
}

/** A member's key, decoded. */
export function memberName(element: JsonElement, member: number): string {
  return JSON.parse(
    element.buffer.toString("utf8", keyStart(element, member), keyEnd(element, member)),
  ) as string;
}

/** Where a member's key starts in the element's buffer, at the opening quote. */
export function keyStart({ start, members }: JsonElement, member: number): number {
  return start + members[member * 4]!;
}

/** Where a member's key ends in the element's buffer, behind the closing quote. */
export function keyEnd({ start, members }: JsonElement, member: number): number {
  return start + members[member * 4 + 1]!;
}

/** Where a member's value starts in the element's buffer. */
export function valueStart({ start, members }: JsonElement, member: number): number {
  return start + members[member * 4 + 2]!;
}

/** Where a member's value ends in the element's buffer, exclusive. */
export function valueEnd({ start, members }: JsonElement, member: number): number {
  return start + members[member * 4 + 3]!;
}

/** A member's value as bytes: a view that lives as long as the element. */
export function valueBytes(element: JsonElement, member: number): Buffer {
  return element.buffer.subarray(valueStart(element, member), valueEnd(element, member));
}

/** First byte of a member's value: tells a string (`"`), a number (digit or `-`), `n`ull and so on apart. */
export function valueKind(element: JsonElement, member: number): number {
  return element.buffer[valueStart(element, member)]!;
}

/** A member's value as JSON text. */
export function valueText(element: JsonElement, member: number): string {
  return element.buffer.toString("utf8", valueStart(element, member), valueEnd(element, member));
}

/** A member's value if it is a plain integer of at most 15 digits, read without making a string; else undefined. */
export function integerValue(element: JsonElement, member: number): number | undefined {
  const { buffer } = element;
  const end = valueEnd(element, member);
  let at = valueStart(element, member);
  if (end - at > 15) return undefined;
  let value = 0;
  for (; at < end; at++) {
    const digit = buffer[at]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** A member to be added to an element: key as {@link keyBytes} makes it, value as JSON text. */
export interface NewMember {
  key: Buffer;
  value: Buffer;
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * The element, an object, with members more than it came with, in a buffer of its own. They take the place of members
 * of the same name, since no reader agrees with the next on which of two would count.
 */
export function withMembers(element: JsonElement, added: readonly NewMember[]): JsonElement {
  const own: NewMember[] = [];
  for (let member = 0; member < element.memberCount; member++) {
    const key = element.buffer.subarray(keyStart(element, member), keyEnd(element, member));
    own.push({ key, value: valueBytes(element, member) });
  }
  const replaced = new Set(added.map(({ key }) => findMember(element, key)));
  const members = [...own.filter((_, member) => !replaced.has(member)), ...added];
  const size = members.reduce((sum, { key, value }) => sum + key.length + value.length + 2, 2);
  const buffer = Buffer.allocUnsafe(size);
  const offsets = new Int32Array(4 * members.length);
  buffer[0] = OPEN_BRACE;
  let at = 1;
  for (const [index, { key, value }] of members.entries()) {
    if (index > 0) buffer[at++] = COMMA;
    offsets[4 * index] = at;
    at += key.copy(buffer, at);
    offsets[4 * index + 1] = at;
    buffer[at++] = COLON;
    offsets[4 * index + 2] = at;
    at += value.copy(buffer, at);
    offsets[4 * index + 3] = at;
  }
  buffer[at++] = CLOSE_BRACE;
  return { ...element, buffer, start: 0, end: at, memberCount: members.length, members: offsets };
}
