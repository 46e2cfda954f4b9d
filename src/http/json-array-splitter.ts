import { BodyError } from "./errors.ts";
import { JsonObjects } from "./json-objects.ts";

/**
 * One element of the array, as bytes that are proved to be one valid JSON value.
 *
 * The object and its buffer are reused for the next element: copy what must outlive the callback.
 */
export interface JsonElement {
  buffer: Buffer;
  /** Where the element starts in `buffer`. */
  start: number;
  /** Where it ends, exclusive. */
  end: number;
  /** Number of members if the element is an object, else 0. Only its own members count, not nested ones. */
  memberCount: number;
  /**
   * Four offsets a member, relative to `start`: key start (the opening quote), key end, value start, value end
   * (ends are exclusive).
   */
  members: Int32Array;
  /** True if a string holds an escape `\ud800` to `\udfff`: the text may not be well formed. */
  hasSurrogateEscape: boolean;
  /** True if a key, at any depth, is written with an escape. */
  hasEscapedKey: boolean;
  /** True if a number has an exponent or 19 characters and more: not every reader can hold it. */
  hasLongNumber: boolean;
}

export interface SplitterOptions {
  /** Called for each element, in order, before the next byte is looked at. What it throws ends the splitting. */
  onElement: (element: JsonElement) => void;
  /**
   * Set for an envelope, an object that holds the array as its member of this name. Its other members wait in
   * {@link JsonArraySplitter.envelope}. Unset: the body is the bare array.
   */
  arrayKey?: string;
  /** An element larger than this many bytes is refused, so that no body can take all memory. Default 32 MiB. */
  maxElementBytes?: number;
  /** What looks for objects in a faster way. Default: the one that all splitters share; undefined: nothing. */
  objects?: JsonObjects | undefined;
}

const MIB = 1024 * 1024;
/** The buffer that an element gathers in takes up to twice this while it grows: several fit a container of 256 MiB. */
const DEFAULT_MAX_ELEMENT_BYTES = 32 * MIB;
/** The byte order mark of UTF-8, which some servers put before a text. */
const BYTE_ORDER_MARK = Buffer.from("\ufeff");
/** A carry buffer larger than this is given back after the giant that needed it. */
const KEPT_CARRY_BYTES = MIB;
/** Integers of fewer characters fit 64 bits. */
const LONG_NUMBER = 19;

// What the parser expects next. Plain numbers, since the hot loop switches on them millions of times a second.
const ROOT = 0;
const VALUE = 1;
const VALUE_OR_END = 2;
const KEY = 3;
const KEY_OR_END = 4;
const COLON = 5;
const COMMA_OR_END = 6;
const STRING = 7;
const ESCAPE = 8;
const HEX = 9;
const MINUS = 10;
const ZERO = 11;
const INTEGER = 12;
const POINT = 13;
const FRACTION = 14;
const EXPONENT = 15;
const EXPONENT_SIGN = 16;
const EXPONENT_DIGITS = 17;
const LITERAL = 18;
const DONE = 19;

const EXPECTED: Readonly<Record<number, string>> = {
  [VALUE]: "a value",
  [VALUE_OR_END]: "a value or ']'",
  [KEY]: "a key",
  [KEY_OR_END]: "a key or '}'",
  [COLON]: "':'",
  [COMMA_OR_END]: "',' or a closing bracket",
  [STRING]: "no raw control character in a string",
  [ESCAPE]: "a valid escape",
  [HEX]: "four hexadecimal digits",
  [MINUS]: "a digit",
  [POINT]: "a digit",
  [EXPONENT]: "a digit or a sign",
  [EXPONENT_SIGN]: "a digit",
  [LITERAL]: "true, false or null",
  [DONE]: "nothing after the end",
};

const LITERALS: Readonly<Record<number, string>> = { 0x74: "true", 0x66: "false", 0x6e: "null" };

