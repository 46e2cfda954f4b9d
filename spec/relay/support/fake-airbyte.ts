import {
  type AirbyteJobs,
  type ConnectionStatus,
  type StartReply,
  type SyncJob,
} from "../../../src/relay/coalescer/airbyte.ts";

/** How a sync will go. Durations in ms. */
export interface Plan {
  /** Before it begins to read; at least 1. */
  queued: number;
  /** From then to its end. */
  runs: number;
  end: "succeeded" | "failed" | "cancelled";
}

export interface FakeJob {
  readonly jobId: number;
  readonly connectionId: string;
  readonly by: "relay" | "airbyte";
  readonly createdAt: number;
  /** When it begins to read; a job that is cancelled never does. */
  readonly readsAt: number;
  readonly endsAt: number;
  readonly end: Plan["end"];
}

const GOOD: Plan = { queued: 1000, runs: 20_000, end: "succeeded" };

/** What the relay sees of Airbyte, at a clock of its own: one job of a connection at a time, the rest as told. */
export class FakeAirbyte implements AirbyteJobs {
  readonly jobs: FakeJob[] = [];
  /** When each POST /jobs arrived. */
  readonly posts: { connectionId: string; at: number }[] = [];
  /** Of all requests. */
  requests = 0;
  readonly statuses = new Map<string, string>();
  /** The next jobs, by connection; after them, all goes well. */
  readonly plans = new Map<string, Plan[]>();
  /** What the next starts of a connection come back with, instead of what has become of them. */
  readonly replies = new Map<string, { effect: boolean; outcome: StartReply }[]>();
  /** Whether requests of a connection get no answer, and have no effect. */
  readonly down = new Set<string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  startSync = (connectionId: string): Promise<StartReply> => {
    this.requests++;
    this.posts.push({ connectionId, at: this.#now() });
    if (this.down.has(connectionId)) return Promise.resolve({ kind: "unknown", detail: "HTTP 502" });
    const reply = this.replies.get(connectionId)?.shift();
    if (reply !== undefined && !reply.effect) return Promise.resolve(reply.outcome);
    const outcome = this.#start(connectionId);
    return Promise.resolve(reply?.outcome ?? outcome);
  };

  getJob = (jobId: number): Promise<SyncJob | undefined> => {
    this.requests++;
    const job = this.jobs.find((each) => each.jobId === jobId);
    if (job !== undefined && this.down.has(job.connectionId)) return Promise.reject(unavailable());
    return Promise.resolve(job && this.#syncJob(job));
  };

  latestSyncJob: AirbyteJobs["latestSyncJob"] = (connectionId) => {
    this.requests++;
    if (this.down.has(connectionId)) return Promise.reject(unavailable());
    const job = this.jobs.findLast((each) => each.connectionId === connectionId);
    return Promise.resolve(job && this.#syncJob(job));
  };

  getConnection = (connectionId: string): Promise<ConnectionStatus | undefined> => {
    this.requests++;
    if (this.down.has(connectionId)) return Promise.reject(unavailable());
    const status = this.statuses.get(connectionId) ?? "active";
    return Promise.resolve(status === "unknown" ? undefined : { status });
  };

  /** Airbyte's own schedule. Undefined: a job runs already. */
  startForeign(connectionId: string, plan: Plan = GOOD): FakeJob | undefined {
    return this.#active(connectionId) === undefined ? this.#create(connectionId, plan, "airbyte") : undefined;
  }

  startsOf(connectionId: string): FakeJob[] {
    return this.jobs.filter((job) => job.connectionId === connectionId && job.by === "relay");
  }

  postsOf(connectionId: string): number[] {
    return this.posts.filter((post) => post.connectionId === connectionId).map(({ at }) => at);
  }

  #start(connectionId: string): StartReply {
    const status = this.statuses.get(connectionId) ?? "active";
    if (status === "unknown") return { kind: "gone" };
    if (status !== "active") return { kind: "conflict" };
    const active = this.#active(connectionId);
    if (active !== undefined) {
      const isQueued = this.#syncJob(active).status === "queued";
      return isQueued ? { kind: "triggered", job: this.#syncJob(active) } : { kind: "busy" };
    }
    const plan = this.plans.get(connectionId)?.shift() ?? GOOD;
    return { kind: "triggered", job: this.#syncJob(this.#create(connectionId, plan, "relay")) };
  }

  #create(connectionId: string, plan: Plan, by: FakeJob["by"]): FakeJob {
    const createdAt = this.#now();
    const readsAt = createdAt + Math.max(1, plan.queued);
    const endsAt = plan.end === "cancelled" ? readsAt : readsAt + plan.runs;
    const job = { jobId: this.jobs.length + 1, connectionId, by, createdAt, readsAt, endsAt, end: plan.end };
    this.jobs.push(job);
    return job;
  }

  #active(connectionId: string): FakeJob | undefined {
    return this.jobs.findLast((job) => job.connectionId === connectionId && job.endsAt > this.#now());
  }

  #syncJob({ jobId, readsAt, endsAt, end }: FakeJob): SyncJob {
    const now = this.#now();
    if (now >= endsAt) return { jobId, status: end };
    return { jobId, status: now >= readsAt ? "running" : "queued" };
  }
}

/** As the client of Airbyte's API throws it. */
export function airbyteFailure(kind: string, untilMs?: number): Error {
  return Object.assign(new Error(`Airbyte: ${kind}`), { name: "AirbyteApiError", kind, untilMs });
}

function unavailable(): Error {
  return airbyteFailure("unavailable");
}
