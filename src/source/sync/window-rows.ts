import { ConnectorError } from "../../airbyte/protocol/failure.ts";
import { type WindowedStream } from "../../dixa/streams/stream.ts";
import { BodyError } from "../../http/errors.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import {
  findMember,
  integerValue,
  keyBytes,
  valueEnd,
  valueKind,
  valueStart,
  valueText,
} from "../../http/json-element.ts";
import { describeInstant, describeWindow } from "../../logging/describe.ts";
import { type RowSet } from "./row-set.ts";
import { shownKey } from "./shown-key.ts";
import { type Slice } from "./slice-planner.ts";

const OPEN_BRACE = 0x7b;
const SMALL_N = 0x6e;
/**
 * A request asks for a little more than its window, and the API may compare whole seconds: rows so far outside (ms) come
 * with the neighbouring window too.
 */
const OVERLAP_MS = 3000;
/**
 * A row that changed since the sync began, or so long before (ms) that the API's index may not know yet, has a cursor
 * behind the window that it was found in. The next sync reads it.
 */
const CHANGE_MS = 300_000;

export interface WindowRowsOptions {
  stream: WindowedStream;
  window: Slice;
  /** The rows of the slice that are out. */
  out: RowSet;
  /** Where a row without a cursor is taken to lie, ms UTC: the same for all windows of a slice. */
  unplaced: number;
  /** When the sync began, ms UTC. */
  now: number;
  put: (element: JsonElement) => void;
}

/** The rows of one window's answer: puts those out that lie in it and are new, and counts those that it did not ask for. */
export class WindowRows {
  readonly #options: WindowRowsOptions;
  readonly #cursorKey: Buffer;
  readonly #idKey: Buffer;
  #seen = 0;
  #outside = 0;
  #example = "";

  constructor(options: WindowRowsOptions) {
    this.#options = options;
    this.#cursorKey = keyBytes(options.stream.cursorField);
    this.#idKey = keyBytes(options.stream.primaryKey[0]);
  }

  /** Rows of the answer so far. */
  get seen(): number {
    return this.#seen;
  }

  /** The answer begins anew. */
  restart(): void {
    this.#seen = this.#outside = 0;
  }

  /**
   * @returns whether the row lies in the window
   * @throws BodyError if it is no row
   */
  take(element: JsonElement): boolean {
    const { stream, window, out, unplaced, put } = this.#options;
    const { buffer, start } = element;
    if (buffer[start] !== OPEN_BRACE) {
      throw new BodyError("malformed", `row ${this.#seen + 1} of the answer is not an object`);
    }
    const cursorAt = findMember(element, this.#cursorKey);
    const found = cursorAt === -1 ? undefined : stream.cursor.read(element, cursorAt);
    // A row without a cursor can't be placed; since Dixa gave it for this window, it is put out with it.
    const cursor = found ?? unplaced;
    const idAt = findMember(element, this.#idKey);
    if (idAt === -1 || valueKind(element, idAt) === SMALL_N) {
      const when = found === undefined ? "" : `, of ${describeInstant(found)},`;
      throw new BodyError(
        "malformed",
        `row ${this.#seen + 1} of the answer${when} has no "${stream.primaryKey[0]}"`,
      );
    }
    this.#seen++;
    if (found !== undefined && (found < window.lo || found >= window.hi)) {
      this.#count(element, idAt, found);
      return false;
    }
    const id = integerValue(element, idAt);
    const isNew =
      id === undefined
        ? out.addBytes(buffer, valueStart(element, idAt), valueEnd(element, idAt), cursor)
        : out.addInteger(id, cursor);
    if (isNew) put(element);
    return true;
  }

  /**
   * Called when the answer has been read to its end.
   *
   * @throws ConnectorError transient_error if rows came that neither the window nor a change during the sync explains:
   *   then what Dixa selects by is not what the rows say, and rows of this window may be missing
   */
  check(): void {
    if (this.#outside === 0) return;
    const { stream, window } = this.#options;
    throw new ConnectorError(
      "transient_error",
      `${this.#outside} of ${this.#seen} rows that Dixa sent for ${describeWindow(window.lo, window.hi)} lie outside ` +
        `of it, for example ${this.#example}. Rows may be missing, so "${stream.name}" is not taken for read.`,
    );
  }

  #count(element: JsonElement, idAt: number, cursor: number): void {
    const { stream, window, now } = this.#options;
    if (cursor >= window.lo - OVERLAP_MS && cursor < window.hi + OVERLAP_MS) return;
    if (cursor >= now - CHANGE_MS) return;
    if (this.#outside++ > 0) return;
    const shown = shownKey(valueText(element, idAt));
    this.#example = `${stream.primaryKey[0]} ${shown} with ${stream.cursorField} ${describeCursor(cursor)}`;
  }
}

/** A cursor as a time, or as its number where no calendar reaches. */
function describeCursor(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? describeInstant(ms) : String(ms);
}
