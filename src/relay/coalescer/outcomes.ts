import { type SyncJob } from "./airbyte.ts";
import { type ConnectionState, type ParkReason, type Phase, type Tracking } from "./connection-state.ts";
import { type Note, type Reading } from "./inputs.ts";
import { backoff, type Context, pollDelay } from "./schedule.ts";
import { settled, type Transition } from "./transition.ts";

/** What a connection becomes by an answer; {@link step} tells which answer means what. */

export type Refusal = Exclude<Reading<unknown>, { kind: "found" }>;

/** Between two looks at a job: at most this many first steps. */
const LONGEST_JOB_POLL = 12;
const LONGEST_BUSY_POLL = 4;
/** A connection is taken for deleted when Airbyte denies it twice, this far apart, ms. */
const GONE_AFTER = 60_000;

export function track(
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

/** The followed job has not ended. */
export function stillRunning(
  state: ConnectionState,
  phase: Tracking,
  { status }: SyncJob,
  context: Context,
): Transition {
  const { now, timings } = context;
  const { since } = phase;
  const wait = state.isHinted ? 0 : pollDelay(timings.jobPoll, LONGEST_JOB_POLL, now - since, context);
  const until = now + wait;
  return settled(state, { phase: { ...phase, status, since: Math.min(since, now), until }, errors: 0 });
}

export function busy(
  state: ConnectionState,
  witness: { jobId: number; cover: number },
  context: Context,
): Transition {
  const { now, timings } = context;
  const since = state.phase.name === "BUSY" ? Math.min(state.phase.since, now) : now;
  const wait = state.isHinted ? 0 : pollDelay(timings.busyPoll, LONGEST_BUSY_POLL, now - since, context);
  const until = now + wait;
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

export function succeeded(
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

export function failed(state: ConnectionState, job: SyncJob, cover: number, context: Context): Transition {
  const { now, timings } = context;
  const failedJobs = state.failedJobs + 1;
  const kind = job.status === "cancelled" ? "cancelled" : "failed";
  const lastError = `job ${job.jobId}: ${job.status}`;
  const step = kind === "cancelled" ? timings.cancelledBackoff : timings.failedBackoff;
  const note: Note = { kind, jobId: job.jobId, detail: lastError };
  // Whatever comes after this job had to wait for its end, so it began to read later.
  const failedSeq = Math.max(state.failedSeq, cover);
  const changes = {
    failedJobs,
    failedSeq,
    lastError,
    errors: 0,
    witness: { jobId: job.jobId, cover, posted: false },
  };
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

export function missing(state: ConnectionState, context: Context): Transition {
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

export function parkWith(
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
export function unanswered(state: ConnectionState, refusal: Refusal, context: Context): Transition {
  const { phase } = state;
  const { now, timings } = context;
  const isThrottled = refusal.kind === "throttled";
  const detail = isThrottled ? "Airbyte asks for fewer requests" : refusal.detail;
  if (refusal.kind === "forbidden" && phase.name !== "TRACKING" && phase.name !== "PARKED") {
    return parkWith(state, "forbidden", detail, context);
  }
  const errors = state.errors + 1;
  const wait = backoff(isThrottled ? timings.throttleBackoff : timings.errorBackoff, errors, context);
  const asked = isThrottled ? now + Math.min(refusal.waitMs, timings.maxBackoff) : 0;
  const until = Math.max(now + wait, asked);
  const kind = refusal.kind === "unknown" || refusal.kind === "forbidden" ? "error" : refusal.kind;
  const next = settled(
    state,
    { phase: later(phase, until, context), errors, lastError: detail },
    { kind, detail },
  );
  return isThrottled ? { ...next, effects: [...next.effects, { type: "pause", until }] } : next;
}

export function later(phase: Phase, until: number, { now, timings }: Context): Phase {
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
