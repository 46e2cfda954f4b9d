import { estimate, stateMessage, streamStatus } from "../../airbyte/protocol/construct.ts";
import { type ConnectorError } from "../../airbyte/protocol/failure.ts";
import { type StreamDescriptor } from "../../airbyte/protocol/stream-descriptor.ts";
import { toConnectorError } from "../../dixa/errors.ts";
import { type WindowedStream } from "../../dixa/streams/stream.ts";
import { type Wait } from "../../http/client.ts";
import { type Clock } from "../../http/clock.ts";
import { describeDuration, describeWindow } from "../../logging/describe.ts";
import { type Logger } from "../output/logger.ts";
import { type Output } from "../output/output.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { type StreamSnapshot } from "../output/terminal-progress.ts";
import { Checkpoint } from "./checkpoint.ts";
import { type Slice, type SlicePlanner } from "./slice-planner.ts";
import { type SliceReport } from "./slice-reader.ts";
import { writeStreamState } from "./stream-state.ts";
import { type SyncRange } from "./sync-range.ts";

/** A wait for a budget is told as a rate limit from this length on, ms. */
const WORTH_TELLING_MS = 5000;
/** Estimates of one stream are at least so far apart, ms. */
const ESTIMATE_EVERY_MS = 5000;

export interface StreamRunOptions {
  stream: WindowedStream;
  namespace: string | undefined;
  range: SyncRange;
  planner: SlicePlanner;
  records: RecordOutput;
  output: Output;
  logger: Logger;
  clock: Clock;
  /** What its states say of their origin. */
  originOf: (isComplete: boolean) => Record<string, unknown>;
}

/** The life of one stream in one sync: its statuses, states, estimates and counts. Reads nothing itself. */
export class StreamRun implements SliceReport {
  readonly stream: WindowedStream;
  /** Why the stream failed; its other slices are not begun any more. */
  failure: ConnectorError | undefined;

  readonly #options: StreamRunOptions;
  readonly descriptor: StreamDescriptor;
  readonly #checkpoint: Checkpoint;
  readonly #total: number;
  #covered = 0;
  #phase: StreamSnapshot["phase"] = "waiting";
  #inFlight = 0;
  #allHandedOut = false;
  #requests = 0;
  #slices = 0;
  #lastState: string | undefined;
  #rowsAtState = 0;
  #lastEstimate = -Infinity;
  #wait: StreamSnapshot["wait"];
  #startedAt = 0;
  #endedAt: number | undefined;

  constructor(options: StreamRunOptions) {
    this.stream = options.stream;
    this.#options = options;
    const { namespace, range } = options;
    this.descriptor = { name: options.stream.name, ...(namespace === undefined ? {} : { namespace }) };
    this.#checkpoint = new Checkpoint(range.start, range.done);
    const done = range.done.reduce(
      (sum, [lo, hi]) => sum + Math.max(0, Math.min(hi, range.end) - Math.max(lo, range.start)),
      0,
    );
    this.#total = Math.max(0, range.end - range.start - done);
  }

