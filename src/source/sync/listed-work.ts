import { type Dixa } from "../../dixa/dixa.ts";
import { isLostKey } from "../../dixa/pagination.ts";
import { type ListedStream } from "../../dixa/streams/stream.ts";
import { type RecordOutput } from "../output/record-output.ts";
import { type ListProgress } from "./list-progress.ts";
import { ListReading } from "./list-reading.ts";
import { inOrder, type ListContext, proveGone, targetKey, targetsOf, unlessGone } from "./list-targets.ts";
import { type Place, PlaceLost, type Target } from "./page-reader.ts";
import { rowKeyOf } from "./row-key.ts";
import { FewSeenRows, ManySeenRows } from "./seen-rows.ts";
import { type StreamRun } from "./stream-run.ts";
import { type Unit, type Work } from "./work.ts";

const NO_TARGET: Target = { parameters: {}, parent: {} };

export interface ListedWorkOptions {
  dixa: Dixa;
  stream: ListedStream;
  run: StreamRun;
  progress: ListProgress;
  output: Pick<RecordOutput, "put">;
  drained: () => Promise<void> | undefined;
}

/** Reads a listed stream: a page, or the rows of one parent, a unit; one after the other, since each needs the last. */
export class ListedWork implements Work {
  readonly runs: readonly StreamRun[];
  readonly host = "api";
  readonly #options: ListedWorkOptions;
  readonly #units: AsyncGenerator<string, void, undefined>;
  readonly #context: ListContext;
  #signal = new AbortController().signal;
  #isBusy = false;
  #isDone = false;

  constructor(options: ListedWorkOptions) {
    const { dixa, run, stream, progress } = options;
    this.#options = options;
    this.runs = [run];
    this.#context = { dixa, stream: stream.name, report: run, signal: () => this.#signal };
    this.#isDone = progress.position.kind === "complete";
    this.#units = stream.parents === undefined ? this.#pages() : this.#parents();
  }

  isOver(): boolean {
    return this.#isDone && !this.#isBusy;
  }

  next(): Unit | undefined {
    if (this.#isBusy || this.#isDone) return undefined;
    const { run, progress } = this.#options;
    this.#isBusy = true;
    return async (signal) => {
      await run.attempt(signal, async (own) => {
        this.#signal = own;
        const unit = await this.#units.next();
        if (unit.done === true) {
          progress.position = { kind: "complete" };
          progress.done = 1;
          this.#isDone = true;
        }
        run.finished(unit.value ?? "the list");
      });
      if (run.failure !== undefined || signal.aborted) this.#isDone = true;
      this.#isBusy = false;
    };
  }

  async *#pages(): AsyncGenerator<string, void, undefined> {
    const { progress } = this.#options;
    const { signal } = this.#context;
    const from = progress.position.kind === "page" ? progress.position.place : undefined;
    let pages = this.#reading(NO_TARGET, new ManySeenRows()).pages(signal, from);
    let step = await this.#firstPage(pages, from);
    if (step === undefined) {
      pages = this.#reading(NO_TARGET, new ManySeenRows()).pages(signal);
      step = await pages.next();
    }
    for (let count = 1; step.done !== true; count++) {
      if (step.value !== undefined) progress.position = { kind: "page", place: step.value };
      yield `page ${count}`;
      step = await pages.next();
    }
  }

  /** Undefined if the list can't go on from where it was interrupted; then it is read from its start. */
  async #firstPage(
    pages: AsyncGenerator<Place | undefined, void, undefined>,
    from: Place | undefined,
  ): Promise<IteratorResult<Place | undefined, void> | undefined> {
    try {
      return await pages.next();
    } catch (error) {
      if (from === undefined || !(error instanceof PlaceLost || isLostKey(error))) throw error;
      this.#options.run.warned("the list has changed where it was interrupted, and is read from its start");
      return undefined;
    }
  }

  async *#parents(): AsyncGenerator<string, void, undefined> {
    const { stream, progress } = this.#options;
    // In an order of our own: the next attempt may get the parents in another one.
    const targets = inOrder(await targetsOf(stream.parents, this.#context));
    const last = progress.position.kind === "parent" ? progress.position.last : "";
    const seen = new FewSeenRows();
    const gone: Target[] = [];
    for (const [index, target] of targets.entries()) {
      if (targetKey(target) <= last) continue;
      await unlessGone(target, gone, stream.parents, () =>
        this.#reading(target, seen).all(this.#context.signal),
      );
      // What is noted as gone is proved at the end, and must be asked again if it doesn't come to that.
      if (gone.length === 0) progress.position = { kind: "parent", last: targetKey(target) };
      progress.done = (index + 1) / targets.length;
      yield `the rows of parent ${index + 1} of ${targets.length}`;
    }
    await proveGone(gone, stream.parents, this.#context);
  }

  #reading(target: Target, seen: FewSeenRows | ManySeenRows): ListReading {
    const { dixa, stream, run, output, drained } = this.#options;
    return new ListReading({
      ...{ dixa, list: stream.list, target, shape: stream, seen, drained, report: run },
      keyOf: rowKeyOf(stream.primaryKey),
      put: (row) => {
        output.put(row);
      },
    });
  }
}
