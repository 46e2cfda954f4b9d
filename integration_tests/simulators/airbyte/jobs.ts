import { setTimeout as delay } from "node:timers/promises";

import { Capacity } from "./capacity.ts";
import { Rules, type Scope } from "./rules.ts";
import { type Violation } from "./violations.ts";
import { type Connection } from "./workspace.ts";

export type JobStatus =
  "pending" | "queued" | "running" | "incomplete" | "failed" | "succeeded" | "cancelled";
export type JobType = "sync" | "reset" | "clear";

export interface Attempt {
  /** Reading begins at this instant or later, ms UTC. */
  startedAt: number;
  endedAt: number | undefined;
  error: string | undefined;
}

export interface Job {
  readonly jobId: number;
  readonly connectionId: string;
  readonly jobType: JobType;
  /** Who asked for it first. */
  readonly startedBy: "api" | "schedule";
  /** As whoever asked names itself; undefined: nobody asked over HTTP. */
  readonly client: string | undefined;
  /** ms UTC */
  readonly createdAt: number;
  updatedAt: number;
  status: JobStatus;
  /** All statuses so far. */
  readonly history: { status: JobStatus; at: number }[];
  attempts: Attempt[];
  rowsSynced: number | undefined;
  bytesSynced: number | undefined;
}

/** What one attempt of a sync is to do. */
export interface SyncRun {
  job: Job;
  connection: Connection;
  /** 1 for the first. */
  attempt: number;
  /** Aborted when the job is cancelled, or the simulator closed. */
  signal: AbortSignal;
}

export interface SyncResult {
  rows: number;
  bytes: number;
}

/** Does the work of an attempt; throws when it fails. */
export type RunSync = (run: SyncRun) => Promise<SyncResult>;

/** How one job goes. What isn't said goes as usual. */
export interface JobPlan extends Scope {
  /** Time in the queue, ms, as when all of the workers are taken. */
  queuedMs?: number;
  /** Time that an attempt takes if there is no `runSync`, ms. */
  runningMs?: number;
  /** So many attempts fail before one succeeds. */
  failedAttempts?: number;
  /** Cancelled where it stands: after its time in the queue, or when its first attempt has run. */
  cancelled?: "queued" | "running";
}

export interface JobTimings {
  /** Until a job waits in the queue or runs, ms. Default 20. */
  pendingMs?: number;
  /** Duration of an attempt if there is no `runSync`, ms. Default 200. */
  runningMs?: number;
  /** Between two attempts, ms. Default 100. */
  attemptDelayMs?: number;
  /** A job that has waited so long is cancelled, ms. Default 8 hours, as in Airbyte for a manual schedule. */
  queueLimitMs?: number;
}

export interface JobBookOptions extends JobTimings {
  now: () => number;
  seed: number;
  /** Jobs that may run at the same time; the others wait in the queue. Default: all. */
  capacity?: number;
  /** Attempts before a job has failed. Default 1. */
  maxAttempts?: number;
  runSync?: RunSync;
  onViolation: (violation: Violation) => void;
}

const QUEUE_LIMIT_MS = 8 * 3_600_000;
const FIRST_JOB_ID = 1001;
const WAITING: ReadonlySet<JobStatus> = new Set(["pending", "queued"]);
const ENDED: ReadonlySet<JobStatus> = new Set(["failed", "succeeded", "cancelled"]);

export function hasEnded({ status }: Job): boolean {
  return ENDED.has(status);
}

/** All jobs, and their lives: pending, perhaps queued, running, perhaps incomplete and running again, and an end. */
export class JobBook {
  readonly jobs: Job[] = [];
  readonly plans: Rules<JobPlan>;
  readonly #options: JobBookOptions;
  readonly #capacity: Capacity;
  readonly #lives = new Map<Job, { life: Promise<void>; end: AbortController }>();

  constructor(options: JobBookOptions) {
    this.#options = options;
    this.#capacity = new Capacity(options.capacity ?? Infinity);
    this.plans = new Rules(options.seed + 1, options.now);
  }

  /** The job of a connection that hasn't ended, if there is one. */
  openJob(connectionId: string): Job | undefined {
    return this.jobs.findLast((job) => job.connectionId === connectionId && !hasEnded(job));
  }