  begin(): void {
    const { clock, logger, range } = this.#options;
    this.#startedAt = clock.now();
    this.#phase = "reading";
    this.#status("STARTED");
    // Also for a stream that will turn out to be empty: test suites ask for three statuses each.
    this.#status("RUNNING");
    if (this.#total === 0) logger.info(`${this.stream.name}: nothing to read`);
    else logger.info(`${this.stream.name}: reading ${describeWindow(range.start, range.end)}`);
  }

  /** The next slice to read, or undefined when there is none or the stream has failed. */
  next(): Slice | undefined {
    const slice =
      this.failure === undefined && !this.#allHandedOut ? this.#options.planner.next() : undefined;
    if (slice === undefined) this.#allHandedOut = true;
    else this.#inFlight++;
    return slice;
  }

  /** Whether every slice that was handed out has come back, and none is left. */
  get isOver(): boolean {
    return this.#allHandedOut && this.#inFlight === 0;
  }

  /** Says that a slice of {@link next} has come back, with its error if it failed. */
  settle(error?: unknown): void {
    this.#inFlight--;
    if (error === undefined) return;
    const failure = toConnectorError(error);
    this.failure ??= failure;
    this.#options.logger.error(`${this.stream.name}: ${failure.message}`);
  }

  /** Notes that every row of the window is out, and says so in a STATE. */
  finished(window: Slice): void {
    this.#slices++;
    this.#covered += window.hi - window.lo;
    this.#wait = undefined;
    this.#checkpoint.finish(window.lo, window.hi);
    this.#options.logger.debug(`${this.stream.name}: finished ${describeWindow(window.lo, window.hi)}`);
    this.#state();
    this.#estimate();
  }

  /** Ends the stream: at least one STATE, then the terminal status. */
  end(isStopped: boolean): void {
    const { clock, logger, records } = this.#options;
    if (this.#lastState === undefined) this.#state();
    const failed = this.failure !== undefined || isStopped;
    if (!failed) this.#estimate(true);
    this.#phase = failed ? "incomplete" : "complete";
    this.#endedAt = clock.now();
    this.#status(failed ? "INCOMPLETE" : "COMPLETE");
    this.#options.output.writer.push();
    const seconds = Math.max(0.001, (this.#endedAt - this.#startedAt) / 1000);
    const rate = (records.bytes / 1e6 / seconds).toFixed(1);
    logger.info(
      `${this.stream.name}: ${failed ? "stopped" : "complete"} after ${records.rows} rows, ` +
        `${(records.bytes / 1e6).toFixed(1)} MB, ${this.#slices} slices, ${this.#requests} requests, ${rate} MB/s`,
    );
  }

  requested(): void {
    this.#requests++;
    this.#wait = undefined;
  }

  waiting(wait: Wait): void {
    const { clock, logger } = this.#options;
    const length = wait.untilMs - clock.now();
    this.#wait = wait;
    const isLimit = wait.reason === "rate_limited" || wait.reason === "budget";
    if (wait.reason === "rate_limited" || (isLimit && length >= WORTH_TELLING_MS)) {
      this.#status("RUNNING", Math.ceil(wait.untilMs));
      this.#options.output.writer.push();
    }
    if (wait.reason === "budget") {
      if (length >= WORTH_TELLING_MS) {
        logger.info(`${this.stream.name}: waiting ${describeDuration(length)} for the request budget`);
      }
    } else {
      logger.warn(`${this.stream.name}: ${wait.message}`);
    }
  }

  warned(message: string): void {
    this.#options.logger.warn(`${this.stream.name}: ${message}`);
  }

  snapshot(): StreamSnapshot {
    const { clock, records } = this.#options;
    return {
      name: this.stream.name,
      phase: this.#phase,
      rows: records.rows,
      bytes: records.bytes,
      slices: this.#slices,
      requests: this.#requests,
      done: this.#total === 0 ? 1 : this.#covered / this.#total,
      wait: this.#wait !== undefined && this.#wait.untilMs > clock.now() ? this.#wait : undefined,
      elapsed: this.#startedAt === 0 ? 0 : (this.#endedAt ?? clock.now()) - this.#startedAt,
    };
  }

  #status(status: "STARTED" | "RUNNING" | "COMPLETE" | "INCOMPLETE", quotaReset?: number): void {
    this.#options.output.emit(streamStatus(this.descriptor, status, this.#options.clock.now(), quotaReset));
  }

  /** Puts a STATE out, unless it would repeat the last one: the platform takes a repeated state for a mistake. */
  #state(): void {
    const { range, records, output } = this.#options;
    const { cursor, ahead } = this.#checkpoint.promise(range.settled);
    const progress = { cursor: Math.max(cursor, range.floor ?? 0), ahead };
    const isComplete = progress.cursor >= range.end;
    const state = { ...writeStreamState(this.stream, progress), ...this.#options.originOf(isComplete) };
    const text = JSON.stringify(state);
    if (text === this.#lastState) return;
    this.#lastState = text;
    output.emit(stateMessage(this.descriptor, state, records.rows - this.#rowsAtState));
    this.#rowsAtState = records.rows;
    output.writer.push();
  }

  #estimate(isFinal = false): void {
    const { clock, output, records } = this.#options;
    const now = clock.now();
    if (!isFinal && (now - this.#lastEstimate < ESTIMATE_EVERY_MS || this.#covered === 0)) return;
    this.#lastEstimate = now;
    const share = isFinal || this.#total === 0 ? 1 : this.#covered / this.#total;
    output.emit(
      estimate(this.descriptor, Math.round(records.rows / share), Math.round(records.bytes / share), now),
    );
  }
}
