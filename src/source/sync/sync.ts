import { type ConfiguredStream } from "../../airbyte/protocol/catalog.ts";
import { streamStatus } from "../../airbyte/protocol/construct.ts";
import { ConnectorError, isConnectorError } from "../../airbyte/protocol/failure.ts";
import { type InputState } from "../../airbyte/protocol/state.ts";
import { type StreamDescriptor } from "../../airbyte/protocol/stream-descriptor.ts";
import { type DixaConfig } from "../../dixa/config.ts";
import { type Dixa } from "../../dixa/dixa.ts";
import { windowedStreams as streams } from "../../dixa/streams/index.ts";
import { type WindowedStream } from "../../dixa/streams/stream.ts";
import { type Clock } from "../../http/clock.ts";
import { describeInstant } from "../../logging/describe.ts";
import { type Logger } from "../output/logger.ts";
import { type Output } from "../output/output.ts";
import { RecordOutput } from "../output/record-output.ts";
import { streamRewriter } from "../output/stream-rewriter.ts";
import { type StreamSnapshot } from "../output/terminal-progress.ts";
import { RowBudget } from "./row-budget.ts";
import { SlicePlanner } from "./slice-planner.ts";
import { SliceReader, type SliceTuning } from "./slice-reader.ts";
import { originOf, sinceOf, type SyncTerms, whyVoid } from "./state-origin.ts";
import { StreamRun } from "./stream-run.ts";
import { readStreamState } from "./stream-state.ts";
import { earliestOf, syncRange } from "./sync-range.ts";

/** A failure with the stream that it ended. */
export interface SyncFailure {
  error: ConnectorError;
  stream: StreamDescriptor;
}

export interface SyncOptions {
  config: DixaConfig;
  catalog: readonly ConfiguredStream[];
  state: InputState;
  dixa: Dixa;
  output: Output;
  logger: Logger;
  clock: Clock;
  /** Ends the sync early; what is finished has its STATE. */
  signal: AbortSignal;
  tuning: SliceTuning;
  /** Called once, with the way to look at the streams while they are read. */
  onStart?: ((snapshots: () => StreamSnapshot[]) => void) | undefined;
}

interface Job {
  run: StreamRun;
  reader: SliceReader;
  /** Aborted when the stream can't succeed any more, for example because the token is wrong. */
  stop: AbortController;
}

/**
 * Reads the configured streams and puts their messages out.
 *
 * @returns what failed; the streams that did not fail are complete
 */
export async function sync(options: SyncOptions): Promise<SyncFailure[]> {
  const { clock, config, dixa, logger, signal } = options;
  const failures: SyncFailure[] = [];
  const served = await serverTime(dixa, signal);
  const jobs: Job[] = [];
  const budget = new RowBudget(options.tuning.mostRows);
  for (const configured of options.catalog) {
    try {
      if (typeof served !== "number") throw served;
      // The earlier of two clocks: a cursor ahead of Dixa's clock would skip what happens until Dixa gets there.
      const now = Math.floor(Math.min(clock.now(), served) / 1000) * 1000;
      jobs.push(createJob(options, configured, now, budget));
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      const stream = descriptor(configured);
      failures.push({ error, stream });
      options.output.emit(streamStatus(stream, "STARTED", clock.now()));
      options.output.emit(streamStatus(stream, "INCOMPLETE", clock.now()));
      logger.error(`${configured.name}: ${error.message}`);
    }
  }
  if (jobs.length === 0 && failures.length === 0) logger.warn("The configured catalog lists no stream");
  options.onStart?.(() => jobs.map(({ run }) => run.snapshot()));
  for (const { run } of jobs) run.begin();
  await workThrough(jobs, config.workers, signal);
  for (const { run } of jobs) {
    if (run.failure !== undefined) failures.push({ error: run.failure, stream: run.descriptor });
  }
  return failures;
}

/** Dixa's clock, ms UTC, or why it isn't known, which ends every stream before it begins. */
async function serverTime(dixa: Dixa, signal: AbortSignal): Promise<number | ConnectorError> {
  try {
    return await dixa.serverTime(signal);
  } catch (error) {
    if (isConnectorError(error)) return error;
    throw error;
  }
}

