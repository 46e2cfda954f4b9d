import { type ConfiguredStream } from "../../airbyte/protocol/catalog.ts";
import { streamStatus } from "../../airbyte/protocol/construct.ts";
import { ConnectorError, isConnectorError } from "../../airbyte/protocol/failure.ts";
import { type StreamDescriptor } from "../../airbyte/protocol/stream-descriptor.ts";
import { type Dixa } from "../../dixa/dixa.ts";
import { conversations } from "../../dixa/streams/conversations.ts";
import { type DixaStream } from "../../dixa/streams/stream.ts";
import { type StreamSnapshot } from "../output/terminal-progress.ts";
import { ErasureFollower, type ErasureFollowerOptions } from "./erasure-follower.ts";
import { ErasureSearch } from "./erasure-search.ts";
import { FollowedPass } from "./followed-pass.ts";
import { ListedWork } from "./listed-work.ts";
import { type Planned, type PlanOptions, planStream } from "./plan-stream.ts";
import { RowBudget } from "./row-budget.ts";
import { SlicePlanner } from "./slice-planner.ts";
import { type SliceTuning } from "./slice-reader.ts";
import { WindowedWork } from "./windowed-work.ts";
import { type Work, workThrough } from "./work.ts";

/** A failure with the stream that it ended. */
export interface SyncFailure {
  error: ConnectorError;
  stream: StreamDescriptor;
}

export interface SyncOptions extends PlanOptions {
  /** The streams that there are. */
  streams: readonly DixaStream[];
  catalog: readonly ConfiguredStream[];
  dixa: Dixa;
  /** Ends the sync early; what is finished has its STATE. */
  signal: AbortSignal;
  tuning: SliceTuning;
  /** Called once, with the way to look at the streams while they are read. */
  onStart?: ((snapshots: () => StreamSnapshot[]) => void) | undefined;
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
  const planned: Planned[] = [];
  let end = 0;
  for (const configured of options.catalog) {
    try {
      if (typeof served !== "number") throw served;
      // The earlier of two clocks: a cursor ahead of Dixa's clock would skip what happens until Dixa gets there.
      const now = Math.floor(Math.min(clock.now(), served) / 1000) * 1000;
      planned.push(planStream(options, findStream(options.streams, configured), configured, now));
      end = now;
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      const stream = descriptor(configured);
      failures.push({ error, stream });
      options.output.emit(streamStatus(stream, "STARTED", clock.now()));
      options.output.emit(streamStatus(stream, "INCOMPLETE", clock.now()));
      logger.error(`${configured.name}: ${error.message}`);
    }
  }
  if (planned.length === 0 && failures.length === 0) logger.warn("The configured catalog lists no stream");
  const runs = planned.map(({ run }) => run);
  options.onStart?.(() => runs.map((run) => run.snapshot()));
  for (const run of runs) run.begin();
  await workThrough(worksOf(options, planned, end), config.workers, signal);
  for (const run of runs) {
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

/** Turns the plans of all streams into work. */
function worksOf(options: SyncOptions, planned: readonly Planned[], now: number): Work[] {
  const { clock, config, dixa, logger, output, tuning } = options;
  const budget = new RowBudget(tuning.mostRows);
  const drained = () => output.writer.drained();
  const reading = { dixa, drained, clock, now, tuning, budget };
  const search = new ErasureSearch({ ...reading, days: config.days });
  const works: Work[] = [];
  const followed = planned.filter((plan) => plan.kind === "followed");
  if (followed.length > 0) {
    const pass = new FollowedPass({
      ...{ dixa, streams: followed, drained, logger, clock, now, tuning, budget },
      maxWindow: conversations.maxWindow(config.days),
      requestsPerSecond: config.apiRequestsPerSecond,
    });
    works.push(...pass.works);
  }
  for (const plan of planned) {
    if (plan.kind === "listed") works.push(new ListedWork({ dixa, ...plan, output: plan.records, drained }));
    else if (plan.kind === "windowed") {
      const { start, end, done } = plan.progress.range;
      const maxWidth = plan.stream.maxWindow(config.days);
      const planner = new SlicePlanner({ start, end, maxWidth, done });
      const erasures = followerOf(plan, { dixa, search, now, lookback: config.lookback, maxWidth, drained });
      works.push(new WindowedWork({ ...reading, ...plan, planner, output: plan.records, erasures }));
    }
  }
  return works;
}

function followerOf(
  { stream, erasures, since = 0, records, run }: Extract<Planned, { kind: "windowed" }>,
  options: Pick<ErasureFollowerOptions, "dixa" | "search" | "now" | "lookback" | "maxWidth" | "drained">,
): ErasureFollower | undefined {
  if (erasures === undefined || erasures.from >= options.now) return undefined;
  const put = records.put.bind(records);
  return new ErasureFollower({ ...options, stream, log: erasures, since, put, report: run });
}

function findStream(streams: readonly DixaStream[], configured: ConfiguredStream): DixaStream {
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

function descriptor({ name, namespace }: ConfiguredStream): StreamDescriptor {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}
