import { type ConnectionState } from "../../../../src/relay/coalescer/connection-state.ts";
import { type Input } from "../../../../src/relay/coalescer/inputs.ts";
import { type Context } from "../../../../src/relay/coalescer/schedule.ts";
import { type Transition } from "../../../../src/relay/coalescer/transition.ts";
import { type Step } from "./world.ts";

/** Ways to coalesce that look right: each is the shipped reducer with one mistake. */
export const WRONG_VARIANTS: Readonly<Record<string, (shipped: Step) => Step>> = {
  "a started sync counts as done": mistaken((before, input, after) =>
    isStart(input, "triggered") ? clean(after, before.claim?.cover) : after,
  ),
  "the flag is cleared when a replica takes the connection": mistaken((_, input, after) =>
    input.type === "take" && after.claim?.call.name === "look"
      ? { ...after, syncedSeq: Math.max(after.syncedSeq, after.claim.cover) }
      : after,
  ),
  "the flag is cleared when the sync has ended": mistaken((before, input, after, { demand }) =>
    input.type === "followed" && after.syncedSeq > before.syncedSeq ? clean(after, demand.seq) : after,
  ),
  "a busy connection counts as synced": mistaken((before, _, after) =>
    after.phase.name === "BUSY" && before.claim !== null ? clean(after, before.claim.cover) : after,
  ),
  "a request by hand that has ended a wait counts as synced": mistaken((before, input, after) =>
    input.type === "take" && after.urgedSeq > before.urgedSeq
      ? { ...after, syncedSeq: Math.max(after.syncedSeq, after.urgedSeq) }
      : after,
  ),
  "a time-out counts as success": mistaken((before, input, after) =>
    isStart(input, "unknown") ? clean(after, before.claim?.cover) : after,
  ),
  "a sync covers what is there when its start is noted": mistaken((_, input, after, { demand }) =>
    isStart(input, "triggered") && after.phase.name === "TRACKING"
      ? { ...after, phase: { ...after.phase, cover: demand.seq } }
      : after,
  ),
  "a sync that reads already is joined": mistaken((before, input, after) => {
    const isFound = input.type === "looked" && input.reading.kind === "found";
    const job = isFound ? input.reading.value : undefined;
    if (after.phase.name !== "BUSY" || job === undefined || before.claim === null) return after;
    const phase = {
      name: "TRACKING",
      jobId: job.jobId,
      cover: before.claim.cover,
      status: job.status,
    } as const;
    return { ...after, phase: { ...phase, since: after.phase.since, until: after.phase.until } };
  }),
};

type Mistake = (
  before: ConnectionState,
  input: Input,
  after: ConnectionState,
  context: Context,
) => ConnectionState;

function mistaken(mistake: Mistake): (shipped: Step) => Step {
  return (shipped) =>
    (before, input, context): Transition => {
      const { state, effects } = shipped(before, input, context);
      // The shipped reducer returns what it was given when an answer comes too late.
      return { state: state === before ? state : mistake(before, input, state, context), effects };
    };
}

function isStart(input: Input, kind: "triggered" | "unknown"): boolean {
  return input.type === "started" && input.outcome.kind === kind;
}

function clean(state: ConnectionState, cover: number | undefined): ConnectionState {
  const syncedSeq = Math.max(state.syncedSeq, cover ?? 0);
  return { ...state, syncedSeq, phase: { name: "IDLE" }, claim: null };
}
