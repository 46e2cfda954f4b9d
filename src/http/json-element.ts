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
