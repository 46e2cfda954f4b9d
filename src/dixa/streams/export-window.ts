import { type Dixa } from "../dixa.ts";
import { type RowReading } from "../row-reading.ts";
import { type Window } from "./stream.ts";

const DAY_MS = 86_400_000;
/** Dixa's Exports API guide: a window may not exceed one month, 31 days. */
const LONGEST_EXPORT_MS = 31 * DAY_MS;

/** Width of an Exports slice in ms: one less than the limit leaves room for the overlap that a request adds. */
export function exportWindow(days: number): number {
  return Math.min(days * DAY_MS, LONGEST_EXPORT_MS - 1);
}

/**
 * Asks the Exports API for a window of rows.
 *
 * Whether Dixa's bounds are inclusive is not documented, and what other connectors saw points both ways. One
 * millisecond of overlap at the start is right under every reading: with inclusive bounds the row at `lo - 1` comes
 * too and is dropped by the caller, with exclusive ones the row at `lo` still comes.
 */
export async function readExport(
  dixa: Dixa,
  endpoint: "conversation_export" | "message_export",
  time: "updated" | "created",
  { lo, hi }: Window,
  reading: RowReading,
): Promise<void> {
  // Nothing is older than the epoch, and whether Dixa takes a negative instant is not documented.
  const query = { [`${time}_after`]: String(Math.max(0, lo - 1)), [`${time}_before`]: String(hi) };
  await dixa.exports.readArray(`/v1/${endpoint}`, query, reading);
}
