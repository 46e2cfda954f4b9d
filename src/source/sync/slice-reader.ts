import { type Dixa } from "../../dixa/dixa.ts";
import { type WindowedStream } from "../../dixa/streams/stream.ts";
import { type Clock } from "../../http/clock.ts";
import { describeInstant, describeWindow } from "../../logging/describe.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { Patience } from "./patience.ts";
import { Reach } from "./reach.ts";
import { type ReadingReport } from "./reading-report.ts";
import { type RowBudget, RowShare } from "./row-budget.ts";
import { RowSet } from "./row-set.ts";
import { type Slice, type SlicePlanner } from "./slice-planner.ts";
import {
  isRefusal,
  located,
  mayPass,
  messageOf,
  refusedForNoReason,
  whyDivide,
  WindowTooLarge,
} from "./window-failure.ts";
import { WindowRows } from "./window-rows.ts";

/** A body that fails so often in a row ends the request; the window is asked for in halves, or again later. */
const BODY_FAILURES = 2;
/** Waits before a window is asked for again that failed in a way that may pass and that is no reason to halve it, ms. */
const AGAIN_AFTER_MS: readonly number[] = [5000, 15_000, 45_000];

export interface SliceTuning {
  /**
   * A window that takes longer is halved, so that checkpoints keep coming, ms. Waiting for a rate limit, for a failed
   * host or for the destination does not count: smaller windows would only mean more requests.
   */
  slowWindowMs: number;
  /**
   * Rows that all windows in flight hold at most: rows that are out must be remembered until their window is finished.
   * Where there are more, the largest windows are halved.
   */
  mostRows: number;
}

export const SLICE_TUNING: SliceTuning = { slowWindowMs: 180_000, mostRows: 1_500_000 };

/** What a reader of slices tells besides. */
export interface SliceReport extends ReadingReport {
  /** Every row of the window is out. */
  finished(window: Slice): void;
}

export interface SliceReaderOptions {
  dixa: Dixa;
  stream: WindowedStream;
  planner: SlicePlanner;
  output: Pick<RecordOutput, "put">;
  drained: () => Promise<void> | undefined;
  report: SliceReport;
  clock: Clock;
  /** When the sync began, ms UTC: an API that limits by age counts from there, whatever the end of what is read. */
  now: number;
  tuning: SliceTuning;
  /** Of `tuning.mostRows`, shared by all streams of the sync. */
  budget: RowBudget;
}

/** A slice on its way: what is out of it, and where its rows without a cursor are taken to lie (ms UTC). */
interface Progress {
  out: RowSet;
  unplaced: number;
}

/** Reads the slices of one stream: puts each row out exactly once, and asks for less at a time when it must. */
export class SliceReader {
  readonly #options: SliceReaderOptions;
  readonly #reach: Reach | undefined;

  constructor(options: SliceReaderOptions) {
    this.#options = options;
    const { stream, now, clock } = options;
    if (stream.reach !== undefined) {
      const probe = async (window: Slice, signal: AbortSignal) => this.#probe(window, signal);
      this.#reach = new Reach({ age: stream.reach, now, clock, probe });
    }
  }

  /** @throws HttpError or ConnectorError when the window can't be read, or the signal's reason */
  async read(slice: Slice, signal: AbortSignal): Promise<void> {
    await this.#readWindow(slice, { out: new RowSet(slice.lo), unplaced: slice.hi - 1 }, signal);
  }

