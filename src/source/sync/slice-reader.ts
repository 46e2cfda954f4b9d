import { type Dixa } from "../../dixa/dixa.ts";
import { type WindowedStream } from "../../dixa/streams/stream.ts";
import { BodyError, isBodyError, isHttpStatusError } from "../../http/errors.ts";
import { type JsonElement } from "../../http/json-array-splitter.ts";
import {
  findMember,
  integerValue,
  keyBytes,
  valueEnd,
  valueKind,
  valueStart,
} from "../../http/json-element.ts";
import { describeInstant, describeWindow } from "../../logging/describe.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { Patience } from "./patience.ts";
import { type ReadingReport } from "./reading-report.ts";
import { RowSet } from "./row-set.ts";
import { NARROWEST_WINDOW_MS, type Slice, type SlicePlanner } from "./slice-planner.ts";

const DAY_MS = 86_400_000;
/** The API's ninety days move on while a sync runs. */
const REACH_MARGIN_MS = 3_600_000;
const OPEN_BRACE = 0x7b;
const SMALL_N = 0x6e;
/** A body that fails so often is asked for in halves, or given up when its window can't be halved. */
const BODY_FAILURES = 2;
const BODY_FAILURES_OF_NARROWEST = 8;

export interface SliceTuning {
  /**
   * A window that takes longer is halved, so that checkpoints keep coming, ms. Waiting for a rate limit or for a
   * failed host does not count: smaller windows would only mean more requests.
   */
  slowWindowMs: number;
  /** A window with more rows is halved, because the rows that are out must be remembered until it is finished. */
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
  output: RecordOutput;
  drained: () => Promise<void> | undefined;
  report: SliceReport;
  /** When the sync began, ms UTC: an API that limits by age counts from there, whatever the end of what is read. */
  now: number;
  tuning: SliceTuning;
}

/** Thrown inside a window's reading to end it early; the rows so far are out and remembered. */
class WindowTooLarge extends Error {}

/** Reads the slices of one stream: puts each row out exactly once, and asks for less at a time when it must. */
export class SliceReader {
  readonly #options: SliceReaderOptions;
  readonly #cursorKey: Buffer;
  readonly #idKey: Buffer;
  /** Windows before this instant are known to be out of the API's reach. */
  #outOfReach = 0;

  constructor(options: SliceReaderOptions) {
    this.#options = options;
    this.#cursorKey = keyBytes(options.stream.cursorField);
    this.#idKey = keyBytes(options.stream.primaryKey[0]);
  }

  /** @throws HttpError when the retry policy has given up, or the signal's reason */
  async read(slice: Slice, signal: AbortSignal): Promise<void> {
    await this.#readWindow(slice, new RowSet(slice.lo), signal);
  }

  async #readWindow(window: Slice, out: RowSet, signal: AbortSignal): Promise<void> {
    const { stream, dixa, planner, tuning, report } = this.#options;
    if (window.hi <= this.#outOfReach) {
      report.finished(window);
      return;
    }
    const canDivide = planner.canDivide(window);
    // Since this window was planned, others have shown that it is too large.
    if (canDivide && window.hi - window.lo > planner.width) {
      await this.#readHalves(window, out, signal);
      return;
    }
    const attempt = new AbortController();
    const patience = new Patience(tuning.slowWindowMs, () => {
      if (canDivide) attempt.abort(new WindowTooLarge("it takes too long"));
    });
    let rows = 0;
    try {
      await stream.readWindow(dixa, window, {
        signal: AbortSignal.any([signal, attempt.signal]),
        maxBodyFailures: canDivide ? BODY_FAILURES : BODY_FAILURES_OF_NARROWEST,
        onWait: (wait) => {
          patience.halt();
          report.waiting(wait);
        },
        onRequest: () => {
          patience.run();
          report.requested();
        },
        onStart: () => {
          rows = 0;
        },
        drained: this.#options.drained,
        onElement: (element) => {
          if (this.#take(element, window, out) && ++rows > tuning.mostRows && canDivide) {
            throw new WindowTooLarge("it has too many rows");
          }
        },
      });
    } catch (error) {
      const reason = signal.aborted || !canDivide ? undefined : this.#whyDivide(error, window);
      if (reason !== undefined) {
        planner.shrink(window);
        report.warned(`reading ${describeWindow(window.lo, window.hi)} in smaller pieces: ${reason}`);
        await this.#readHalves(window, out, signal);
        return;
      }
      if (!(await this.#isOutOfReach(error, window, canDivide, signal))) throw error;
    } finally {
      patience.halt();
    }
    report.finished(window);
    // Twice as much could have been read.
    if (patience.usedMs < tuning.slowWindowMs / 2 && rows < tuning.mostRows / 2) planner.succeeded(window);
  }

  async #readHalves(window: Slice, out: RowSet, signal: AbortSignal): Promise<void> {
    for (const piece of this.#options.planner.divide(window)) {
      await this.#readWindow(piece, out, signal);
      out.prune(piece.hi);
    }
  }

