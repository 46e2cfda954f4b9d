import { type ConfiguredStream } from "../../airbyte/protocol/catalog.ts";
import { type InputState } from "../../airbyte/protocol/state.ts";
import { type DixaConfig } from "../../dixa/config.ts";
import { CONVERSATION_UPDATED_AT, followedCursor } from "../../dixa/streams/followed.ts";
import {
  type DixaStream,
  type FollowedStream,
  type ListedStream,
  type WindowedStream,
} from "../../dixa/streams/stream.ts";
import { type Clock } from "../../http/clock.ts";
import { type Logger } from "../output/logger.ts";
import { type Output } from "../output/output.ts";
import { RecordOutput } from "../output/record-output.ts";
import { streamRewriter } from "../output/stream-rewriter.ts";
import { ErasureLog } from "./erasure-state.ts";
import { ListProgress, readListState } from "./list-progress.ts";
import { rangeOf } from "./plan-range.ts";
import { type RangeProgress } from "./range-progress.ts";
import { originOf, type SyncTerms, whyVoid } from "./state-origin.ts";
import { type StreamProgress } from "./stream-progress.ts";
import { StreamRun } from "./stream-run.ts";
import { type CursorOfStream } from "./stream-state.ts";
import { type SyncRange } from "./sync-range.ts";

/** One window of the Exports API, ms. */
const LONGEST_LOOK_BACK_MS = 30 * 86_400_000;

/** A configured stream with what its state leaves to be read of it. */
export type Planned = { run: StreamRun; records: RecordOutput } & (
  | {
      kind: "windowed";
      stream: WindowedStream;
      progress: RangeProgress;
      /** First instant of what the destination may hold, ms UTC. */
      since: number | undefined;
      /** Undefined if what Dixa erases need not be followed. */
      erasures: ErasureLog | undefined;
    }
  | { kind: "followed"; stream: FollowedStream; progress: RangeProgress }
  | { kind: "listed"; stream: ListedStream; progress: ListProgress }
);

export interface PlanOptions {
  config: DixaConfig;
  state: InputState;
  output: Output;
  logger: Logger;
  clock: Clock;
}

/**
 * Works out what a sync reads of a stream.
 *
 * @param now the sync's end, ms UTC
 * @throws ConnectorError config_error if the stream's state can't be read
 */
export function planStream(
  options: PlanOptions,
  stream: DixaStream,
  configured: ConfiguredStream,
  now: number,
): Planned {
  const { logger, state } = options;
  // Whatever a catalog says: a list has no cursor.
  const isFullRefresh = stream.kind === "listed" || configured.syncMode !== "incremental";
  const terms: SyncTerms = { ...configured, isFullRefresh };
  const found = stateOf(stream, configured.namespace, state);
  const reason = whyVoid(found, terms);
  if (reason !== undefined) {
    logger.info(`${stream.name}: reading from the start, without the saved state: ${reason}`);
  }
  const saved = reason === undefined ? found : undefined;
  if (stream.kind === "listed") {
    // Of a client that counts no jobs, the interrupted list may be last week's, and its rows thrown away.
    const isThisJob = (configured.generationId ?? 0) > 0 && (configured.syncId ?? 0) > 0;
    const progress = new ListProgress(readListState(isThisJob ? saved : undefined));
    return {
      kind: "listed",
      stream,
      progress,
      ...partsOf(options, stream, configured, progress, (isComplete) =>
        originOf(terms, undefined, isComplete),
      ),
    };
  }
  const cursor = cursorOf(stream);
  const isFollowed = stream.kind === "followed";
  const { progress, since } = rangeOf(options, cursor, isFollowed, saved, terms, now);
  const erasures = erasuresOf(stream, terms, saved, progress.range, now);
  const parts = partsOf(options, stream, configured, progress, (isComplete) => ({
    ...originOf(terms, since, isComplete),
    ...erasures?.state(),
  }));
  return stream.kind === "windowed"
    ? { kind: "windowed", stream, progress, since, erasures, ...parts }
    : { kind: "followed", stream, progress, ...parts };
}

/**
 * A full refresh reads everything as it is now, and a first sync too: what is erased meanwhile is for the next one. A
 * state of earlier versions, and of other connectors, does not know erasures; their cursor is where the last sync ended,
 * unless it is so old that looking from there on would take more than a request.
 */
function erasuresOf(
  stream: WindowedStream | FollowedStream,
  terms: SyncTerms,
  saved: unknown,
  range: SyncRange,
  now: number,
): ErasureLog | undefined {
  if (stream.kind !== "windowed" || stream.ofConversation === undefined || terms.isFullRefresh)
    return undefined;
  const { floor = now } = range;
  return new ErasureLog(saved, floor > now - LONGEST_LOOK_BACK_MS ? Math.min(floor, now) : now);
}

function partsOf(
  { config, output, logger, clock }: PlanOptions,
  stream: DixaStream,
  { namespace, schema }: ConfiguredStream,
  progress: StreamProgress,
  originOf: (isComplete: boolean) => Record<string, unknown>,
) {
  const { name } = stream;
  const records = new RecordOutput({
    writer: output.writer,
    stream: name,
    namespace,
    rewriter: streamRewriter(stream, schema, config.privacy, logger),
    now: () => clock.now(),
  });
  const run = new StreamRun({ name, namespace, progress, records, output, logger, clock, originOf });
  return { run, records };
}

function cursorOf(stream: WindowedStream | FollowedStream): CursorOfStream {
  if (stream.kind === "windowed") return stream;
  return { name: stream.name, cursorField: CONVERSATION_UPDATED_AT, cursor: followedCursor };
}

/**
 * The stream's own state, or the one that another connector has left under its name for the same data. A stream that
 * was reset has no other state.
 */
function stateOf(stream: DixaStream, namespace: string | undefined, state: InputState): unknown {
  const aliases = stream.kind === "windowed" ? stream.aliases : [];
  for (const name of [stream.name, ...aliases]) {
    const found = state.get({ name, namespace });
    if (found !== undefined) return found;
  }
  return undefined;
}
