import { JSON_OBJECTS_MODULE } from "./json-objects-module.ts";

// As assembly/json-objects.ts lays the memory out.
const FLAGS = 1;
const MEMBERS_BYTES = 16;
const TEXT = 65_536;
const SURROGATE_ESCAPE = 1;
const ESCAPED_KEY = 2;
const LONG_NUMBER = 4;

interface Exports {
  memory: { buffer: ArrayBuffer };
  scanObject: (start: number, end: number) => number;
}

/** The types of Node leave it out. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

/**
 * Checks JSON objects and finds their members five times as fast as JavaScript can, as long as they are written without
 * blanks between tokens; it never accepts what `JSON.parse` would refuse. It holds one text at a time.
 */
export class JsonObjects {
  /** Offsets of the last object's members, as `JsonElement` describes them. */
  readonly members: Int32Array;
  /** Set by a splitter as long as its text has to stay. */
  isTaken = false;

  readonly #scan: Exports["scanObject"];
  readonly #words: Int32Array;
  readonly #text: Uint8Array;
  #end = TEXT;

  private constructor({ memory, scanObject }: Exports) {
    this.#scan = scanObject;
    this.#words = new Int32Array(memory.buffer, 0, MEMBERS_BYTES / 4);
    this.members = new Int32Array(memory.buffer, MEMBERS_BYTES, (TEXT - MEMBERS_BYTES) / 4);
    this.#text = new Uint8Array(memory.buffer, TEXT);
  }

  /** @returns undefined where there is no WebAssembly, or a processor without the instructions that it needs */
  static load(module = JSON_OBJECTS_MODULE): JsonObjects | undefined {
    try {
      const compiled = new WebAssembly.Module(Buffer.from(module, "base64"));
      return new JsonObjects(new WebAssembly.Instance(compiled).exports as Exports);
    } catch {
      return undefined;
    }
  }

  /** Takes as much of the buffer as fits, from `from` on. @returns up to where, exclusive */
  hold(buffer: Buffer, from: number): number {
    const held = Math.min(buffer.length - from, this.#text.length);
    this.#text.set(held === buffer.length ? buffer : buffer.subarray(from, from + held));
    this.#end = TEXT + held;
    return from + held;
  }

  /**
   * Checks the object that begins at `at`, counted from where the text was taken from.
   *
   * @returns where it ends, exclusive; -1 if it is no object, ends too near to the end of the text, or has to be looked
   *   at byte by byte
   */
  scan(at: number): number {
    const end = this.#scan(TEXT + at, this.#end);
    return end === -1 ? -1 : end - TEXT;
  }

  /** Of the last object. */
  get memberCount(): number {
    return this.#words[0]!;
  }

  /** Of the last object: a string holds an escape `\ud800` to `\udfff`. */
  get hasSurrogateEscape(): boolean {
    return (this.#words[FLAGS]! & SURROGATE_ESCAPE) !== 0;
  }

  /** Of the last object: a key, at any depth, is written with an escape. */
  get hasEscapedKey(): boolean {
    return (this.#words[FLAGS]! & ESCAPED_KEY) !== 0;
  }

  /** Of the last object: a number has an exponent or 19 characters and more. */
  get hasLongNumber(): boolean {
    return (this.#words[FLAGS]! & LONG_NUMBER) !== 0;
  }
}
