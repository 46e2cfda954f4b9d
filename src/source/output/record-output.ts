import { isUtf8 } from "node:buffer";

import { type JsonElement } from "../../http/json-array-splitter.ts";
import { keyEnd, keyStart, valueEnd, valueStart } from "../../http/json-element.ts";
import { LARGEST_RECORD_BYTES, repair, withoutLoneSurrogates } from "./record-repair.ts";
import { type FieldChange, LEFT_OUT, type Replacements } from "./replacements.ts";
import { type RowRewriter } from "./row-rewriter.ts";
import { type StdoutWriter } from "./stdout-writer.ts";

const END = Buffer.from("}}\n");

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
    const isWellFormed = !element.hasSurrogateEscape && isUtf8(buffer.subarray(start, end));
    if (!isWellFormed || element.hasLongNumber || end - start > LARGEST_RECORD_BYTES) {
      replacements ??= new Map();
      repair(element, replacements, changes);
    }
    this.#writePrefix();
    if (replacements === undefined) this.#writer.parts(buffer, start, end);
    else this.#writeMembers(element, replacements, isWellFormed);
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

  /** Puts the row out with its replacements; whatever lies between them leaves in as few pieces as there are. */
  #writeMembers(element: JsonElement, replacements: Replacements, isWellFormed: boolean): void {
    const { buffer, start, end, memberCount } = element;
    const writer = this.#writer;
    let written = start;
    let hasKept = false;
    const replace = (from: number, to: number, bytes: Buffer) => {
      writer.parts(buffer, written, from);
      writer.parts(bytes, 0, bytes.length);
      written = to;
    };
    for (let member = 0; member < memberCount; member++) {
      const value = replacements.get(member);
      if (value === LEFT_OUT) {
        // With the comma before it, or with the one after it if nothing is kept before it.
        if (hasKept) replace(valueEnd(element, member - 1), valueEnd(element, member), LEFT_OUT);
        else if (member + 1 === memberCount)
          replace(keyStart(element, member), valueEnd(element, member), LEFT_OUT);
        else replace(keyStart(element, member), keyStart(element, member + 1), LEFT_OUT);
        continue;
      }
      hasKept = true;
      if (!isWellFormed) {
        const from = keyStart(element, member);
        const to = keyEnd(element, member);
        // Through a string, which mends bytes that are no UTF-8.
        replace(from, to, Buffer.from(withoutLoneSurrogates(buffer.toString("utf8", from, to))));
      }
      if (value !== undefined) replace(valueStart(element, member), valueEnd(element, member), value);
    }
    writer.parts(buffer, written, end);
  }
}
