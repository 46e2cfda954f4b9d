import { type DixaConfig } from "../../dixa/config.ts";
import { describeInstant } from "../../logging/describe.ts";
import { type Logger } from "../output/logger.ts";
import { PartialInstants } from "./partial-instants.ts";
import { RangeProgress } from "./range-progress.ts";
import { sinceOf, type SyncTerms } from "./state-origin.ts";
import { type CursorOfStream, readSettled, readStreamState } from "./stream-state.ts";
import { earliestOf, syncRange } from "./sync-range.ts";

/** What is to be read of a stream that has a cursor, and from when on its rows are whole (ms UTC). */
export function rangeOf(
  { config, logger }: { config: DixaConfig; logger: Logger },
  cursor: CursorOfStream,
  isFollowed: boolean,
  saved: unknown,
  terms: SyncTerms,
  now: number,
): { progress: RangeProgress; since: number | undefined } {
  const progress = readStreamState(cursor, saved);
  const range = syncRange(config, now, progress, !terms.isFullRefresh);
  if (progress !== undefined && range.start >= range.end && progress.cursor > now) {
    logger.warn(
      `${cursor.name}: the saved state (${describeInstant(progress.cursor)}) lies after the time of this sync, ` +
        `${describeInstant(now)} (the earlier of this machine's clock and Dixa's), so there is nothing to read. ` +
        "If a clock was wrong, the next sync after it is right again goes on by itself; if the state is wrong, " +
        "refresh the stream",
    );
  }
  // A pass that was interrupted years behind the present has nothing late to expect there, and would ask for a whole
  // lookback of conversations again.
  const settled = isFollowed ? readSettled(saved) : undefined;
  if (progress !== undefined && settled !== undefined) {
    range.start = Math.max(range.start, Math.min(progress.cursor, settled));
  }
  const since = sinceOf(saved);
  const earliest = earliestOf(config, now);
  if (since !== undefined && earliest < since) {
    logger.warn(
      `${cursor.name}: rows from ${describeInstant(earliest)} on are wanted, but earlier syncs began at ` +
        `${describeInstant(since)}. Refresh the stream to read what lies before`,
    );
  }
  // Whatever lies between a cursor and a later start is never read, so the rows are whole from the start on.
  const goesOn = progress !== undefined && progress.cursor >= range.start;
  return {
    progress: isFollowed
      ? new RangeProgress(
          cursor,
          range,
          range.end - config.lookback,
          new PartialInstants(saved, settled ?? -Infinity),
        )
      : new RangeProgress(cursor, range),
    since: goesOn ? since : range.start,
  };
}
