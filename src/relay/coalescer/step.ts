import { followed, inspected, looked, started } from "./answers.ts";
import { type Call, type Claim, type ConnectionState, type ParkReason } from "./connection-state.ts";
import { type Answer, type Effect, type Input } from "./inputs.ts";
import { type Context, dueAt, isOver } from "./schedule.ts";
import { noted, parked, settled, type Transition, unchanged } from "./transition.ts";

/**
 * The life of one connection, as a pure function: no clock, no chance, no I/O. The stores call it inside a
 * transaction, keep the state, and only then hand out the effects, so a crash at any point loses at most an effect; the
 * lease of its claim runs out, and another replica asks again.
 *
 * **CLEAN** (`IDLE`, nothing above the watermark). An event makes it PENDING without any input: the demand has grown.
 *
 * **PENDING** (`IDLE`, events above the watermark). Due after the debounce or the maximum wait, whichever is earlier,
 * and not before the minimum interval since the last sync that the relay started. `take` then makes it CLAIMED, with
 * `cover` = the newest settled event.
 *
 * **CLAIMED** (a claim, and not TRACKING or PARKED). First call: `look` at the newest sync job. What it shows:
 * - a job that began after events which were waiting then, by the witness: succeeded, it covers them; still at it, it
 *   is followed (TRACKING); failed after the relay had sent a start, it counts as the relay's own failure;
 * - a job that has not begun to read: it will see everything, so it is followed as if the relay had started it;
 * - a job that reads: BUSY, without asking;
 * - none, or one that has ended: it becomes the witness, and the second call is `start`.
 *
 * What `start` comes back with: `triggered`, with a job above the witness or one that has not begun to read: TRACKING;
 * an older job is in a pause between its attempts: BUSY. `busy`: BUSY. `conflict`: third call, `inspect`, then PARKED
 * if the connection is switched off, else BACKOFF. `gone`: BACKOFF, and PARKED when it still is a minute later.
 * `forbidden`, `invalid`: PARKED. `throttled`: BACKOFF, and all connections pause. `unauthorized`, `unknown`: BACKOFF;
 * whether a job came of it is seen at the next look, by the witness.
 *
 * **TRACKING**. The job is read every `jobPoll`, less often as it grows old, by whichever replica is up. Succeeded: the
 * watermark rises to the job's cover, never to anything newer, and the rest is PENDING or CLEAN. Failed, cancelled or
 * unknown to Airbyte: BACKOFF with the watermark where it was; PARKED after `maxFailedJobs` in a row. No answer is
 * neither.
 *
 * **BUSY**. Like PENDING, due again after `busyPoll`.
 *
 * **BACKOFF**. Like PENDING, due again after its wait. A request by hand ends the wait of either, once.
 *
 * **PARKED**. The watermark stays, so nothing is forgotten. Looked at every `parkRecheck`: a connection that is active
 * again becomes PENDING at once, and so does one whose failures were too many as soon as anybody's sync of it has
 * succeeded. `held` and `unmapped` wait for a person and for the mapping.
 *
 * Answers carry the fence of the claim under which they were asked, and are ignored when another claim has followed.
 * No state is final, and no transition lowers the watermark.
 */
export function step(state: ConnectionState, input: Input, context: Context): Transition {
  switch (input.type) {
    case "take":
      return take(state, input.owner, context);
    case "looked":
    case "started":
    case "followed":
    case "inspected":
      return answered(state, input, context);
    case "renew":
      return underClaim(state, input.fence, (claim) => proceed(state, claim, claim.call, context));
    case "release":
      return underClaim(state, input.fence, (claim) => released(state, claim));
    case "seen":
      return seen(state, input.status, context);
    case "lost":
      return park(state, input.reason, context);
    case "hint":
      return hint(state, context);
    case "park":
      return park(state, "held", context);
    case "unpark":
      return state.phase.name === "PARKED" ? afresh(state) : unchanged(state);
    case "retry":
      return retry(state, context);
  }
}

function take(state: ConnectionState, owner: string, context: Context): Transition {
  const { demand, now } = context;
  if (dueAt(state, context) > now) return unchanged(state);
  const call = firstCall(state);
  // A wait can end by a set-back clock before there is a settled event.
  if (call.name === "look" && state.phase.name !== "PARKED" && demand.settledSeq <= state.syncedSeq) {
    return unchanged(state);
  }
  const fence = state.fence + 1;
  const claim = { owner, since: now, until: now, cover: demand.settledSeq, call };
  const isStart = state.phase.name !== "TRACKING" && state.phase.name !== "PARKED";
  // A request that isn't settled yet has ended no wait.
  const isUrged = isStart && demand.settledSeq >= demand.urgentSeq;
  const urgedSeq = isUrged ? Math.max(state.urgedSeq, demand.urgentSeq) : state.urgedSeq;
  return proceed({ ...state, fence, urgedSeq }, claim, call, context);
}

