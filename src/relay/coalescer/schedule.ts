import { type ConnectionState, type Demand } from "./connection-state.ts";
import { type Timings } from "./timings.ts";

/** What the coalescer knows besides the state and the input. */
export interface Context {
  /** ms UTC. */
  readonly now: number;
  readonly timings: Timings;
  readonly demand: Demand;
  /** In [0, 1). Delays get up to a fifth longer by it, so that what failed together isn't retried together. */
  readonly jitter: number;
}

/**
 * A time that was noted as the present and now lies this far in the future, ms, shows that a clock has been set back.
 * Less than that may be the difference between the clocks of two replicas.
 */
export const CLOCK_STEP = 60_000;
/** A back-off doubles up to this many times its first step. */
const LONGEST_BACKOFF = 32;

/** Whether a wait has ended. One that began in the future has: after a clock is set back, nobody waits for it again. */
export function isOver(wait: { readonly since: number; readonly until: number }, now: number): boolean {
  return wait.until <= now || isFuture(wait.since, now);
}

function isFuture(instant: number, now: number): boolean {
  return instant > now + CLOCK_STEP;
}

/**
 * When a sync is due by what the events ask for, ms UTC: debounce, maximum wait, minimum interval, settle delay.
 * Infinity: never. Zero: long since.
 */
export function triggerAt(state: ConnectionState, { now, timings, demand }: Context): number {
  const { syncedSeq, lastTriggerAt } = state;
  if (demand.seq <= syncedSeq) return Infinity;
  const after = (instant: number | null, wait: number) =>
    instant === null || isFuture(instant, now) ? 0 : instant + wait;
  const settled = demand.settledSeq > syncedSeq ? 0 : after(demand.firstAt, timings.settleDelay);
  if (demand.urgentSeq > syncedSeq) return settled;
  const asked = Math.min(after(demand.lastAt, timings.debounce), after(demand.firstAt, timings.maxWait));
  return Math.max(asked, settled, after(lastTriggerAt, timings.minInterval));
}

/** When there is something to do at the connection, ms UTC. Infinity: not before an event or somebody's word. */
export function dueAt(state: ConnectionState, context: Context): number {
  const { claim, phase } = state;
  if (claim !== null && !isOver(claim, context.now)) return claim.until;
  if (phase.name === "IDLE") return triggerAt(state, context);
  const { since, until } = phase;
  if (until === null) return Infinity;
  const waited = isOver({ since, until }, context.now) ? Math.min(until, context.now) : until;
  if (phase.name === "TRACKING" || phase.name === "PARKED") return waited;
  const isUrged = isUrgent(state, context.demand) && context.demand.settledSeq >= context.demand.urgentSeq;
  return isUrged ? triggerAt(state, context) : Math.max(triggerAt(state, context), waited);
}

/** Whether somebody has asked by hand for a sync, and no wait has been ended for it yet. */
export function isUrgent(state: ConnectionState, { urgentSeq }: Pick<Demand, "urgentSeq">): boolean {
  return urgentSeq > Math.max(state.syncedSeq, state.urgedSeq);
}

/**
 * No later than {@link dueAt}, however many events follow, since these only put it off: what a store can keep and look
 * for. Only an event at a clean connection and a sync that is asked for by hand bring it forward. ms UTC; null: never.
 */
export function earliestDueAt(state: ConnectionState, context: Context): number | null {
  const { demand } = context;
  const due = dueAt(state, { ...context, demand: { ...demand, settledSeq: demand.seq } });
  return Number.isFinite(due) ? Math.ceil(due) : null;
}

/** The wait before the `count`-th try in a row (from 1), ms. */
export function backoff(step: number, count: number, { timings, jitter }: Context): number {
  const doubled = step * Math.min(2 ** (count - 1), LONGEST_BACKOFF);
  return Math.min(doubled * (1 + jitter / 5), timings.maxBackoff);
}

/** The wait before the next look at a job that has been looked at for `elapsed` ms: from one step to `most` steps. */
export function pollDelay(step: number, most: number, elapsed: number, { jitter }: Context): number {
  return Math.min(Math.max(elapsed / 4, step), most * step) * (1 + jitter / 5);
}
