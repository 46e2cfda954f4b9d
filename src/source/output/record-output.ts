import { isUtf8 } from "node:buffer";

import { type JsonElement } from "../../http/json-array-splitter.ts";
import { keyEnd, keyStart, valueEnd, valueStart } from "../../http/json-element.ts";
import { LARGEST_RECORD_BYTES, repair, withoutLoneSurrogates } from "./record-repair.ts";
import { type FieldChange, LEFT_OUT, type Replacements } from "./replacements.ts";
import { type RowRewriter } from "./row-rewriter.ts";
import { type StdoutWriter } from "./stdout-writer.ts";

const END = Buffer.from("}}\n");
const OPEN = Buffer.from("{");
const COLON = Buffer.from(":");
const COMMA = Buffer.from(",");
const CLOSE = Buffer.from("}");

/** Puts one stream's rows out as RECORD lines: the bytes that came, unless something in them must change. */
export class RecordOutput {
  /** Rows put out so far. */
  rows = 0;
  /** Bytes of their data, as they came. */
  bytes = 0;

  readonly #writer: StdoutWriter;
  readonly #rewriter: RowRewriter | undefined;
  readonly #now: () => number;
  readonly #head: string;
  #prefix = Buffer.alloc(0);
  #emittedAt = 0;

  constructor(options: {
    writer: StdoutWriter;
    stream: string;
    namespace: string | undefined;
    /** Undefined if rows leave as they came. */
    rewriter: RowRewriter | undefined;
    now: () => number;
  }) {
    this.#writer = options.writer;
    this.#rewriter = options.rewriter;
    this.#now = options.now;
    const descriptor = JSON.stringify({ stream: options.stream, namespace: options.namespace });
    this.#head = `{"type":"RECORD","record":${descriptor.slice(0, -1)},"emitted_at":`;
  }

  put(element: JsonElement): void {
    const { buffer, start, end } = element;
    const changes: FieldChange[] = [];
    let replacements = this.#rewriter?.rewrite(element, changes);
    if (
      element.hasSurrogateEscape ||
      element.hasLongNumber ||
      end - start > LARGEST_RECORD_BYTES ||
      !isUtf8(buffer.subarray(start, end))
    ) {
      replacements ??= new Map();
      repair(element, replacements, changes);
    }
    this.#writePrefix();
    if (replacements === undefined) this.#writer.parts(buffer, start, end);
    else this.#writeMembers(element, replacements);
    if (changes.length === 0) {
      this.#writer.parts(END, 0, END.length);
    } else {
      const tail = Buffer.from(`,"meta":${JSON.stringify({ changes })}}}\n`);
      this.#writer.parts(tail, 0, tail.length);
    }
    this.rows++;
    this.bytes += end - start;
  }

  #writePrefix(): void {
    const now = this.#now();
    if (now !== this.#emittedAt) {
      this.#emittedAt = now;
      this.#prefix = Buffer.from(`${this.#head}${now},"data":`);
    }
    this.#writer.parts(this.#prefix, 0, this.#prefix.length);
  }

  /** Puts the row together again from its members, so that what is not rewritten keeps its bytes. */
  #writeMembers(element: JsonElement, replacements: Replacements): void {
    const { buffer, memberCount } = element;
    const writer = this.#writer;
    let separator = OPEN;
    for (let member = 0; member < memberCount; member++) {
      const value = replacements.get(member);
      if (value === LEFT_OUT) continue;
      const start = keyStart(element, member);
      const end = keyEnd(element, member);
      writer.parts(separator, 0, 1);
      separator = COMMA;
      // Through a string, which mends bytes that are no UTF-8.
      const key = Buffer.from(withoutLoneSurrogates(buffer.toString("utf8", start, end)));
      writer.parts(key, 0, key.length);
      writer.parts(COLON, 0, 1);
      if (value === undefined) writer.parts(buffer, valueStart(element, member), valueEnd(element, member));
      else writer.parts(value, 0, value.length);
    }
    if (separator === OPEN) writer.parts(OPEN, 0, 1);
    writer.parts(CLOSE, 0, 1);
  }
}