  async #readWindow(whole: Slice, progress: Progress, signal: AbortSignal): Promise<void> {
    const { planner, report, clock } = this.#options;
    const window = this.#within(whole);
    if (window === undefined) return;
    const canDivide = planner.canDivide(window);
    // Since this window was planned, others have shown that it is too large.
    if (canDivide && window.hi - window.lo > planner.width) {
      await this.#readHalves(window, progress, signal);
      return;
    }
    this.#reach?.asked(window);
    let before: unknown;
    for (const delayMs of [...AGAIN_AFTER_MS, undefined]) {
      const error = await this.#attempt(window, progress, canDivide, signal);
      if (error === undefined) return;
      signal.throwIfAborted();
      const reason = canDivide ? whyDivide(error, window, this.#reach !== undefined) : undefined;
      if (reason !== undefined) {
        planner.shrink(window);
        report.warned(`reading ${describeWindow(window.lo, window.hi)} in smaller pieces: ${reason}`);
        await this.#readHalves(window, progress, signal);
        return;
      }
      if (isRefusal(error) && (await this.#reach?.prove(window, signal)) === true) {
        planner.widen();
        report.warned(
          `Dixa does not answer for the time before ${describeInstant(this.#reach?.until ?? window.hi)}; ` +
            "rows older than that can't be read",
        );
        report.finished(window);
        return;
      }
      if (delayMs === undefined || !mayPass(error, before)) {
        const isOld = this.#reach?.mayExplain(window) === true;
        throw isOld && isRefusal(error) ? refusedForNoReason(error, window) : error;
      }
      before = error;
      report.waiting({
        reason: isRefusal(error) ? "server" : "body",
        untilMs: clock.now() + delayMs,
        message: `${messageOf(error)}; trying again in ${delayMs / 1000} s`,
      });
      await clock.sleep(delayMs, signal);
    }
  }

  /** The part of a window that is not known to be out of the API's reach; the rest counts as read. */
  #within(window: Slice): Slice | undefined {
    const until = this.#reach?.until ?? -Infinity;
    if (until <= window.lo) return window;
    this.#options.report.finished({ lo: window.lo, hi: Math.min(until, window.hi) });
    return until < window.hi ? { lo: until, hi: window.hi } : undefined;
  }

  async #readHalves(window: Slice, progress: Progress, signal: AbortSignal): Promise<void> {
    for (const piece of this.#options.planner.divide(window)) {
      await this.#readWindow(piece, progress, signal);
      progress.out.prune(piece.hi);
    }
  }

  /** Asks for the window once. @returns what went wrong, or undefined if all of its rows are out */
  async #attempt(
    window: Slice,
    progress: Progress,
    canDivide: boolean,
    signal: AbortSignal,
  ): Promise<Error | undefined> {
    const { stream, dixa, planner, tuning, report, output, now, budget } = this.#options;
    const attempt = new AbortController();
    const patience = new Patience(tuning.slowWindowMs, () => {
      if (canDivide) attempt.abort(new WindowTooLarge("it takes too long"));
    });
    const share = new RowShare(budget);
    const put = output.put.bind(output);
    const rows = new WindowRows({ stream, window, now, put, ...progress });
    try {
      await stream.readWindow(dixa, window, {
        signal: AbortSignal.any([signal, attempt.signal]),
        maxBodyFailures: BODY_FAILURES,
        onWait: (wait) => {
          patience.halt();
          report.waiting(wait);
        },
        onRequest: () => {
          patience.run();
          report.requested();
        },
        onStart: () => {
          rows.restart();
          share.restart();
        },
        drained: () => this.#drained(patience),
        onElement: (element) => {
          if (rows.take(element) && !share.add() && canDivide) {
            throw new WindowTooLarge("it has too many rows");
          }
        },
      });
      rows.check();
    } catch (error) {
      return located(error, window, rows.seen);
    } finally {
      patience.halt();
      share.close();
    }
    this.#reach?.answered(window);
    report.finished(window);
    // Twice as much could have been read.
    const isSmall = share.rows * (budget.open + 1) < budget.most / 2;
    if (isSmall && patience.usedMs < tuning.slowWindowMs / 2) planner.succeeded(window);
    return undefined;
  }

  /** Waits for the destination, whose slowness is not the window's. */
  #drained(patience: Patience): Promise<void> | undefined {
    const drained = this.#options.drained();
    if (drained === undefined) return undefined;
    patience.halt();
    return drained.then(() => {
      patience.run();
    });
  }

  async #probe(window: Slice, signal: AbortSignal): Promise<void> {
    const { stream, dixa, report } = this.#options;
    await stream.readWindow(dixa, window, {
      signal,
      onElement: () => undefined,
      drained: () => undefined,
      onRequest: () => {
        report.requested();
      },
      onWait: (wait) => {
        report.waiting(wait);
      },
    });
  }
}
