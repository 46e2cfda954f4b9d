import { type Dixa } from "../../dixa/dixa.ts";
import { type WindowedStream } from "../../dixa/streams/stream.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { PausableTimeout } from "./pausable-timeout.ts";
import { type ReadingReport } from "./reading-report.ts";
import { type RowBudget, RowShare } from "./row-budget.ts";
import { type RowSet } from "./row-set.ts";
import { type Slice } from "./slice-planner.ts";
import { located, WindowTooLarge } from "./window-failure.ts";
import { WindowRows } from "./window-rows.ts";

/** A body that fails so often in a row ends the request; the window is asked for in halves, or again later. */
const BODY_FAILURES = 2;

export interface WindowAttemptOptions {
  dixa: Dixa;
  stream: WindowedStream;
  output: Pick<RecordOutput, "put">;
  drained: () => Promise<void> | undefined;
  report: ReadingReport;
  /** When the sync began, ms UTC: an API that limits by age counts from there, whatever the end of what is read. */
  now: number;
  tuning: {
    /**
     * A window that takes longer is halved, so that checkpoints keep coming, ms. Waiting for a rate limit, for a failed
     * host or for the destination does not count: smaller windows would only mean more requests.
     */
    slowWindowMs: number;
  };
  /** Shared by all streams of the sync. */
  budget: RowBudget;
}

/** How far a slice is: what is out of it, and where its rows without a cursor are taken to lie (ms UTC). */
export interface SliceProgress {
  out: RowSet;
  unplaced: number;
}

export interface WindowAttempt {
  /** What went wrong; undefined if all rows of the window are out. */
  failure?: Error;
  /** Twice as much could have been read. */
  isEasy: boolean;
}

/**
 * Asks for a window once, and puts those of its rows out that are not yet.
 *
 * @param canDivide whether it may be ended because it is too large or too slow
 */
export async function attemptWindow(
  options: WindowAttemptOptions,
  { window, canDivide, ...slice }: SliceProgress & { window: Slice; canDivide: boolean },
  signal: AbortSignal,
): Promise<WindowAttempt> {
  const { stream, dixa, tuning, report, output, now, budget, drained } = options;
  const attempt = new AbortController();
  const timeout = new PausableTimeout(tuning.slowWindowMs, () => {
    if (canDivide) attempt.abort(new WindowTooLarge("it takes too long"));
  });
  const share = new RowShare(budget);
  const rows = new WindowRows({ stream, window, now, put: output.put.bind(output), ...slice });
  try {
    await stream.readWindow(dixa, window, {
      signal: AbortSignal.any([signal, attempt.signal]),
      maxBodyFailures: BODY_FAILURES,
      onWait: (wait) => {
        timeout.pause();
        report.waiting(wait);
      },
      onRequest: () => {
        timeout.resume();
        report.requested();
      },
      onStart: () => {
        rows.restart();
        share.restart();
      },
      drained: () => pausedUntil(timeout, drained()),
      onElement: (element) => {
        if (rows.take(element) && !share.add() && canDivide) {
          throw new WindowTooLarge("it has too many rows");
        }
      },
    });
    rows.check();
  } catch (error) {
    return { failure: located(error, window, rows.seen), isEasy: false };
  } finally {
    timeout.pause();
    share.close();
  }
  const isSmall = share.rows * (budget.open + 1) < budget.most / 2;
  return { isEasy: isSmall && timeout.usedMs < tuning.slowWindowMs / 2 };
}

/** Pauses while the destination is waited for, whose slowness is not the window's. */
function pausedUntil(
  timeout: PausableTimeout,
  drained: Promise<void> | undefined,
): Promise<void> | undefined {
  if (drained === undefined) return undefined;
  timeout.pause();
  return drained.then(() => {
    timeout.resume();
  });
}