  /** @returns whether the row lies in the window */
  #take(element: JsonElement, window: Slice, out: RowSet): boolean {
    const { buffer, start } = element;
    if (buffer[start] !== OPEN_BRACE)
      throw new BodyError("malformed", "an element of the array is not an object");
    const cursorAt = findMember(element, this.#cursorKey);
    // A row without a cursor can't be placed; since Dixa gave it for this window, it is put out with it.
    const cursor =
      (cursorAt === -1 ? undefined : this.#options.stream.cursor.read(element, cursorAt)) ?? window.hi - 1;
    if (cursor < window.lo || cursor >= window.hi) return false;
    const idAt = findMember(element, this.#idKey);
    if (idAt === -1 || valueKind(element, idAt) === SMALL_N) {
      throw new BodyError("malformed", `a row has no "${this.#options.stream.primaryKey[0]}"`);
    }
    const id = integerValue(element, idAt);
    const isNew =
      id === undefined
        ? out.addBytes(buffer, valueStart(element, idAt), valueEnd(element, idAt), cursor)
        : out.addInteger(id, cursor);
    if (isNew) this.#options.output.put(element);
    return true;
  }

  /** The reason to ask for less at a time, in plain words; undefined if a smaller window would not help. */
  #whyDivide(error: unknown, window: Slice): string | undefined {
    if (error instanceof WindowTooLarge) return error.message;
    if (isBodyError(error)) return `its answer broke off twice (${error.message})`;
    if (!isHttpStatusError(error)) return undefined;
    if (error.status === 408 || error.status === 504) return `Dixa needs too long for it (${error.status})`;
    // The limits of 31 and 90 days are documented loosely; a refusal may mean that this window is over one.
    if (error.status === 400 && (window.hi - window.lo > DAY_MS || this.#crossesReach(window))) {
      return "Dixa refuses it as a whole (400)";
    }
    return undefined;
  }

  /**
   * Whether the API refuses this window because of its age, which it may do or not (not documented). It is believed
   * only if the API accepts a recent window at the same time, since what is out of reach counts as read.
   */
  async #isOutOfReach(
    error: unknown,
    window: Slice,
    canDivide: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { stream, dixa, now, report } = this.#options;
    if (stream.reach === undefined || !isHttpStatusError(error) || error.status !== 400) return false;
    const limit = now - stream.reach;
    const isOld = window.hi <= limit;
    if (!isOld && (canDivide || !this.#crossesReach(window))) return false;
    const recent = { lo: now - NARROWEST_WINDOW_MS, hi: now };
    const ignored = { onElement: () => undefined, drained: () => undefined };
    await stream.readWindow(dixa, recent, {
      ...ignored,
      signal,
      onRequest: () => {
        report.requested();
      },
      onWait: (wait) => {
        report.waiting(wait);
      },
    });
    this.#outOfReach = Math.max(this.#outOfReach, window.hi, isOld ? limit : 0);
    report.warned(
      `Dixa does not answer for the time before ${describeInstant(this.#outOfReach)}; ` +
        "rows older than that can't be read",
    );
    return true;
  }

  /** Whether the window holds the instant before which the API may refuse to answer. */
  #crossesReach({ lo, hi }: Slice): boolean {
    const { stream, now } = this.#options;
    if (stream.reach === undefined) return false;
    const limit = now - stream.reach;
    return lo < limit + REACH_MARGIN_MS && hi > limit;
  }
}
