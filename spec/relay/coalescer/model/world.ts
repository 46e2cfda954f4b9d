import { type SyncJob } from "../../../../src/relay/coalescer/airbyte.ts";
import {
  type Call,
  type ConnectionState,
  newConnectionState,
} from "../../../../src/relay/coalescer/connection-state.ts";
import { type Answer, type Input } from "../../../../src/relay/coalescer/inputs.ts";
import { type Context } from "../../../../src/relay/coalescer/schedule.ts";
import { type Timings } from "../../../../src/relay/coalescer/timings.ts";
import { type Transition } from "../../../../src/relay/coalescer/transition.ts";

export type Step = (state: ConnectionState, input: Input, context: Context) => Transition;

/** A job of Airbyte, with the number of events that had been accepted when it began to read. */
interface Job {
  status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  readFrom: number;
}

/** A request that a replica is at; its answer waits until the replica comes to report it. */
interface PendingCall {
  fence: number;
  call: Call;
  answer: Answer | null;
}

/** How often each kind of trouble may still happen. */
export interface Trouble {
  crashes: number;
  lostReplies: number;
  failures: number;
  cancellations: number;
  /** Leases that run out under a holder that is alive. */
  slowHolders: number;
  /** Syncs that Airbyte starts by itself. */
  foreignSyncs: number;
  /** Starts that return a job which waits between two attempts. */
  gaps: number;
  /** Events that are requests by hand. */
  requests: number;
}

/** One connection, its replicas and Airbyte. Time is left out: whatever waits may go on at once, or later. */
export interface World {
  events: number;
  /** The newest of them that is a request by hand; 0: none. */
  urgent: number;
  relay: ConnectionState;
  replicas: (PendingCall | null)[];
  /** Job n is at n − 1. */
  jobs: Job[];
  /** The newest event that a succeeded sync began to read after: the truth. */
  covered: number;
  left: Trouble;
}

export interface Rules {
  events: number;
  replicas: number;
  trouble: Trouble;
  maxFailedJobs: number;
  step: Step;
}

export interface Move {
  name: string;
  world: World;
}

const NOW = 1000;
const STALE = -1;

export function firstWorld(rules: Rules): World {
  return {
    events: 0,
    urgent: 0,
    relay: newConnectionState(0),
    replicas: Array.from({ length: rules.replicas }, () => null),
    jobs: [],
    covered: 0,
    left: rules.trouble,
  };
}

/** Everything that can happen next. */
export function* moves(world: World, rules: Rules): Generator<Move> {
  if (world.events < rules.events) {
    const events = world.events + 1;
    yield { name: "event", world: { ...world, events } };
    if (world.left.requests > 0) {
      const left = { ...world.left, requests: world.left.requests - 1 };
      yield { name: "somebody asks for a sync", world: { ...world, events, urgent: events, left } };
    }
  }
  yield* airbyteMoves(world);
  yield* leaseMoves(world);
  if (world.relay.phase.name === "PARKED") {
    yield { name: "operator unparks", world: applied(world, rules, { type: "unpark" }) };
  }
  for (const [index, pending] of world.replicas.entries()) {
    const by = `replica ${index + 1}`;
    if (pending === null) {
      const next = applied(world, rules, { type: "take", owner: by }, index);
      if (next.relay !== world.relay) yield { name: `${by} takes`, world: next };
      continue;
    }
    if (world.left.crashes > 0) {
      const left = { ...world.left, crashes: world.left.crashes - 1 };
      yield { name: `${by} crashes`, world: withCall({ ...world, left }, index, null) };
    }
    if (pending.answer !== null) {
      yield {
        name: `${by} reports ${pending.call.name}`,
        world: applied(world, rules, pending.answer, index),
      };
      continue;
    }
    for (const { name, world: after, answer } of performed(world, pending)) {
      yield {
        name: `${by}'s ${pending.call.name}: ${name}`,
        world: withCall(after, index, { ...pending, answer }),
      };
    }
  }
}

