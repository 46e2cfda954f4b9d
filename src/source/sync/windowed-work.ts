import { describeWindow } from "../../logging/describe.ts";
import { type RangeProgress } from "./range-progress.ts";
import { type Slice, type SlicePlanner } from "./slice-planner.ts";
import { SliceReader, type SliceReaderOptions } from "./slice-reader.ts";
import { type StreamRun } from "./stream-run.ts";
import { type Unit, type Work } from "./work.ts";

export interface WindowedWorkOptions extends Omit<SliceReaderOptions, "report"> {
  run: StreamRun;
  progress: RangeProgress;
}

/** Reads a windowed stream: one slice a unit. */
export class WindowedWork implements Work {
  readonly runs: readonly StreamRun[];
  readonly host: Work["host"];
  readonly #run: StreamRun;
  readonly #planner: SlicePlanner;
  readonly #reader: SliceReader;
  #inFlight = 0;
  #allHandedOut = false;

  constructor(options: WindowedWorkOptions) {
    const { run, progress, stream } = options;
    this.runs = [run];
    this.host = stream.host;
    this.#run = run;
    this.#planner = options.planner;
    const report = run.reportOf((window: Slice) => {
      progress.finish(window.lo, window.hi);
      run.finished(describeWindow(window.lo, window.hi));
    });
    this.#reader = new SliceReader({ ...options, report });
  }

  isOver(): boolean {
    return this.#allHandedOut && this.#inFlight === 0;
  }

  next(): Unit | undefined {
    const slice = this.#run.failure === undefined && !this.#allHandedOut ? this.#planner.next() : undefined;
    if (slice === undefined) {
      this.#allHandedOut = true;
      return undefined;
    }
    this.#inFlight++;
    return async (signal) => {
      await this.#run.attempt(signal, (own) => this.#reader.read(slice, own));
      this.#inFlight--;
    };
  }
}