function firstCall({ phase }: ConnectionState): Call {
  if (phase.name === "TRACKING") return { name: "follow", jobId: phase.jobId };
  if (phase.name === "PARKED" && phase.reason !== "poison") return { name: "inspect" };
  return { name: "look" };
}

/** The next request under the same claim, whose lease begins anew. */
function proceed(state: ConnectionState, claim: Claim, call: Call, { now, timings }: Context): Transition {
  const { lease } = timings;
  const until = now + lease;
  const effect: Effect = { type: "call", call, fence: state.fence, until, lease };
  return { state: { ...state, claim: { ...claim, since: now, until, call } }, effects: [effect] };
}

function underClaim(
  state: ConnectionState,
  fence: number,
  transition: (claim: Claim) => Transition,
): Transition {
  return state.claim === null || state.fence !== fence ? unchanged(state) : transition(state.claim);
}

function answered(state: ConnectionState, answer: Answer, context: Context): Transition {
  return underClaim(state, answer.fence, (claim) => {
    const { name } = claim.call;
    const next = (of: ConnectionState, call: Call) => proceed(of, claim, call, context);
    // An answer that is delivered twice finds the claim at another call.
    if (answer.type === "looked" && name === "look") {
      return looked(state, claim.cover, answer.reading, context, next);
    }
    if (answer.type === "started" && name === "start") {
      return started(state, claim.cover, answer.outcome, context, next);
    }
    if (answer.type === "followed" && name === "follow") return followed(state, answer.reading, context);
    if (answer.type === "inspected" && name === "inspect") return inspected(state, answer.reading, context);
    return unchanged(state);
  });
}

function released(state: ConnectionState, { call }: Claim): Transition {
  const { witness } = state;
  // Nothing was sent.
  const kept = call.name === "start" && witness !== null ? { ...witness, posted: false } : witness;
  return settled(state, { witness: kept });
}

function seen(state: ConnectionState, status: string, context: Context): Transition {
  const { claim, phase } = state;
  const reason = parked(status);
  if (phase.name === "PARKED") {
    const isMappings = ["inactive", "locked", "gone", "unmapped"].includes(phase.reason);
    if (!isMappings || phase.reason === reason) return unchanged(state);
    return reason === undefined ? afresh(state) : park(state, reason, context);
  }
  // Whoever is at it will see for itself, and later than the mapping did.
  if (reason === undefined || claim !== null || phase.name === "TRACKING") return unchanged(state);
  return park(state, reason, context);
}

function park(state: ConnectionState, reason: ParkReason, { now, timings }: Context): Transition {
  if (state.phase.name === "PARKED" && (state.phase.reason === "held" || state.phase.reason === reason)) {
    return unchanged(state);
  }
  const until = reason === "held" || reason === "unmapped" ? null : now + timings.parkRecheck;
  return settled(
    { ...state, fence: state.fence + 1 },
    { phase: { name: "PARKED", reason, since: now, until } },
    { kind: "parked", detail: reason },
  );
}

function hint(state: ConnectionState, { now }: Context): Transition {
  const { phase } = state;
  if (phase.name !== "TRACKING" && phase.name !== "BUSY") return unchanged(state);
  const isHinted = state.claim !== null;
  return {
    state: { ...state, isHinted, phase: { ...phase, until: Math.min(phase.until, now) } },
    effects: [],
  };
}

/** Out of the parking place, with a clean slate. */
function afresh(state: ConnectionState): Transition {
  return settled(
    { ...state, fence: state.fence + 1 },
    { phase: { name: "IDLE" }, errors: 0, failedJobs: 0, missingSince: null, lastTriggerAt: null },
    { kind: "unparked" },
  );
}

function retry(state: ConnectionState, context: Context): Transition {
  const { claim, phase } = state;
  const note = noted({ kind: "retried" });
  const reset = { ...state, errors: 0, failedJobs: 0 };
  const isAtIt = claim !== null && !isOver(claim, context.now);
  if (phase.name !== "PARKED" && isAtIt) return { state: reset, effects: [note] };
  if (phase.name === "TRACKING") return { state: hint(reset, context).state, effects: [note] };
  const { state: next } = afresh(state);
  return { state: next, effects: [note] };
}
