import { type JsonElement } from "../../http/json-array-splitter.ts";
import { keyEnd, keyStart, valueEnd, valueStart } from "../../http/json-element.ts";
import { skipBlank, skipString, skipValue } from "../../http/json-scan.ts";
import { isNormalInstant, normalizedInstant } from "./instants.ts";
import { type Pseudonyms } from "./pseudonyms.ts";
import { type FieldChange, LEFT_OUT, type Replacements } from "./replacements.ts";
import { pathText } from "./row-path.ts";
import { DROP, DROP_UNKNOWN, KEEP, type ValuePlan } from "./row-plan.ts";

const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SMALL_N = 0x6e;
const SMALL_T = 0x74;
const SMALL_F = 0x66;
const NULL = Buffer.from("null");
/** Values that lie deeper are not looked into, so that no row can exhaust the stack: they become null. */
const DEEPEST = 200;

/**
 * Carries a plan out on rows, byte by byte: what the plan leaves alone keeps its bytes, so that numbers above 2^53, the
 * order of keys and escapes stay as they came.
 */
export class RowRewriter {
  readonly #plan: ValuePlan;
  readonly #pseudonyms: Pseudonyms;
  readonly #onUnknown: (path: string) => void;
  #buffer: Buffer = NULL;
  #mayHaveEscapes = false;
  #changes: FieldChange[] = [];
  /** Where the keys stand in the buffer that lead to the value under work: start and end of each. */
  readonly #path: number[] = [];
  #depth = 0;
  /** The new value so far, and up to where of the old one it goes. */
  #parts: Buffer[] = [];
  #copied = 0;

  /** @param onUnknown told of each member that is left out because the schema does not know it */
  constructor(plan: ValuePlan, pseudonyms: Pseudonyms, onUnknown: (path: string) => void) {
    this.#plan = plan;
    this.#pseudonyms = pseudonyms;
    this.#onUnknown = onUnknown;
  }

