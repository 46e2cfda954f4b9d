import { type Clock } from "../../http/clock.ts";
import { describeInstant, describeWindow } from "../../logging/describe.ts";
import { Reach } from "./reach.ts";
import { type ReadingReport } from "./reading-report.ts";
import { RowSet } from "./row-set.ts";
import { type Slice, type SlicePlanner } from "./slice-planner.ts";
import { attemptWindow, type SliceProgress, type WindowAttemptOptions } from "./window-attempt.ts";
import { isRefusal, mayPass, messageOf, refusedForNoReason, whyDivide } from "./window-failure.ts";

/** Waits before a window is asked for again that failed in a way that may pass and that is no reason to halve it, ms. */
const AGAIN_AFTER_MS: readonly number[] = [5000, 15_000, 45_000];

export interface SliceTuning extends Readonly<WindowAttemptOptions["tuning"]> {
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

export interface SliceReaderOptions extends WindowAttemptOptions {
  planner: SlicePlanner;
  report: SliceReport;
  clock: Clock;
  tuning: SliceTuning;
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

  async #readWindow(whole: Slice, slice: SliceProgress, signal: AbortSignal): Promise<void> {
    const { planner, report, clock } = this.#options;
    const window = this.#within(whole);
    if (window === undefined) return;
    const canDivide = planner.canDivide(window);
    // Since this window was planned, others have shown that it is too large.
    if (canDivide && window.hi - window.lo > planner.width) {
      await this.#readHalves(window, slice, signal);
      return;
    }
    this.#reach?.requested(window);
    let before: unknown;
    for (const delayMs of [...AGAIN_AFTER_MS, undefined]) {
      const error = await this.#attempt(window, slice, canDivide, signal);
      if (error === undefined) return;
      signal.throwIfAborted();
      const reason = canDivide ? whyDivide(error, window, this.#reach !== undefined) : undefined;
      if (reason !== undefined) {
        planner.shrink(window);
        report.warned(`reading ${describeWindow(window.lo, window.hi)} in smaller pieces: ${reason}`);
        await this.#readHalves(window, slice, signal);
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

  async #readHalves(window: Slice, slice: SliceProgress, signal: AbortSignal): Promise<void> {
    for (const piece of this.#options.planner.divide(window)) {
      await this.#readWindow(piece, slice, signal);
      slice.out.prune(piece.hi);
    }
  }

  /** Asks for the window once. @returns what went wrong, or undefined if all of its rows are out */
  async #attempt(
    window: Slice,
    slice: SliceProgress,
    canDivide: boolean,
    signal: AbortSignal,
  ): Promise<Error | undefined> {
    const { failure, isEasy } = await attemptWindow(this.#options, { window, canDivide, ...slice }, signal);
    if (failure !== undefined) return failure;
    this.#reach?.answered(window);
    this.#options.report.finished(window);
    if (isEasy) this.#options.planner.succeeded(window);
    return undefined;
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
