import { type ConnectionStatus, type StartOutcome, type SyncJob } from "./airbyte.ts";
import { type Call, type ConnectionState } from "./connection-state.ts";
import { type Reading } from "./inputs.ts";
import { hasEnded, hasSucceeded, isKnown, isUnread } from "./job-status.ts";
import {
  busy,
  failed,
  later,
  missing,
  parkWith,
  stillRunning,
  succeeded,
  track,
  unanswered,
} from "./outcomes.ts";
import { type Context, triggerAt } from "./schedule.ts";
import { noted, parked, settled, type Transition } from "./transition.ts";

/** Goes on with another request under the same claim. */
type Next = (state: ConnectionState, call: Call) => Transition;

/** The newest sync job, before a start or as the recheck of a connection that failed too often. */
export function looked(
  state: ConnectionState,
  cover: number,
  reading: Reading<SyncJob>,
  context: Context,
  next: Next,
): Transition {
  if (reading.kind !== "found") return unanswered(state, reading, context);
  const job = reading.value;
  const { witness } = state;
  if (witness !== null && job !== undefined && job.jobId > witness.jobId) {
    if (hasSucceeded(job)) return foundCover(state, witness.cover, job, context, cover, next);
    if (hasEnded(job) && witness.posted) return failed(state, job, witness.cover, context);
    if (!hasEnded(job) && state.phase.name !== "PARKED" && witness.cover > state.syncedSeq) {
      return track(state, job, isUnread(job) ? cover : witness.cover, "adopted", context);
    }
  }
  if (state.phase.name === "PARKED") return settled(state, { phase: later(state.phase, 0, context) });
  if (job !== undefined && isUnread(job)) return track(state, job, cover, "adopted", context);
  if (job !== undefined && !hasEnded(job)) return busy(state, { jobId: job.jobId, cover }, context);
  return start(state, job, cover, next);
}

/** A sync that began late enough has succeeded, whoever started it. */
function foundCover(
  state: ConnectionState,
  covered: number,
  job: SyncJob,
  context: Context,
  cover: number,
  next: Next,
): Transition {
  const { now } = context;
  const { state: synced, effects } = succeeded(state, covered, job, "covered", context);
  // The reply to the relay's own start may have been lost: then this was it.
  const lastTriggerAt = state.witness?.posted === true ? now : state.lastTriggerAt;
  const informed = { ...synced, lastTriggerAt };
  if (state.phase.name === "PARKED") {
    return { state: informed, effects: [...effects, noted({ kind: "unparked" })] };
  }
  const isDue = cover > informed.syncedSeq && triggerAt(informed, context) <= now;
  if (!isDue) return { state: informed, effects };
  const started = start(informed, job, cover, next);
  return { ...started, effects: [...effects, ...started.effects] };
}

function start(state: ConnectionState, newest: SyncJob | undefined, cover: number, next: Next): Transition {
  return next({ ...state, witness: { jobId: newest?.jobId ?? 0, cover, posted: true } }, { name: "start" });
}

/** What became of the request for a sync. */
export function started(
  state: ConnectionState,
  cover: number,
  outcome: StartOutcome,
  context: Context,
  next: Next,
): Transition {
  const newest = state.witness?.jobId ?? 0;
  switch (outcome.kind) {
    case "triggered": {
      const { job } = outcome;
      if (job.jobId > newest || isUnread(job)) return track(state, job, cover, "triggered", context);
      return busy(state, { jobId: newest, cover }, context);
    }
    case "busy":
      return busy(state, { jobId: newest, cover }, context);
    case "conflict":
      return next(state, { name: "inspect" });
    case "gone":
      return missing(state, context);
    case "forbidden":
    case "invalid":
      return parkWith(state, outcome.kind, outcome.detail, context);
    case "throttled":
    case "unauthorized":
    case "unknown":
      return unanswered(state, outcome, context);
  }
}

/** The job that is being followed. */
export function followed(state: ConnectionState, reading: Reading<SyncJob>, context: Context): Transition {
  const { phase } = state;
  if (reading.kind !== "found") return unanswered(state, reading, context);
  if (phase.name !== "TRACKING") return settled(state, {});
  const { jobId, cover, since } = phase;
  const { now, timings } = context;
  const job = reading.value ?? { jobId, status: "unknown to Airbyte" };
  if (hasSucceeded(job)) return succeeded(state, cover, job, "succeeded", context);
  // A word that is yet unknown may mean an end; a start too many does no harm.
  const isLost = reading.value === undefined || (!isKnown(job) && now - since >= timings.maxBackoff);
  if (hasEnded(job) || isLost) return failed(state, job, cover, context);
  return stillRunning(state, phase, job, context);
}

/** The connection itself, after a conflict or as the recheck of a parked one. */
export function inspected(
  state: ConnectionState,
  reading: Reading<ConnectionStatus>,
  context: Context,
): Transition {
  if (reading.kind !== "found") return unanswered(state, reading, context);
  if (reading.value === undefined) return missing(state, context);
  const reason = parked(reading.value.status);
  const present = { ...state, missingSince: null };
  if (reason !== undefined) return parkWith(present, reason, undefined, context);
  if (state.phase.name === "PARKED") {
    return settled(present, { phase: { name: "IDLE" }, errors: 0, failedJobs: 0 }, { kind: "unparked" });
  }
  const detail = "Airbyte could not start the sync, and gave no reason";
  return unanswered(present, { kind: "unknown", detail }, context);
}