function* airbyteMoves(world: World): Generator<Move> {
  const { left } = world;
  const index = activeJob(world);
  const job = world.jobs[index];
  if (job === undefined) {
    if (left.foreignSyncs === 0) return;
    const spent = { ...left, foreignSyncs: left.foreignSyncs - 1 };
    yield { name: "Airbyte's schedule queues a job", world: withJob({ ...world, left: spent }, "queued") };
    return;
  }
  const become = (status: Job["status"], changes: Partial<World> = {}, readFrom = job.readFrom): World => ({
    ...world,
    ...changes,
    jobs: world.jobs.with(index, { status, readFrom }),
  });
  if (job.status === "queued") {
    yield { name: "the job begins to read", world: become("running", {}, world.events) };
    if (left.cancellations > 0) {
      const spent = { ...left, cancellations: left.cancellations - 1 };
      yield { name: "the queued job is cancelled", world: become("cancelled", { left: spent }) };
    }
    return;
  }
  const covered = Math.max(world.covered, job.readFrom);
  yield { name: "the job succeeds", world: become("succeeded", { covered }) };
  if (left.failures > 0) {
    const spent = { ...left, failures: left.failures - 1 };
    yield { name: "the job fails", world: become("failed", { left: spent }) };
  }
}

function* leaseMoves(world: World): Generator<Move> {
  const { claim, fence } = world.relay;
  if (claim === null || claim.until <= NOW) return;
  const isHeld = world.replicas.some((pending) => pending?.fence === fence);
  if (isHeld && world.left.slowHolders === 0) return;
  const left = isHeld ? { ...world.left, slowHolders: world.left.slowHolders - 1 } : world.left;
  const relay = { ...world.relay, claim: { ...claim, until: NOW } };
  yield {
    name: isHeld ? "the lease of a slow holder ends" : "the lease ends",
    world: { ...world, relay, left },
  };
}

/** What Airbyte makes of a request, and what the replica hears of it. */
function* performed(world: World, { fence, call }: PendingCall): Generator<Move & { answer: Answer }> {
  const lost = { kind: "unknown", detail: "no answer" } as const;
  const canLose = world.left.lostReplies > 0;
  const afterLoss: Trouble = { ...world.left, lostReplies: world.left.lostReplies - 1 };
  if (call.name === "start") {
    if (canLose) {
      const answer = { type: "started", fence, outcome: lost } as const;
      yield { name: "lost before Airbyte", world: { ...world, left: afterLoss }, answer };
    }
    for (const { name, world: after, outcome } of starts(world)) {
      yield { name, world: after, answer: { type: "started", fence, outcome } };
      if (canLose) {
        const answer = { type: "started", fence, outcome: lost } as const;
        yield { name: `${name}, reply lost`, world: { ...after, left: afterLoss }, answer };
      }
    }
    return;
  }
  if (call.name === "inspect") {
    const reading = { kind: "found", value: { status: "active" } } as const;
    yield { name: "active", world, answer: { type: "inspected", fence, reading } };
    return;
  }
  const jobId = call.name === "look" ? world.jobs.length : call.jobId;
  const type = call.name === "look" ? "looked" : "followed";
  const value = syncJob(world, jobId);
  yield { name: value?.status ?? "none", world, answer: { type, fence, reading: { kind: "found", value } } };
  if (canLose) {
    yield { name: "lost", world: { ...world, left: afterLoss }, answer: { type, fence, reading: lost } };
  }
}

function* starts(
  world: World,
): Generator<Move & { outcome: Extract<Answer, { type: "started" }>["outcome"] }> {
  const active = activeJob(world);
  const job = world.jobs[active];
  const triggered = (of: World) =>
    ({ kind: "triggered", job: syncJob(of, active < 0 ? of.jobs.length : active + 1)! }) as const;
  if (job === undefined) {
    const queued = withJob(world, "queued");
    yield { name: "queued", world: queued, outcome: triggered(queued) };
    const running = withJob(world, "running");
    yield { name: "running", world: running, outcome: triggered(running) };
  } else if (job.status === "queued") {
    yield { name: "joined the queued job", world, outcome: triggered(world) };
  } else {
    yield { name: "409", world, outcome: { kind: "busy" } };
    if (world.left.gaps > 0) {
      const after = { ...world, left: { ...world.left, gaps: world.left.gaps - 1 } };
      yield { name: "an old job between its attempts", world: after, outcome: triggered(world) };
    }
  }
}

