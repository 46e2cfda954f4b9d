import { type DixaConfig } from "../../dixa/config.ts";
import { type Progress } from "./checkpoint.ts";
import { type Interval } from "./intervals.ts";

/** What one stream reads in this sync; all in ms UTC. */
export interface SyncRange {
  /** First instant to read. */
  start: number;
  /** First instant not to read; not after `start` means that there is nothing to read. */
  end: number;
  /** What an earlier attempt has already put out beyond `start`. */
  done: readonly Interval[];
  /** The cursor of the state that came in; the state that goes out never falls behind it. */
  floor: number | undefined;
  /** Up to here rows are not expected to show up late any more. */
  settled: number;
}

/**
 * Where a sync starts and ends.
 *
 * An incremental sync reads the lookback again, for rows that showed up late. A full refresh does not: state comes
 * to it only when the platform retries an attempt, and its destination keeps doubles.
 */
export function syncRange(
  config: Pick<DixaConfig, "start" | "end" | "rollingWindow" | "lookback">,
  now: number,
  progress: Progress | undefined,
  incremental: boolean,
): SyncRange {
  const end = Math.min(now, config.end ?? now);
  const earliest = earliestOf(config, now);
  const lookback = incremental ? config.lookback : 0;
  const start = progress === undefined ? earliest : Math.max(earliest, progress.cursor - lookback);
  return {
    start,
    end,
    done: progress?.ahead ?? [],
    floor: progress !== undefined && (progress.cursor <= end || start >= end) ? progress.cursor : undefined,
    settled: end - lookback,
  };
}

/** First instant that the configuration wants, ms UTC. */
export function earliestOf(config: Pick<DixaConfig, "start" | "rollingWindow">, now: number): number {
  return Math.max(config.start, config.rollingWindow === undefined ? 0 : now - config.rollingWindow);
}
