import { z } from "zod";

import { ConnectorError } from "../../airbyte/protocol/failure.ts";
import { type Cursor } from "../../dixa/streams/cursor.ts";
import { parseTimestamp } from "../../dixa/timestamps.ts";
import { type Progress } from "./checkpoint.ts";
import { type Interval, mergeIntervals } from "./intervals.ts";

/** The cursor that a stream's states hold. */
export interface CursorOfStream {
  readonly name: string;
  readonly cursorField: string;
  readonly cursor: Cursor;
}

/** Test suites hand in states of any size. A date-time of more digits could neither be written nor read again. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A cursor as any connector has ever written it: epoch milliseconds as number or digits, or a date-time. */
const instant = z.union([z.number(), z.string()]).transform((value, context) => {
  const ms =
    typeof value === "number" || /^\d+$/.test(value) ? Number(value) : parseTimestamp(toDateTime(value));
  if (ms !== undefined && !Number.isNaN(ms) && ms >= 0) return Math.min(Math.floor(ms), LATEST);
  context.addIssue({ code: "custom", message: "is no instant" });
  return z.NEVER;
});

function toDateTime(text: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
}

const aheadSchema = z.array(z.tuple([instant, instant])).nullish();

/** State of the Python CDK's concurrent cursor, in which newer versions of Airbyte's own Dixa source keep slices. */
const slicesSchema = z.looseObject({
  slices: z.array(z.looseObject({ start: instant, end: instant })).min(1),
});

/**
 * Reads a stream's state: our own, that of Airbyte's source-dixa (`{"updated_at": …}` as number or string, or
 * slices), or a bookmark of Stitch's tap-dixa (the bare value, or `{"updated_at": "2024-01-01T00:00:00Z"}`).
 *
 * @returns undefined if there is no state
 * @throws ConnectorError config_error if it is none of these
 */
export function readStreamState(stream: CursorOfStream, state: unknown): Progress | undefined {
  if (state === undefined || state === null) return undefined;
  if (typeof state === "string" || typeof state === "number")
    return { cursor: toInstant(stream, state), ahead: [] };
  const record = z.record(z.string(), z.unknown()).safeParse(state).data;
  if (record === undefined) throw unreadable(stream, "it is not an object");
  const cursor = record[stream.cursorField];
  if (cursor !== undefined && cursor !== null) {
    const ahead = aheadSchema.safeParse(record["ahead"]);
    if (!ahead.success) throw unreadable(stream, `"ahead" is not a list of [from, to] pairs`);
    return { cursor: toInstant(stream, cursor), ahead: mergeIntervals(ahead.data ?? []) };
  }
  const slices = slicesSchema.safeParse(record);
  if (slices.success) return fromSlices(slices.data.slices.map(({ start, end }): Interval => [start, end]));
  if (Object.keys(record).every((key) => record[key] === null || key.startsWith("__ab_"))) return undefined;
  throw unreadable(stream, `it has no "${stream.cursorField}"`);
}

/**
 * Up to which instant (ms UTC) the sync that left a state counted no row as late any more; undefined if it doesn't say.
 */
export function readSettled(state: unknown): number | undefined {
  return z.looseObject({ settled: instant }).safeParse(state).data?.settled;
}

/** Writes a stream's state. */
export function writeStreamState(
  stream: CursorOfStream,
  { cursor, ahead }: Progress,
): Record<string, unknown> {
  const format = (ms: number) => stream.cursor.format(ms);
  return {
    [stream.cursorField]: format(cursor),
    ...(ahead.length === 0 ? {} : { ahead: ahead.map(([lo, hi]) => [format(lo), format(hi)]) }),
  };
}

function fromSlices(slices: Interval[]): Progress {
  const [first, ...ahead] = mergeIntervals(slices);
  return { cursor: first?.[1] ?? 0, ahead };
}

function toInstant(stream: CursorOfStream, value: unknown): number {
  const parsed = instant.safeParse(value);
  if (!parsed.success) throw unreadable(stream, `"${stream.cursorField}" is no instant`);
  return parsed.data;
}

function unreadable(stream: CursorOfStream, problem: string): ConnectorError {
  return new ConnectorError(
    "config_error",
    `The saved state of the stream "${stream.name}" can't be read: ${problem}. ` +
      `Reset (clear) the stream in Airbyte, or pass a state file that this connector has written.`,
  );
}