  /** A job that waits is joined; undefined if one runs. */
  submit(
    connection: Connection,
    jobType: JobType,
    startedBy: Job["startedBy"],
    client?: string,
  ): Job | undefined {
    const open = this.openJob(connection.connectionId);
    if (open !== undefined) return WAITING.has(open.status) ? open : undefined;
    const now = this.#options.now();
    const { connectionId } = connection;
    const job: Job = {
      jobId: FIRST_JOB_ID + this.jobs.length,
      connectionId,
      jobType,
      startedBy,
      client,
      createdAt: now,
      updatedAt: now,
      status: "pending",
      history: [{ status: "pending", at: now }],
      attempts: [],
      rowsSynced: undefined,
      bytesSynced: undefined,
    };
    this.jobs.push(job);
    const end = new AbortController();
    const life = this.#live(job, connection, this.plans.take(connectionId) ?? {}, end.signal)
      .catch(() => {
        this.#enter(job, "cancelled");
      })
      .finally(() => this.#lives.delete(job));
    this.#lives.set(job, { life, end });
    return job;
  }

  cancel(job: Job): void {
    this.#lives.get(job)?.end.abort();
    if (!hasEnded(job)) this.#enter(job, "cancelled");
  }

  /** Resolves when no job is open. */
  async settled(): Promise<void> {
    while (this.#lives.size > 0) await Promise.all([...this.#lives.values()].map(({ life }) => life));
  }

  async close(): Promise<void> {
    for (const { end } of this.#lives.values()) end.abort();
    await this.settled();
  }

  /** @throws the signal's reason, which is to say that the job was cancelled */
  async #live(job: Job, connection: Connection, plan: JobPlan, signal: AbortSignal): Promise<void> {
    const { pendingMs = 20, queueLimitMs = QUEUE_LIMIT_MS, attemptDelayMs = 100 } = this.#options;
    const maxAttempts = Math.max(this.#options.maxAttempts ?? 1, 1);
    await delay(pendingMs, undefined, { signal });
    const queuedMs = plan.queuedMs ?? (plan.cancelled === "queued" ? 100 : 0);
    if (queuedMs > 0) {
      this.#enter(job, "queued");
      await delay(queuedMs, undefined, { signal });
      if (plan.cancelled === "queued") {
        this.#enter(job, "cancelled");
        return;
      }
    }
    if (this.#capacity.isFull) this.#enter(job, "queued");
    await this.#capacity.acquire(AbortSignal.any([signal, AbortSignal.timeout(queueLimitMs)]));
    try {
      for (let attempt = 1; ; attempt++) {
        this.#begin(job);
        const succeeded = await this.#attempt({ job, connection, attempt, signal }, plan);
        signal.throwIfAborted();
        if (plan.cancelled === "running") {
          this.#enter(job, "cancelled");
          return;
        }
        if (succeeded || attempt >= maxAttempts) {
          this.#enter(job, succeeded ? "succeeded" : "failed");
          return;
        }
        this.#enter(job, "incomplete");
        await delay(attemptDelayMs, undefined, { signal });
      }
    } finally {
      this.#capacity.release();
    }
  }

  #begin(job: Job): void {
    const others = this.jobs.filter(
      (other) => other !== job && other.connectionId === job.connectionId && other.status === "running",
    );
    const at = this.#options.now();
    if (others.length > 0) {
      const jobIds = [...others, job].map(({ jobId }) => jobId);
      this.#options.onViolation({ kind: "overlap", at, connectionId: job.connectionId, jobIds });
    }
    job.attempts.push({ startedAt: at, endedAt: undefined, error: undefined });
    this.#enter(job, "running");
  }

  /** @returns whether the attempt has succeeded */
  async #attempt(run: SyncRun, plan: JobPlan): Promise<boolean> {
    const { runSync, runningMs = 200, now } = this.#options;
    const attempt = run.job.attempts.at(-1);
    if (attempt === undefined) throw new Error("an attempt that has begun is recorded");
    try {
      if (runSync === undefined || run.job.jobType !== "sync") {
        await delay(plan.runningMs ?? runningMs, undefined, { signal: run.signal });
      } else {
        const { rows, bytes } = await runSync(run);
        run.job.rowsSynced = (run.job.rowsSynced ?? 0) + rows;
        run.job.bytesSynced = (run.job.bytesSynced ?? 0) + bytes;
      }
      if (run.attempt <= (plan.failedAttempts ?? 0)) throw new Error("this attempt was planned to fail");
      return true;
    } catch (error) {
      attempt.error = error instanceof Error ? error.message : String(error);
      return false;
    } finally {
      attempt.endedAt = now();
    }
  }

  #enter(job: Job, status: JobStatus): void {
    if (hasEnded(job)) return;
    const at = this.#options.now();
    job.status = status;
    job.updatedAt = at;
    job.history.push({ status, at });
  }
}