/** The world after the shipped reducer has seen an input; `index` is the replica that gets what it is told to do. */
function applied(world: World, rules: Rules, input: Input, index?: number): World {
  const zero = { debounce: 0, maxWait: 0, minInterval: 0, settleDelay: 0, jobPoll: 0, busyPoll: 0 };
  const backoffs = {
    errorBackoff: 0,
    failedBackoff: 0,
    cancelledBackoff: 0,
    throttleBackoff: 0,
    maxBackoff: 0,
  };
  const counts = { lease: 1, parkRecheck: 0, maxFailedJobs: rules.maxFailedJobs };
  const timings: Timings = { ...zero, ...backoffs, ...counts };
  const { events, urgent } = world;
  const demand = { seq: events, settledSeq: events, urgentSeq: urgent, firstAt: NOW, lastAt: NOW };
  const { state, effects } = rules.step(world.relay, input, { now: NOW, timings, demand, jitter: 0 });
  const after = { ...world, relay: state };
  if (index === undefined) return after;
  const effect = effects.find((each) => each.type === "call");
  return withCall(
    after,
    index,
    effect === undefined ? null : { fence: effect.fence, call: effect.call, answer: null },
  );
}

function activeJob({ jobs }: World): number {
  return jobs.findLastIndex(({ status }) => status === "queued" || status === "running");
}

function withJob(world: World, status: "queued" | "running"): World {
  const readFrom = status === "running" ? world.events : STALE;
  return { ...world, jobs: [...world.jobs, { status, readFrom }] };
}

function withCall(world: World, index: number, pending: PendingCall | null): World {
  return { ...world, replicas: world.replicas.with(index, pending) };
}

function syncJob({ jobs }: World, jobId: number): SyncJob | undefined {
  const job = jobs[jobId - 1];
  return job === undefined ? undefined : { jobId, status: job.status };
}

/**
 * The same world without what can't matter any more: numbers of fences, who is who among the replicas, answers that
 * will be ignored, times, words, jobs that nobody will ask about.
 */
export function normalised(world: World): World {
  const { relay } = world;
  const holds = (fence: number) => relay.claim !== null && fence === relay.fence;
  const replicas = world.replicas.map((pending) => {
    if (pending === null) return null;
    if (holds(pending.fence))
      return { ...pending, fence: 0, answer: pending.answer && { ...pending.answer, fence: 0 } };
    // A start that hasn't reached Airbyte yet still can.
    return pending.call.name === "start" && pending.answer === null ? { ...pending, fence: STALE } : null;
  });
  const asked = replicas.map((pending) => (pending === null ? 0 : jobOf(pending)));
  const followed = relay.phase.name === "TRACKING" ? relay.phase.jobId : 0;
  return {
    ...world,
    relay: {
      ...relay,
      fence: 0,
      phase: relay.phase.name === "TRACKING" ? { ...relay.phase, status: "" } : relay.phase,
      claim: relay.claim && { ...relay.claim, owner: "" },
      lastError: null,
      lastSuccessAt: null,
      lastTriggerAt: null,
      failedSeq: 0,
    },
    replicas: replicas.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    jobs: world.jobs.map((job, index) => {
      const isOld = index < world.jobs.length - 1 && index + 1 !== followed && !asked.includes(index + 1);
      const hasEnded = job.status !== "queued" && job.status !== "running";
      return hasEnded ? { status: isOld ? "succeeded" : job.status, readFrom: STALE } : job;
    }),
  };
}

/** The job that a replica asks about, or has been told of. */
function jobOf({ call, answer }: PendingCall): number {
  if (call.name === "follow") return call.jobId;
  if (answer?.type === "started" && answer.outcome.kind === "triggered") return answer.outcome.job.jobId;
  if (answer?.type === "looked" && answer.reading.kind === "found") return answer.reading.value?.jobId ?? 0;
  return 0;
}
