import { type z } from "zod";

import { type JsonElement } from "../../http/json-array-splitter.ts";
import { type Dixa } from "../dixa.ts";
import { type RowReading } from "../row-reading.ts";
import { type Cursor } from "./cursor.ts";

/** A span of cursor values, half-open, in ms UTC. */
export interface Window {
  readonly lo: number;
  readonly hi: number;
}

/** New bytes for members of a row, by member index; members that are not in it leave as they came. */
export type Replacements = Map<number, Buffer>;

/** One stream: what its rows look like and how a window of them is read. */
export interface DixaStream {
  readonly name: string;
  readonly description: string;
  /** Fields of a row, as known today. Fields that Dixa adds later pass through. */
  readonly schema: z.ZodObject;
  readonly primaryKey: string;
  readonly cursorField: string;
  readonly cursor: Cursor;
  /** Names under which other connectors keep this stream's state. */
  readonly aliases: readonly string[];
  /** Widest window that one read may ask for, ms, so that it stays below the API's limit with the overlap. */
  maxWindow(days: { exports: number; activityLog: number }): number;
  /**
   * Age beyond which the API may refuse to answer at all (ms); undefined if it has no such limit.
   */
  readonly reach?: number;
  /**
   * Reads at least the rows of the window, each once or more, in any order; rows outside it are the caller's to drop.
   *
   * @throws HttpError, or the signal's reason
   */
  readWindow(dixa: Dixa, window: Window, reading: RowReading): Promise<void>;
  /** Members that must be rewritten, because Dixa sends them in more than one shape. */
  replacements?(element: JsonElement): Replacements | undefined;
}
