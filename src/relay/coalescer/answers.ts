import { type ConnectionStatus, type StartOutcome, type SyncJob } from "./airbyte.ts";
import { type Call, type ConnectionState, type ParkReason, type Phase } from "./connection-state.ts";
import { type Note, type Reading } from "./inputs.ts";
import { hasEnded, hasSucceeded, isKnown, isUnread } from "./job-status.ts";
import { backoff, type Context, pollDelay, triggerAt } from "./schedule.ts";
import { noted, parked, settled, type Transition } from "./transition.ts";

type Refusal = Exclude<Reading<unknown>, { kind: "found" }>;

/** Goes on with another request under the same claim. */
type Next = (state: ConnectionState, call: Call) => Transition;

/** Between two looks at a job: at most this many first steps. */
const LONGEST_JOB_POLL = 12;
const LONGEST_BUSY_POLL = 4;
/** A connection is taken for deleted when Airbyte denies it twice, this far apart, ms. */
const GONE_AFTER = 60_000;

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
  const until = now + pollDelay(timings.jobPoll, LONGEST_JOB_POLL, now - since, context);
  const following = { ...phase, status: job.status, since: Math.min(since, now), until };
  return settled(state, { phase: following, errors: 0 });
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

function track(
  state: ConnectionState,
  { jobId, status }: SyncJob,
  cover: number,
  kind: "triggered" | "adopted",
  context: Context,
): Transition {
  const { now, timings } = context;
  const until = now + pollDelay(timings.jobPoll, LONGEST_JOB_POLL, 0, context);
  return settled(
    state,
    {
      phase: { name: "TRACKING", jobId, cover, status, since: now, until },
      witness: { jobId: jobId - 1, cover, posted: true },
      errors: 0,
      missingSince: null,
      lastTriggerAt: now,
    },
    { kind, jobId },
  );
}

function busy(
  state: ConnectionState,
  witness: { jobId: number; cover: number },
  context: Context,
): Transition {
  const { now, timings } = context;
  const since = state.phase.name === "BUSY" ? Math.min(state.phase.since, now) : now;
  const until = now + pollDelay(timings.busyPoll, LONGEST_BUSY_POLL, now - since, context);
  return settled(
    state,
    {
      phase: { name: "BUSY", since, until },
      witness: { ...witness, posted: false },
      errors: 0,
      missingSince: null,
    },
    // Said once, however often it is looked at.
    ...(state.phase.name === "BUSY" ? [] : [{ kind: "busy" } as const]),
  );
}

function succeeded(
  state: ConnectionState,
  cover: number,
  { jobId }: SyncJob,
  kind: "succeeded" | "covered",
  { now, demand }: Context,
): Transition {
  const { firstAt } = demand;
  const lag = firstAt !== null && cover > state.syncedSeq ? { lagMs: Math.max(0, now - firstAt) } : {};
  const note: Note = { kind, jobId, ...lag };
  return settled(
    state,
    {
      syncedSeq: Math.max(state.syncedSeq, cover),
      phase: { name: "IDLE" },
      witness: { jobId, cover, posted: false },
      errors: 0,
      failedJobs: 0,
      missingSince: null,
      lastSuccessAt: now,
      lastError: null,
    },
    note,
  );
}

function failed(state: ConnectionState, job: SyncJob, cover: number, context: Context): Transition {
  const { now, timings } = context;
  const failedJobs = state.failedJobs + 1;
  const kind = job.status === "cancelled" ? "cancelled" : "failed";
  const lastError = `job ${job.jobId}: ${job.status}`;
  const step = kind === "cancelled" ? timings.cancelledBackoff : timings.failedBackoff;
  const note: Note = { kind, jobId: job.jobId, detail: lastError };
  // Whatever comes after this job had to wait for its end, so it began to read later.
  const changes = { failedJobs, lastError, errors: 0, witness: { jobId: job.jobId, cover, posted: false } };
  if (failedJobs >= timings.maxFailedJobs) {
    const until = now + timings.parkRecheck;
    return settled(
      state,
      { ...changes, phase: { name: "PARKED", reason: "poison", since: now, until } },
      note,
      { kind: "parked", detail: "poison" },
    );
  }
  const until = now + backoff(step, failedJobs, context);
  return settled(state, { ...changes, phase: { name: "BACKOFF", since: now, until } }, note);
}

function missing(state: ConnectionState, context: Context): Transition {
  const { now } = context;
  const missingSince = Math.min(state.missingSince ?? now, now);
  const lastError = "Airbyte doesn't know the connection";
  if (state.phase.name === "PARKED" || now - missingSince >= GONE_AFTER) {
    return parkWith({ ...state, missingSince }, "gone", lastError, context);
  }
  return settled(
    state,
    { phase: { name: "BACKOFF", since: now, until: now + GONE_AFTER }, missingSince, lastError },
    { kind: "error", detail: lastError },
  );
}

function parkWith(
  state: ConnectionState,
  reason: ParkReason,
  detail: string | undefined,
  context: Context,
): Transition {
  const { now, timings } = context;
  const wasParked = state.phase.name === "PARKED" && state.phase.reason === reason;
  const since = state.phase.name === "PARKED" && wasParked ? Math.min(state.phase.since, now) : now;
  const phase = { name: "PARKED", reason, since, until: now + timings.parkRecheck } as const;
  const changes = { phase, errors: 0, lastError: detail ?? state.lastError };
  if (wasParked) return settled(state, changes);
  const text = detail === undefined ? reason : `${reason}: ${detail}`;
  return settled(state, changes, { kind: "parked", detail: text });
}

/** No usable answer: that is neither a success nor a failure, whatever was asked. */
function unanswered(state: ConnectionState, refusal: Refusal, context: Context): Transition {
  const { phase } = state;
  const { now, timings } = context;
  const isThrottled = refusal.kind === "throttled";
  const detail = isThrottled ? "Airbyte asks for fewer requests" : refusal.detail;
  if (refusal.kind === "forbidden" && phase.name !== "TRACKING" && phase.name !== "PARKED") {
    return parkWith(state, "forbidden", detail, context);
  }
  const errors = state.errors + 1;
  const wait = backoff(isThrottled ? timings.throttleBackoff : timings.errorBackoff, errors, context);
  const asked = isThrottled ? Math.min(refusal.untilMs, now + timings.maxBackoff) : 0;
  const until = Math.max(now + wait, asked);
  const kind = refusal.kind === "unknown" || refusal.kind === "forbidden" ? "error" : refusal.kind;
  const next = settled(
    state,
    { phase: later(phase, until, context), errors, lastError: detail },
    { kind, detail },
  );
  return isThrottled ? { ...next, effects: [...next.effects, { type: "pause", until }] } : next;
}

function later(phase: Phase, until: number, { now, timings }: Context): Phase {
  switch (phase.name) {
    case "TRACKING":
      return { ...phase, since: Math.min(phase.since, now), until };
    case "PARKED":
      return { ...phase, since: Math.min(phase.since, now), until: now + timings.parkRecheck };
    case "IDLE":
    case "BUSY":
    case "BACKOFF":
      return { name: "BACKOFF", since: now, until };
  }
}