  /**
   * @param changes what could not leave as it came, nor in another form, is added to it
   * @returns the members that change; undefined if the row leaves as it came
   */
  rewrite(element: JsonElement, changes: FieldChange[]): Replacements | undefined {
    const { buffer, memberCount } = element;
    const { members, others } = this.#plan;
    this.#buffer = buffer;
    this.#mayHaveEscapes = element.hasEscapedKey;
    this.#changes = changes;
    let replacements: Replacements | undefined;
    for (let member = 0; member < memberCount; member++) {
      const start = keyStart(element, member);
      const end = keyEnd(element, member);
      const plan = members?.find(buffer, start, end, this.#mayHaveEscapes) ?? others;
      if (plan === KEEP) continue;
      this.#path.push(start, end);
      const replacement = this.#rewritten(plan, valueStart(element, member), valueEnd(element, member));
      this.#path.length = 0;
      if (replacement === undefined) continue;
      replacements ??= new Map();
      replacements.set(member, replacement);
    }
    return replacements;
  }

  /** The new bytes of a member's value; undefined if it stays. */
  #rewritten(plan: ValuePlan, start: number, end: number): Buffer | undefined {
    if (this.#isLeftOut(plan, start)) return LEFT_OUT;
    const first = this.#buffer[start];
    const value = this.#edited(plan, start, end);
    if (!plan.isWrapped || first === OPEN_BRACKET || first === SMALL_N) return value;
    return Buffer.concat([Buffer.from("["), value ?? this.#buffer.subarray(start, end), Buffer.from("]")]);
  }

  #edited(plan: ValuePlan, start: number, end: number): Buffer | undefined {
    if (plan.isIdle) return undefined;
    const first = this.#buffer[start];
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return this.#scalar(plan, start, end);
    this.#copied = start;
    this.#parts = [];
    this.#value(plan, start);
    if (this.#parts.length === 0) return undefined;
    return Buffer.concat([...this.#parts, this.#buffer.subarray(this.#copied, end)]);
  }

  /** Whether the value at `start` goes with its key, or with its place in a list. */
  #isLeftOut(plan: ValuePlan, start: number): boolean {
    if (plan === DROP) return true;
    const first = this.#buffer[start];
    const isScalar = first !== OPEN_BRACE && first !== OPEN_BRACKET && first !== SMALL_N;
    if (plan === DROP_UNKNOWN || (isScalar && plan.scalar === "unknown")) {
      this.#onUnknown(pathText(this.#buffer, this.#path));
      return true;
    }
    return isScalar && plan.scalar === "drop";
  }

  /** Edits the value at `start`, which is not left out, and tells where it ends. */
  #value(plan: ValuePlan, start: number): number {
    if (plan.isIdle) return skipValue(this.#buffer, start);
    const first = this.#buffer[start];
    const isList = first === OPEN_BRACKET;
    if (!isList && first !== OPEN_BRACE) {
      const end = skipValue(this.#buffer, start);
      const replacement = this.#scalar(plan, start, end);
      if (replacement !== undefined) this.#edit(start, end, replacement);
      return end;
    }
    const isNoInstant = plan.scalar === "instant" && !(isList ? plan.isList : plan.members !== undefined);
    if (isNoInstant || this.#depth === DEEPEST) {
      const end = skipValue(this.#buffer, start);
      this.#edit(start, end, this.#nulled());
      return end;
    }
    this.#depth++;
    const end = isList ? this.#list(plan, start) : this.#object(plan, start);
    this.#depth--;
    return end;
  }

  #object(plan: ValuePlan, start: number): number {
    const buffer = this.#buffer;
    let at = skipBlank(buffer, start + 1);
    let comma = at;
    let hasKept = false;
    while (buffer[at] !== CLOSE_BRACE) {
      const endOfKey = skipString(buffer, at);
      const value = skipBlank(buffer, skipBlank(buffer, endOfKey) + 1);
      const own = plan.members?.find(buffer, at, endOfKey, this.#mayHaveEscapes) ?? plan.others;
      let isLeftOut = false;
      let end: number;
      if (own === KEEP) {
        end = skipValue(buffer, value);
      } else {
        this.#path.push(at, endOfKey);
        isLeftOut = this.#isLeftOut(own, value);
        end = isLeftOut ? skipValue(buffer, value) : this.#value(own, value);
        this.#path.length -= 2;
      }
      const after = skipBlank(buffer, end);
      const next = buffer[after] === COMMA ? skipBlank(buffer, after + 1) : after;
      if (isLeftOut) this.#edit(hasKept ? comma : at, hasKept ? end : next, LEFT_OUT);
      else hasKept = true;
      comma = after;
      at = next;
    }
    return at + 1;
  }

  #list(plan: ValuePlan, start: number): number {
    const buffer = this.#buffer;
    let at = skipBlank(buffer, start + 1);
    let comma = at;
    let hasKept = false;
    while (buffer[at] !== CLOSE_BRACKET) {
      const isLeftOut = this.#isLeftOut(plan, at);
      const end = isLeftOut ? skipValue(buffer, at) : this.#value(plan, at);
      const after = skipBlank(buffer, end);
      const next = buffer[after] === COMMA ? skipBlank(buffer, after + 1) : after;
      if (isLeftOut) this.#edit(hasKept ? comma : at, hasKept ? end : next, LEFT_OUT);
      else hasKept = true;
      comma = after;
      at = next;
    }
    return at + 1;
  }

  /** The new bytes of a value that is no list and no object; undefined if it stays. */
  #scalar({ scalar }: ValuePlan, start: number, end: number): Buffer | undefined {
    const buffer = this.#buffer;
    const first = buffer[start];
    if (first === SMALL_N) return undefined;
    if (scalar === "instant") {
      if (isNormalInstant(buffer, start, end)) return undefined;
      return normalizedInstant(buffer, start, end) ?? this.#nulled();
    }
    if (typeof scalar === "string" || first === SMALL_T || first === SMALL_F) return undefined;
    return this.#pseudonyms.of(scalar, buffer.toString("utf8", start, end));
  }

  /** The null in the place of what can't leave otherwise. */
  #nulled(): Buffer {
    const field = pathText(this.#buffer, this.#path);
    this.#changes.push({ field, change: "NULLED", reason: "SOURCE_SERIALIZATION_ERROR" });
    return NULL;
  }

  #edit(start: number, end: number, replacement: Buffer): void {
    this.#parts.push(this.#buffer.subarray(this.#copied, start), replacement);
    this.#copied = end;
  }
}
