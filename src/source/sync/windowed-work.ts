import { describeWindow } from "../../logging/describe.ts";
import { type ErasureFollower } from "./erasure-follower.ts";
import { type RangeProgress } from "./range-progress.ts";
import { type Slice, type SlicePlanner } from "./slice-planner.ts";
import { SliceReader, type SliceReaderOptions } from "./slice-reader.ts";
import { type StreamRun } from "./stream-run.ts";
import { type Unit, type Work } from "./work.ts";

export interface WindowedWorkOptions extends Omit<SliceReaderOptions, "report"> {
  run: StreamRun;
  progress: RangeProgress;
  /** Follows what Dixa has erased, once all slices are handed out. */
  erasures: ErasureFollower | undefined;
}

/** Reads a windowed stream: one slice a unit, and at last the rows from which Dixa has erased something. */
export class WindowedWork implements Work {
  readonly runs: readonly StreamRun[];
  readonly host: Work["host"];
  readonly #run: StreamRun;
  readonly #planner: SlicePlanner;
  readonly #reader: SliceReader;
  readonly #erasures: ErasureFollower | undefined;
  #inFlight = 0;
  #allHandedOut = false;

  constructor(options: WindowedWorkOptions) {
    const { run, progress, stream } = options;
    this.runs = [run];
    this.host = stream.host;
    this.#run = run;
    this.#planner = options.planner;
    this.#erasures = options.erasures;
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
    if (this.#allHandedOut || this.#run.failure !== undefined) {
      this.#allHandedOut = true;
      return undefined;
    }
    const slice = this.#planner.next();
    const erasures = this.#erasures;
    if (slice !== undefined) return this.#unit((signal) => this.#reader.read(slice, signal));
    this.#allHandedOut = true;
    if (erasures === undefined) return undefined;
    return this.#unit(async (signal) => {
      await erasures.follow(signal, () => {
        this.#run.finished("some of what Dixa has erased");
      });
      this.#run.finished("what Dixa has erased");
    });
  }

  #unit(part: (signal: AbortSignal) => Promise<void>): Unit {
    this.#inFlight++;
    return async (signal) => {
      await this.#run.attempt(signal, part);
      this.#inFlight--;
    };
  }
}