/** Runs slices of all jobs, at most `workers` at a time, taking turns between the streams. */
async function workThrough(jobs: readonly Job[], workers: number, signal: AbortSignal): Promise<void> {
  let turn = 0;
  const ended = new Set<Job>();
  const endThoseOver = () => {
    for (const job of jobs) {
      if (!ended.has(job) && (job.run.isOver || signal.aborted)) {
        ended.add(job);
        job.run.end(signal.aborted);
      }
    }
  };
  const takeNext = (): (() => Promise<void>) | undefined => {
    for (let tried = 0; tried < jobs.length && !signal.aborted; tried++) {
      const job = jobs[turn++ % jobs.length];
      const slice = job?.run.next();
      if (job === undefined || slice === undefined) continue;
      return async () => {
        try {
          await job.reader.read(slice, AbortSignal.any([signal, job.stop.signal]));
          job.run.settle();
        } catch (error) {
          if (signal.aborted) return;
          job.run.settle(error);
          if (job.run.failure?.failureType === "config_error") job.stop.abort(job.run.failure);
        }
      };
    }
    return undefined;
  };
  const worker = async () => {
    for (let task = takeNext(); task !== undefined; task = takeNext()) {
      await task();
      endThoseOver();
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  endThoseOver();
}

function createJob(options: SyncOptions, configured: ConfiguredStream, now: number, budget: RowBudget): Job {
  const { clock, config, dixa, logger, output, state, tuning } = options;
  const stream = findStream(configured);
  const incremental = configured.syncMode === "incremental";
  const terms: SyncTerms = { ...configured, isFullRefresh: !incremental };
  const found = stateOf(stream, configured.namespace, state);
  const reason = whyVoid(found, terms);
  if (reason !== undefined) {
    logger.info(`${stream.name}: reading from the start, without the saved state: ${reason}`);
  }
  const saved = reason === undefined ? found : undefined;
  const progress = readStreamState(stream, saved);
  const range = syncRange(config, now, progress, incremental);
  if (progress !== undefined && range.start >= range.end && progress.cursor > now) {
    logger.warn(
      `${stream.name}: the saved state (${describeInstant(progress.cursor)}) lies after the time of this sync, ` +
        `${describeInstant(now)} (the earlier of this machine's clock and Dixa's), so there is nothing to read. ` +
        "If a clock was wrong, the next sync after it is right again goes on by itself; if the state is wrong, " +
        "refresh the stream",
    );
  }
  // Whatever lies between a cursor and a later start is never read, so the rows are whole from the start on.
  const goesOn = progress !== undefined && progress.cursor >= range.start;
  const since = sinceOf(saved);
  const earliest = earliestOf(config, now);
  if (since !== undefined && earliest < since) {
    logger.warn(
      `${stream.name}: rows from ${describeInstant(earliest)} on are wanted, but earlier syncs began at ` +
        `${describeInstant(since)}. Refresh the stream to read what lies before`,
    );
  }
  const { namespace } = configured;
  const records = new RecordOutput({
    writer: output.writer,
    stream: stream.name,
    namespace,
    rewriter: streamRewriter(stream, configured.schema, config.privacy, logger),
    now: () => clock.now(),
  });
  const planner = new SlicePlanner({
    start: range.start,
    end: range.end,
    maxWidth: stream.maxWindow(config.days),
    done: range.done,
  });
  const run = new StreamRun({
    ...{ stream, namespace, range, planner, records, output, logger, clock },
    originOf: (isComplete) => originOf(terms, goesOn ? since : range.start, isComplete),
  });
  const reader = new SliceReader({
    dixa,
    stream,
    planner,
    output: records,
    drained: () => output.writer.drained(),
    report: run,
    clock,
    now,
    tuning,
    budget,
  });
  return { run, reader, stop: new AbortController() };
}

function findStream(configured: ConfiguredStream): WindowedStream {
  const stream = streams.find(({ name }) => name === configured.name);
  const known = streams.map(({ name }) => name).join(", ");
  if (stream === undefined) {
    throw new ConnectorError(
      "config_error",
      `There is no stream "${configured.name}". Streams: ${known}. Refresh the connection's schema.`,
    );
  }
  if (configured.syncMode !== "incremental" && configured.syncMode !== "full_refresh") {
    throw new ConnectorError(
      "config_error",
      `The stream "${configured.name}" has the unknown sync mode "${configured.syncMode}". ` +
        "Choose full_refresh or incremental.",
    );
  }
  return stream;
}

/**
 * The stream's own state, or the one that another connector has left under its name for the same data. A stream that
 * was reset has no other state.
 */
function stateOf(stream: WindowedStream, namespace: string | undefined, state: InputState): unknown {
  for (const name of [stream.name, ...stream.aliases]) {
    const found = state.get({ name, namespace });
    if (found !== undefined) return found;
  }
  return undefined;
}

function descriptor({ name, namespace }: ConfiguredStream): StreamDescriptor {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}