/** 1 for a byte that stands for itself inside a string; UTF-8 is checked by who puts the element out. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== 0x22 && byte !== 0x5c ? 1 : 0,
);
/** 1 for the letters that may follow a backslash, 2 for `u`. */
const ESCAPES = new Uint8Array(256);
for (const letter of '"\\/bfnrt') ESCAPES[letter.charCodeAt(0)] = 1;
ESCAPES[0x75] = 2;
/** Value of a hexadecimal digit plus 1; 0 for other bytes. */
const HEX_VALUE = new Uint8Array(256);
for (const [value, digit] of Array.from("0123456789abcdef").entries()) {
  HEX_VALUE[digit.charCodeAt(0)] = value + 1;
  HEX_VALUE[digit.toUpperCase().charCodeAt(0)] = value + 1;
}

const sharedObjects = JsonObjects.load();

function isNull(buffer: Buffer, at: number): boolean {
  return buffer[at + 1] === 0x75 && buffer[at + 2] === 0x6c && buffer[at + 3] === 0x6c;
}

const OPEN_BRACE = 0x7b;
const COMMA = 0x2c;
const OBJECT = 1;
const ARRAY = 0;

/**
 * Splits a JSON array into its elements as it arrives, and refuses whatever `JSON.parse` would refuse, but for a byte
 * order mark at the start.
 *
 * It is a push parser over bytes: one pass, no strings made, memory for one element and one chunk. It checks the
 * whole grammar, since a line that isn't JSON would be filed as a log by the platform and its record lost. CR and LF
 * between tokens are overwritten with spaces in the chunk itself, because an element must fit on one line.
 *
 * Nearly all elements are objects that lie in one chunk, without blanks: {@link JsonObjects} finds those. All others,
 * and every fault, are met by the machine here, which can stop and go on at any byte.
 *
 * State across chunks is one number (`#state`) and the stack of open containers; offsets of the element under way
 * are relative to its start, so that its bytes can move to the carry buffer when a chunk ends inside it.
 */
export class JsonArraySplitter {
  /** Raw JSON text of the envelope's other members, by key. */
  readonly envelope = new Map<string, string>();

  readonly #onElement: (element: JsonElement) => void;
  readonly #arrayKey: string | undefined;
  readonly #maxElementBytes: number;
  readonly #objects: JsonObjects | undefined;
  /** Depth of the array whose elements are put out: 1 for a bare array, 2 inside an envelope. */
  readonly #arrayDepth: number;

