import { estimate, stateMessage, streamStatus } from "../../airbyte/protocol/construct.ts";
import { type ConnectorError } from "../../airbyte/protocol/failure.ts";
import { type StreamDescriptor } from "../../airbyte/protocol/stream-descriptor.ts";
import { type Clock } from "../../http/clock.ts";
import { type Wait } from "../../http/request.ts";
import { describeDuration } from "../../logging/describe.ts";
import { type Logger } from "../output/logger.ts";
import { type Output } from "../output/output.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { type StreamSnapshot } from "../output/terminal-progress.ts";
import { type ReadingReport } from "./reading-report.ts";
import { toStreamFailure } from "./stream-failure.ts";
import { type StreamProgress } from "./stream-progress.ts";

/** A wait for a budget is told as a rate limit from this length on, ms. */
const WORTH_TELLING_MS = 5000;
/** Estimates of one stream are at least so far apart, ms. */
const ESTIMATE_EVERY_MS = 5000;

export interface StreamRunOptions {
  name: string;
  namespace: string | undefined;
  progress: StreamProgress;
  records: RecordOutput;
  output: Output;
  logger: Logger;
  clock: Clock;
  /** What its states say of their origin. */
  originOf: (isComplete: boolean) => Record<string, unknown>;
}

/** The life of one stream in one sync: its statuses, states, estimates and counts. Reads nothing itself. */
export class StreamRun implements ReadingReport {
  readonly name: string;
  readonly descriptor: StreamDescriptor;
  /** Why the stream failed; its other units are not begun any more. */
  failure: ConnectorError | undefined;

  readonly #options: StreamRunOptions;
  /** Aborted when the stream can't succeed any more, for example because the token is wrong. */
  readonly #stop = new AbortController();
  #phase: StreamSnapshot["phase"] = "waiting";
  #requests = 0;
  #slices = 0;
  #lastState: string | undefined;
  #rowsAtState = 0;
  #lastEstimate = -Infinity;
  #wait: StreamSnapshot["wait"];
  #startedAt = 0;
  #endedAt: number | undefined;

  constructor(options: StreamRunOptions) {
    const { name, namespace } = options;
    this.name = name;
    this.#options = options;
    this.descriptor = { name, ...(namespace === undefined ? {} : { namespace }) };
  }

  begin(): void {
    const { clock, logger, progress } = this.#options;
    this.#startedAt = clock.now();
    this.#phase = "reading";
    this.#status("STARTED");
    // Also for a stream that will turn out to be empty: test suites ask for three statuses each.
    this.#status("RUNNING");
    logger.info(`${this.name}: ${progress.plan}`);
  }

  /** Does a part of the stream's work; what goes wrong ends the stream, unless the sync itself was stopped. */
  async attempt(signal: AbortSignal, part: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await part(AbortSignal.any([signal, this.#stop.signal]));
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /** Ends the stream: of what goes wrong, the first counts. */
  fail(error: unknown): void {
    const failure = toStreamFailure(error, this.name);
    this.failure ??= failure;
    this.#options.logger.error(`${this.name}: ${failure.message}`);
    if (failure.failureType === "config_error") this.#stop.abort(this.failure);
  }

  /** Says in a STATE what is out by now, after a piece of the stream's work, which is named for the log. */
  finished(piece: string): void {
    this.#slices++;
    this.#wait = undefined;
    this.#options.logger.debug(`${this.name}: finished ${piece}`);
    this.#state();
    this.#estimate();
  }

  /** The report of a reader that says besides what it has finished. */
  reportOf<T>(finished: (piece: T) => void): ReadingReport & { finished(piece: T): void } {
    return {
      finished,
      requested: () => {
        this.requested();
      },
      waiting: (wait) => {
        this.waiting(wait);
      },
      warned: (message) => {
        this.warned(message);
      },
    };
  }

  /** Ends the stream: at least one STATE, then the terminal status. */
  end(isStopped: boolean): void {
    const { clock, logger, records } = this.#options;
    this.#state();
    const failed = this.failure !== undefined || isStopped;
    if (!failed) this.#estimate(true);
    this.#phase = failed ? "incomplete" : "complete";
    this.#endedAt = clock.now();
    this.#status(failed ? "INCOMPLETE" : "COMPLETE");
    this.#options.output.writer.push();
    const seconds = Math.max(0.001, (this.#endedAt - this.#startedAt) / 1000);
    const rate = (records.bytes / 1e6 / seconds).toFixed(1);
    logger.info(
      `${this.name}: ${failed ? "stopped" : "complete"} after ${records.rows} rows, ` +
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
        logger.info(`${this.name}: waiting ${describeDuration(length)} for the request budget`);
      }
    } else {
      logger.warn(`${this.name}: ${wait.message}`);
    }
  }

  warned(message: string): void {
    this.#options.logger.warn(`${this.name}: ${message}`);
  }

  snapshot(): StreamSnapshot {
    const { clock, progress, records } = this.#options;
    return {
      name: this.name,
      phase: this.#phase,
      rows: records.rows,
      bytes: records.bytes,
      slices: this.#slices,
      requests: this.#requests,
      done: progress.done,
      wait: this.#wait !== undefined && this.#wait.untilMs > clock.now() ? this.#wait : undefined,
      elapsed: this.#startedAt === 0 ? 0 : (this.#endedAt ?? clock.now()) - this.#startedAt,
    };
  }

  #status(status: "STARTED" | "RUNNING" | "COMPLETE" | "INCOMPLETE", quotaReset?: number): void {
    this.#options.output.emit(streamStatus(this.descriptor, status, this.#options.clock.now(), quotaReset));
  }

  /** Puts a STATE out, unless it would repeat the last one: the platform takes a repeated state for a mistake. */
  #state(): void {
    const { progress, records, output } = this.#options;
    const { state: promised, isComplete } = progress.state();
    const state = { ...promised, ...this.#options.originOf(isComplete) };
    const text = JSON.stringify(state);
    if (text === this.#lastState) return;
    this.#lastState = text;
    output.emit(stateMessage(this.descriptor, state, records.rows - this.#rowsAtState));
    this.#rowsAtState = records.rows;
    output.writer.push();
  }

  #estimate(isFinal = false): void {
    const { clock, output, progress, records } = this.#options;
    const now = clock.now();
    const share = isFinal ? 1 : progress.done;
    if (!isFinal && (now - this.#lastEstimate < ESTIMATE_EVERY_MS || share === 0)) return;
    this.#lastEstimate = now;
    output.emit(
      estimate(this.descriptor, Math.round(records.rows / share), Math.round(records.bytes / share), now),
    );
  }
}
