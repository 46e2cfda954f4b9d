import { z } from "zod";

import { type ConfiguredStream } from "../../airbyte/protocol/catalog.ts";
import { describeInstant } from "../../logging/describe.ts";

/** What decides whether a saved state belongs to this sync. */
export interface SyncTerms extends Pick<ConfiguredStream, "generationId" | "minimumGenerationId" | "syncId"> {
  isFullRefresh: boolean;
}

const count = z.int().nullish().catch(undefined);
const originSchema = z.looseObject({
  generation_id: count,
  full_refresh: z
    .looseObject({ sync_id: count, complete: z.boolean().catch(true) })
    .nullish()
    .catch(undefined),
  since: z.iso.datetime().nullish().catch(undefined),
});

/**
 * Why a saved state must not be used, in plain words, or undefined if it may be.
 *
 * Airbyte deletes the state of a full refresh and counts its generation up when a job begins, and hands the state
 * back within the job only, when an attempt is made again (airbyte-platform, AttemptHandler; since version 1.0, and
 * where the destination supports refreshes). Other clients hand over what they have. So a full refresh goes on only
 * from the state of a full refresh that says the same generation and job; one that is complete counts only where both
 * are told, since without them it may be the last refresh's, and the new one would be answered with nothing. An
 * incremental state falls with the rows that it stands for, when the destination deletes their generation.
 */
export function whyVoid(state: unknown, sync: SyncTerms): string | undefined {
  if (state === undefined || state === null) return undefined;
  const origin = originSchema.safeParse(state).data;
  const generation = origin?.generation_id ?? undefined;
  if (!sync.isFullRefresh) {
    if (generation === undefined || generation >= (sync.minimumGenerationId ?? 0)) return undefined;
    return `it belongs to generation ${generation}, whose rows the destination deletes`;
  }
  const mark = origin?.full_refresh;
  if (mark === undefined || mark === null) return "it is not one of a full refresh";
  const job = mark.sync_id ?? undefined;
  if (generation !== sync.generationId || job !== sync.syncId) return "it belongs to another refresh";
  // Clients that know neither fill in zeros.
  const isThisJob = (generation ?? 0) > 0 && (job ?? 0) > 0;
  return mark.complete && !isThisJob ? "the refresh that it belongs to is complete" : undefined;
}

/**
 * What a state says of its origin, to be put beside what it says of the stream.
 *
 * @param since first instant of what the state stands for, ms UTC; undefined if unknown, or if the stream has no time
 * @param isComplete nothing is left to read
 */
export function originOf(
  sync: SyncTerms,
  since: number | undefined,
  isComplete: boolean,
): Record<string, unknown> {
  const { generationId, syncId, isFullRefresh } = sync;
  const job = syncId === undefined ? {} : { sync_id: syncId };
  return {
    ...(since === undefined ? {} : { since: describeInstant(since) }),
    ...(generationId === undefined ? {} : { generation_id: generationId }),
    ...(isFullRefresh ? { full_refresh: { ...job, complete: isComplete } } : {}),
  };
}

/** First instant of what a state stands for, ms UTC; undefined if it doesn't say so, as those of other connectors. */
export function sinceOf(state: unknown): number | undefined {
  const since = originSchema.safeParse(state).data?.since ?? undefined;
  return since === undefined ? undefined : Date.parse(since);
}