  #state = ROOT;
  #depth = 0;
  #stack = new Uint8Array(64);
  #inArray = false;
  #sawArray = false;
  #isKey = false;
  #hexDigits = 0;
  #hexValue = 0;
  #literal = "";
  #literalAt = 0;
  /** Start of the element or envelope member under way in the current buffer, or -1. */
  #start = -1;
  /** Start of the number under way, relative like the members. */
  #numberAt = 0;
  #envelopeKeyEnd = 0;
  #carry = Buffer.alloc(0);
  #carried = 0;
  /** Bytes of the body before the current buffer, for error messages. */
  #bytesBefore = 0;
  #members = new Int32Array(4 * 64);
  readonly #element: JsonElement = {
    buffer: this.#carry,
    start: 0,
    end: 0,
    memberCount: 0,
    members: this.#members,
    hasSurrogateEscape: false,
    hasEscapedKey: false,
    hasLongNumber: false,
  };

  constructor(options: SplitterOptions) {
    this.#onElement = options.onElement;
    this.#arrayKey = options.arrayKey;
    this.#maxElementBytes = options.maxElementBytes ?? DEFAULT_MAX_ELEMENT_BYTES;
    this.#objects = "objects" in options ? options.objects : sharedObjects;
    this.#arrayDepth = options.arrayKey === undefined ? 1 : 2;
  }

  /**
   * Takes the next bytes of the body; may overwrite line breaks in them.
   *
   * @throws BodyError "malformed" at the first byte that no JSON array could have there
   */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    let buffer = chunk;
    let from = 0;
    if (this.#carried > 0) {
      from = this.#carried;
      this.#reserve(from + chunk.length);
      chunk.copy(this.#carry, from);
      buffer = this.#carry.subarray(0, from + chunk.length);
    }
    this.#scan(buffer, from);
    this.#keep(buffer);
  }

  /**
   * Says that the body has ended.
   *
   * @throws BodyError "truncated" if the array was not closed, however politely the connection ended
   */
  end(): void {
    if (this.#state === DONE && this.#sawArray) return;
    const bytes = this.#bytesBefore + this.#carried;
    if (this.#state === DONE) {
      throw new BodyError("malformed", `the body has no array "${this.#arrayKey ?? ""}"`);
    }
    if (bytes === 0) throw new BodyError("malformed", "the body is empty");
    throw new BodyError(
      "truncated",
      `the body ended after ${bytes} bytes without closing its ${this.#depth > 0 ? "array" : "value"}`,
    );
  }

  #scan(buffer: Buffer, from: number): void {
    // What is called for an element may use a splitter of its own.
    const objects = this.#objects?.isTaken === false ? this.#objects : undefined;
    const held = { from: 0, to: 0 };
    let at = from;
    if (objects !== undefined) objects.isTaken = true;
    try {
      while (at < buffer.length) {
        if (objects !== undefined && this.#isObjectNext(buffer, at)) {
          at = this.#takeObjects(objects, held, buffer, at);
        }
        at = this.#step(buffer, at);
      }
    } finally {
      if (objects !== undefined) objects.isTaken = false;
    }
  }

  #isObjectNext(buffer: Buffer, at: number): boolean {
    const isValueNext = this.#state === VALUE || this.#state === VALUE_OR_END;
    return isValueNext && this.#inArray && this.#depth === this.#arrayDepth && buffer[at] === OPEN_BRACE;
  }

  /**
   * Puts out the objects that follow one another, from `from` on.
   *
   * @param held which part of the buffer `objects` holds
   * @returns where the machine has to go on
   */
  #takeObjects(
    objects: JsonObjects,
    held: { from: number; to: number },
    buffer: Buffer,
    from: number,
  ): number {
    const element = this.#element;
    if (from >= held.to) {
      held.from = from;
      held.to = objects.hold(buffer, from);
    }
    let at = from;
    do {
      const end = objects.scan(at - held.from);
      if (end === -1) return at;
      element.buffer = buffer;
      element.start = at;
      element.end = at = end + held.from;
      element.members = objects.members;
      element.memberCount = objects.memberCount;
      element.hasSurrogateEscape = objects.hasSurrogateEscape;
      element.hasEscapedKey = objects.hasEscapedKey;
      element.hasLongNumber = objects.hasLongNumber;
      this.#state = COMMA_OR_END;
      this.#onElement(element);
      if (buffer[at] !== COMMA) return at;
      this.#state = VALUE;
      at++;
    } while (buffer[at] === OPEN_BRACE);
    return at;
  }

  /** Goes on to the end of the buffer, or until an element is put out. @returns where it stands */
  #step(buffer: Buffer, from: number): number {
    const length = buffer.length;
    const arrayDepth = this.#arrayDepth;
    const memberDepth = arrayDepth + 1;
    const element = this.#element;
    let stack = this.#stack;
    let members = this.#members;
    element.members = members;
    let state = this.#state;
    let depth = this.#depth;
    let inArray = this.#inArray;
    let isKey = this.#isKey;
    let start = this.#start;
    let numberAt = this.#numberAt;
    let member = element.memberCount * 4;
    let i = from;
    /** Where a value has just ended, or -1. */
    let valueEnd = -1;
    let isOut = false;
    element.buffer = buffer;

    while (i < length && !isOut) {
      const byte = buffer[i]!;
      switch (state) {
        case STRING: {
          let at = i;
          while (at < length && PLAIN[buffer[at]!] === 1) at++;
          i = at;
          if (at === length) break;
          if (buffer[at] === 0x22) {
            i = at + 1;
            if (isKey) {
              isKey = false;
              state = COLON;
              if (inArray && depth === memberDepth) members[member + 1] = i - start;
              else if (depth === 1) this.#envelopeKeyEnd = i - start;
              if (i < length && buffer[i] === 0x3a) {
                state = VALUE;
                i++;
              }
            } else {
              valueEnd = i;
            }
          } else if (buffer[at] === 0x5c) {
            i = at + 1;
            state = ESCAPE;
          } else {
            this.#refuse(state, buffer, i);
          }
          break;
        }

        case ESCAPE: {
          const kind = ESCAPES[byte];
          if (isKey) element.hasEscapedKey = true;
          if (kind === 0) this.#refuse(state, buffer, i);
          if (kind === 1) {
            state = STRING;
          } else {
            this.#hexDigits = 0;
            this.#hexValue = 0;
            state = HEX;
          }
          i++;
          break;
        }

        case HEX: {
          const digit = HEX_VALUE[byte]!;
          if (digit === 0) this.#refuse(state, buffer, i);
          this.#hexValue = this.#hexValue * 16 + digit - 1;
          i++;
          if (++this.#hexDigits === 4) {
            if (this.#hexValue >= 0xd800 && this.#hexValue <= 0xdfff) element.hasSurrogateEscape = true;
            state = STRING;
          }
          break;
        }

        case LITERAL: {
          if (byte !== this.#literal.charCodeAt(this.#literalAt)) this.#refuse(state, buffer, i);
          i++;
          if (++this.#literalAt === this.#literal.length) valueEnd = i;
          break;
        }

        case MINUS:
        case POINT:
        case EXPONENT:
        case EXPONENT_SIGN: {
          if (byte >= 0x30 && byte <= 0x39) {
            if (state === MINUS) state = byte === 0x30 ? ZERO : INTEGER;
            else state = state === POINT ? FRACTION : EXPONENT_DIGITS;
          } else if (state === EXPONENT && (byte === 0x2b || byte === 0x2d)) {
            state = EXPONENT_SIGN;
          } else {
            this.#refuse(state, buffer, i);
          }
          i++;
          break;
        }

        case ZERO:
        case INTEGER:
        case FRACTION:
        case EXPONENT_DIGITS: {
          if (byte >= 0x30 && byte <= 0x39 && state !== ZERO) {
            do i++;
            while (i < length && buffer[i]! >= 0x30 && buffer[i]! <= 0x39);
          } else if (byte === 0x2e && (state === ZERO || state === INTEGER)) {
            state = POINT;
            i++;
          } else if ((byte === 0x65 || byte === 0x45) && state !== EXPONENT_DIGITS) {
            state = EXPONENT;
            i++;
          } else {
            // The number ends before this byte, which is looked at again as what follows a value.
            if (state === EXPONENT_DIGITS || i - start - numberAt >= LONG_NUMBER)
              element.hasLongNumber = true;
            valueEnd = i;
          }
          break;
        }

        default: {
          // Between tokens.
          if (byte === 0x20 || byte === 0x09) {
            i++;
            break;
          }
          if (byte === 0x0a || byte === 0x0d) {
            buffer[i] = 0x20;
            i++;
            break;
          }
          switch (state) {
            case COMMA_OR_END: {
              if (byte === 0x2c) {
                state = stack[depth] === OBJECT ? KEY : VALUE;
              } else if (byte === (stack[depth] === OBJECT ? 0x7d : 0x5d)) {
                if (inArray && depth === arrayDepth) inArray = false;
                else valueEnd = i + 1;
                if (--depth === 0) state = DONE;
              } else {
                this.#refuse(state, buffer, i);
              }
              i++;
              break;
            }

            case KEY:
            case KEY_OR_END: {
              if (byte === 0x22) {
                if (inArray && depth === memberDepth) {
                  if (member + 4 > members.length) members = this.#growMembers();
                  members[member] = i - start;
                } else if (depth === 1) {
                  start = i;
                }
                isKey = true;
                state = STRING;
                do i++;
                while (i < length && PLAIN[buffer[i]!] === 1);
                break;
              } else if (byte === 0x7d && state === KEY_OR_END) {
                // An empty object closes like any other value.
                state = COMMA_OR_END;
                break;
              } else {
                this.#refuse(state, buffer, i);
              }
              i++;
              break;
            }

            case COLON: {
              if (byte !== 0x3a) this.#refuse(state, buffer, i);
              state = VALUE;
              i++;
              break;
            }

            case ROOT: {
              if (byte === BYTE_ORDER_MARK[this.#bytesBefore + i]) {
                i++;
                break;
              }
              if (byte !== (this.#arrayKey === undefined ? 0x5b : 0x7b)) this.#refuse(state, buffer, i);
              depth = 1;
              stack[1] = this.#arrayKey === undefined ? ARRAY : OBJECT;
              inArray = this.#sawArray = this.#arrayKey === undefined;
              state = inArray ? VALUE_OR_END : KEY_OR_END;
              i++;
              break;
            }

            case VALUE:
            case VALUE_OR_END: {
              if (byte === 0x5d && state === VALUE_OR_END) {
                state = COMMA_OR_END;
                break;
              }
              if (inArray) {
                if (depth === memberDepth) {
                  members[member + 2] = i - start;
                } else if (depth === arrayDepth) {
                  start = i;
                  member = 0;
                  element.hasSurrogateEscape = false;
                  element.hasEscapedKey = false;
                  element.hasLongNumber = false;
                }
              }
              if (byte === 0x22) {
                state = STRING;
                do i++;
                while (i < length && PLAIN[buffer[i]!] === 1);
                break;
              } else if (byte >= 0x31 && byte <= 0x39) {
                numberAt = i - start;
                state = INTEGER;
              } else if (byte === 0x7b || byte === 0x5b) {
                if (depth === 1 && !inArray && this.#isArrayKey(buffer, start)) {
                  if (byte !== 0x5b || this.#sawArray) this.#refuseEnvelope();
                  inArray = this.#sawArray = true;
                  start = -1;
                }
                depth++;
                if (depth === stack.length) stack = this.#growStack();
                stack[depth] = byte === 0x7b ? OBJECT : ARRAY;
                state = byte === 0x7b ? KEY_OR_END : VALUE_OR_END;
              } else if (byte === 0x30) {
                numberAt = i - start;
                state = ZERO;
              } else if (byte === 0x2d) {
                numberAt = i - start;
                state = MINUS;
              } else if (byte === 0x6e && i + 4 <= length && isNull(buffer, i)) {
                // Half of a typical record's members are null.
                i += 4;
                valueEnd = i;
                break;
              } else {
                const literal = LITERALS[byte];
                if (literal === undefined) this.#refuse(state, buffer, i);
                this.#literal = literal;
                this.#literalAt = 1;
                state = LITERAL;
              }
              i++;
              break;
            }

            default:
              this.#refuse(state, buffer, i);
          }
        }
      }

      if (valueEnd !== -1) {
        if (state !== DONE) state = COMMA_OR_END;
        if (inArray) {
          if (depth === memberDepth) {
            members[member + 3] = valueEnd - start;
            member += 4;
          } else if (depth === arrayDepth) {
            this.#emit(start, valueEnd, member);
            start = -1;
            isOut = true;
          }
        } else if (depth === 1) {
          this.#keepEnvelopeMember(buffer, start, valueEnd);
          start = -1;
        }
        valueEnd = -1;
        if (i < length && buffer[i] === 0x2c && state === COMMA_OR_END) {
          state = stack[depth] === OBJECT ? KEY : VALUE;
          i++;
        }
      }
    }

    this.#state = state;
    this.#depth = depth;
    this.#inArray = inArray;
    this.#isKey = isKey;
    this.#start = start;
    this.#numberAt = numberAt;
    element.memberCount = member / 4;
    return i;
  }

  #emit(start: number, end: number, member: number): void {
    const element = this.#element;
    element.start = start;
    element.end = end;
    element.memberCount = element.buffer[start] === 0x7b ? member / 4 : 0;
    this.#onElement(element);
  }

  #isArrayKey(buffer: Buffer, start: number): boolean {
    return this.#envelopeKey(buffer, start) === this.#arrayKey;
  }

  #envelopeKey(buffer: Buffer, start: number): string {
    return JSON.parse(buffer.toString("utf8", start, start + this.#envelopeKeyEnd)) as string;
  }

  #keepEnvelopeMember(buffer: Buffer, start: number, end: number): void {
    const key = this.#envelopeKey(buffer, start);
    if (key === this.#arrayKey) this.#refuseEnvelope();
    const text = buffer.toString("utf8", start + this.#envelopeKeyEnd, end);
    this.envelope.set(key, text.slice(text.indexOf(":") + 1).trim());
  }

  #growMembers(): Int32Array<ArrayBuffer> {
    const grown = new Int32Array(this.#members.length * 2);
    grown.set(this.#members);
    this.#element.members = this.#members = grown;
    return grown;
  }

  #growStack(): Uint8Array<ArrayBuffer> {
    const grown = new Uint8Array(this.#stack.length * 2);
    grown.set(this.#stack);
    this.#stack = grown;
    return grown;
  }

  /** Moves the unfinished element, if any, to the start of the carry buffer. */
  #keep(buffer: Buffer): void {
    const start = this.#start;
    const kept = start === -1 ? 0 : buffer.length - start;
    this.#bytesBefore += buffer.length - kept;
    if (kept > this.#maxElementBytes) {
      throw new BodyError(
        "too_large",
        `one row is larger than ${this.#maxElementBytes} bytes, the most that can be held`,
      );
    }
    if (kept > 0 && (buffer.buffer !== this.#carry.buffer || start > 0)) {
      if (buffer.buffer === this.#carry.buffer) {
        this.#carry.copyWithin(0, start, buffer.length);
      } else {
        this.#carried = 0;
        this.#reserve(kept);
        buffer.copy(this.#carry, 0, start);
      }
    }
    this.#carried = kept;
    if (kept > 0) this.#start = 0;
    else if (this.#carry.length > KEPT_CARRY_BYTES) this.#carry = Buffer.alloc(0);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#carry.length) return;
    // Not from the shared pool: `#keep` compares the underlying memory to tell the carry buffer from a chunk.
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, this.#carry.length * 2, 256 * 1024));
    this.#carry.copy(grown, 0, 0, this.#carried);
    this.#carry = grown;
  }

  #refuse(state: number, buffer: Buffer, at: number): never {
    if (state === ROOT) {
      const wanted =
        this.#arrayKey === undefined ? "an array" : `an object with an array "${this.#arrayKey}"`;
      const head = buffer.toString("latin1", at, at + 40).replace(/[^ -~]+/g, " ");
      throw new BodyError("malformed", `the body is not ${wanted}: it starts with ${JSON.stringify(head)}`);
    }
    throw new BodyError(
      "malformed",
      `the body is not valid JSON at byte ${this.#bytesBefore + at}: expected ${EXPECTED[state] ?? "JSON"}`,
    );
  }

  #refuseEnvelope(): never {
    throw new BodyError("malformed", `"${this.#arrayKey ?? ""}" in the body is not one array`);
  }
}
