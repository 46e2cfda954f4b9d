import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, describe, expect, test } from "@jest/globals";

import { AirbyteApi, type AirbyteApiOptions } from "../../../src/airbyte/api/client.ts";
import { systemClock } from "../../../src/http/clock.ts";
import { tokenBucketBudget } from "../../../src/http/rate-budget.ts";
import { type DixaSimulator, startDixaSimulator } from "../dixa/index.ts";
import {
  type AirbyteSimulator,
  type AirbyteSimulatorOptions,
  CLIENT_ID,
  CLIENT_SECRET,
  type Connection,
  hasEnded,
  type JobStatus,
  type RunSync,
  startAirbyteSimulator,
} from "./index.ts";
import { SourceRunner } from "./source-runner.ts";

/** The lives of jobs, seen through the client that the relay uses. */

let simulator: AirbyteSimulator;
let connection: Connection;
let api: AirbyteApi;

const DAY_MS = 86_400_000;
const FAST = { pendingMs: 5, runningMs: 5, attemptDelayMs: 5 };

async function open(
  options: AirbyteSimulatorOptions = {},
  client: Partial<AirbyteApiOptions> = {},
): Promise<void> {
  simulator = await startAirbyteSimulator({ ...FAST, ...options });
  const { sourceId } = simulator.addSource();
  connection = simulator.addConnection({ sourceId });
  api = new AirbyteApi({
    url: simulator.url,
    auth: { mode: "client_credentials", clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
    clock: systemClock,
    userAgent: "test",
    budget: tokenBucketBudget({ perSecond: 10_000, burst: 10_000, clock: systemClock }),
    ...client,
  });
}

afterEach(async () => {
  api.close();
  await simulator.close();
});

async function start() {
  const outcome = await api.startSync(connection.connectionId);
  if (outcome.kind !== "triggered") throw new Error(`not triggered: ${outcome.kind}`);
  return outcome.job;
}

/** Asks for a job until it has ended. */
async function follow(jobId: number): Promise<string> {
  for (;;) {
    const { status = "gone" } = (await api.getJob(jobId)) ?? {};
    if (["succeeded", "failed", "cancelled", "gone"].includes(status)) return status;
  }
}

/** Waits for a status that is sure to come, and to stay. */
async function until(status: JobStatus): Promise<void> {
  while (simulator.jobs.at(-1)?.status !== status) await new Promise((resolve) => setTimeout(resolve, 1));
}

function historyOf(index: number): JobStatus[] {
  return simulator.jobs[index]!.history.map(({ status }) => status);
}

/** A sync that runs until the test lets it end. */
function gate(): { runSync: RunSync; open: () => void } {
  const opened = Promise.withResolvers<{ rows: number; bytes: number }>();
  return {
    runSync: () => opened.promise,
    open: () => {
      opened.resolve({ rows: 3, bytes: 30 });
    },
  };
}

describe("a job", () => {
  test("is pending, runs and succeeds; its attempt began after it was asked for", async () => {
    await open();
    const asked = Date.now();
    const { jobId } = await start();
    expect(await follow(jobId)).toBe("succeeded");
    expect(historyOf(0)).toEqual(["pending", "running", "succeeded"]);
    const [job] = simulator.jobs;
    expect(job!.attempts).toHaveLength(1);
    expect(job!.attempts[0]!.startedAt).toBeGreaterThanOrEqual(asked);
    expect(simulator.coveringJob(connection.connectionId, asked - 1)).toBe(job);
    expect(simulator.coveringJob(connection.connectionId, job!.attempts[0]!.startedAt)).toBeUndefined();
    expect((await api.getJob(jobId))?.lastUpdatedAt).toBeDefined();
  });

  test("keeps its connection busy while it runs, and between its attempts", async () => {
    const sync = gate();
    await open({ maxAttempts: 2, attemptDelayMs: 500, runSync: sync.runSync });
    simulator.planJob({ failedAttempts: 1 });
    const { jobId } = await start();
    await until("running");
    const busy = { kind: "busy", detail: expect.stringContaining(connection.connectionId) as unknown };
    expect(await api.startSync(connection.connectionId)).toEqual(busy);
    sync.open();
    await until("incomplete");
    expect(await api.startSync(connection.connectionId)).toEqual(busy);
    expect(await follow(jobId)).toBe("succeeded");
    expect(historyOf(0)).toEqual(["pending", "running", "incomplete", "running", "succeeded"]);
    expect(await api.getJob(jobId)).toMatchObject({ rowsSynced: 6, bytesSynced: 60 });
    expect(simulator.jobs).toHaveLength(1);
  });

  test("that waits in the queue is joined, and may be cancelled without having read anything", async () => {
    await open();
    simulator.planJob({ queuedMs: 500, cancelled: "queued" });
    const { jobId } = await start();
    await until("queued");
    expect(await start()).toMatchObject({ jobId, status: "queued" });
    expect(await follow(jobId)).toBe("cancelled");
    expect(historyOf(0)).toEqual(["pending", "queued", "cancelled"]);
    expect(simulator.jobs[0]!.attempts).toEqual([]);
    expect(simulator.coveringJob(connection.connectionId, 0)).toBeUndefined();
  });

  test("waits in the queue while all workers are taken, and is cancelled after the limit", async () => {
    const sync = gate();
    await open({ capacity: 1, queueLimitMs: 40, runSync: sync.runSync });
    const other = simulator.addConnection({ sourceId: connection.sourceId });
    await start();
    await until("running");
    expect((await api.startSync(other.connectionId)).kind).toBe("triggered");
    expect(await follow(1002)).toBe("cancelled");
    expect(historyOf(1)).toEqual(["pending", "queued", "cancelled"]);
    sync.open();
    expect(await follow(1001)).toBe("succeeded");
  });

  test("waits in the queue until a worker is free", async () => {
    const sync = gate();
    await open({ capacity: 1, runSync: sync.runSync });
    const other = simulator.addConnection({ sourceId: connection.sourceId });
    await start();
    await until("running");
    await api.startSync(other.connectionId);
    await until("queued");
    sync.open();
    expect(await follow(1002)).toBe("succeeded");
    expect(historyOf(1)).toEqual(["pending", "queued", "running", "succeeded"]);
  });

  test("fails when its attempts fail, and may be cancelled while it runs", async () => {
    await open({ maxAttempts: 2 });
    simulator.planJob({ failedAttempts: 2 });
    simulator.planJob({ cancelled: "running" });
    expect(await follow((await start()).jobId)).toBe("failed");
    expect(simulator.jobs[0]!.attempts.map(({ error }) => error)).toEqual(
      Array(2).fill("this attempt was planned to fail"),
    );
    expect(await follow((await start()).jobId)).toBe("cancelled");
    expect(historyOf(1)).toEqual(["pending", "running", "cancelled"]);
  });

  test("may be started by Airbyte's own schedule, and is the newest sync then", async () => {
    await open({ pendingMs: 60_000 });
    const job = simulator.startScheduled(connection.connectionId);
    expect(job).toMatchObject({ startedBy: "schedule" });
    expect(await api.latestSyncJob(connection.connectionId)).toMatchObject({ jobId: job!.jobId });
    expect(await start()).toMatchObject({ jobId: job!.jobId });
  });
});

describe("a request for a sync that goes wrong", () => {
  test.each([
    ["stall", true, { kind: "conflict" }],
    ["stall", false, { kind: "conflict" }],
    ["hang", true, { kind: "unknown" }],
    ["reset", true, { kind: "unknown" }],
    ["cut", true, { kind: "unknown" }],
    ["502", true, { kind: "unknown" }],
    ["504", false, { kind: "unknown" }],
    ["500-error-id", false, { kind: "unknown" }],
    ["200-html", true, { kind: "unknown" }],
    ["404", false, { kind: "gone" }],
    ["404-gateway", false, { kind: "unknown" }],
    ["403", false, { kind: "forbidden" }],
    ["422", false, { kind: "invalid" }],
    ["400", false, { kind: "invalid" }],
    ["429", false, { kind: "throttled" }],
    ["409-busy", false, { kind: "busy" }],
    ["409-config-api", false, { kind: "busy" }],
    ["409-deleted", false, { kind: "conflict" }],
  ] as const)("(%s) may have started one: %s", async (kind, effect, outcome) => {
    await open({ stallMs: 20 }, { startTimeoutMs: kind === "hang" ? 500 : 10_000 });
    simulator.addFault({ route: "start", kind, effect });
    expect(await api.startSync(connection.connectionId)).toMatchObject(outcome);
    expect(simulator.jobs).toHaveLength(effect ? 1 : 0);
    expect(simulator.violations).toEqual([]);
  });

  test("answers a stall and a connection that is switched off with the same bytes", async () => {
    await open({ stallMs: 1 });
    simulator.addFault({ route: "start", kind: "stall" });
    const stalled = await api.startSync(connection.connectionId);
    connection.status = "inactive";
    expect(await api.startSync(connection.connectionId)).toEqual(stalled);
    expect(await api.getConnection(connection.connectionId)).toMatchObject({ status: "inactive" });
  });

  test("may give the job that runs, which began to read before it was asked for", async () => {
    const sync = gate();
    await open({ runSync: sync.runSync });
    const { jobId } = await start();
    await until("running");
    simulator.addFault({ route: "start", kind: "200-running" });
    expect(await start()).toMatchObject({ jobId, status: "running" });
    expect((await api.startSync(connection.connectionId)).kind).toBe("busy");
    sync.open();
  });

  test("is told apart by connection, count and rate", async () => {
    await open();
    const other = simulator.addConnection({ sourceId: connection.sourceId });
    simulator.addFault({ route: "start", kind: "403", connectionId: other.connectionId, times: 2 });
    simulator.addFault({ route: "start", kind: "500", rate: 1 });
    const kinds = [];
    for (let count = 0; count < 3; count++) kinds.push((await api.startSync(other.connectionId)).kind);
    expect(kinds).toEqual(["forbidden", "forbidden", "unknown"]);
    simulator.faults.clear();
    expect((await api.startSync(connection.connectionId)).kind).toBe("triggered");
  });
});

test("a token endpoint that stumbles, and tokens that end too early, are no trouble to the client", async () => {
  await open();
  simulator.addFault({ route: "token", kind: "502" });
  for (let count = 0; count < 3; count++) {
    expect((await api.startSync(connection.connectionId)).kind).not.toBe("unauthorized");
    simulator.tokens.revokeAll();
  }
});

describe("what a client must not do", () => {
  test("is recorded: cancelling a job", async () => {
    await open({ runningMs: 60_000 });
    const { jobId } = await start();
    const { headers } = await bearer();
    const response = await fetch(`${simulator.url}/jobs/${jobId}`, { method: "DELETE", headers });
    expect(await response.json()).toMatchObject({ jobId, status: "cancelled" });
    expect(simulator.violations).toMatchObject([{ kind: "cancel", jobIds: [jobId] }]);
  });

  test("is recorded: asking for a sync while the last request for it is unanswered", async () => {
    await open({ startMs: 200 });
    await Promise.all([api.startSync(connection.connectionId), api.startSync(connection.connectionId)]);
    expect(simulator.violations).toMatchObject([{ kind: "concurrent-start" }]);
  });

  test("is recorded: two jobs of one connection that run at the same time", async () => {
    const sync = gate();
    await open({ pendingMs: 30, runSync: sync.runSync });
    await start();
    await until("running");
    // No client can bring this about; the recorder must see it if the simulator itself ever does.
    const [first] = simulator.jobs;
    first!.status = "succeeded";
    await start();
    first!.status = "running";
    await until("running");
    sync.open();
    expect(simulator.violations).toMatchObject([{ kind: "overlap", jobIds: [1001, 1002] }]);
  });

  async function bearer(): Promise<{ headers: Record<string, string> }> {
    const response = await fetch(`${simulator.url}/applications/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_id: CLIENT_ID, client_secret: CLIENT_SECRET }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    return { headers: { authorization: `Bearer ${access_token}` } };
  }
});

test("another process can bring about faults, plans and syncs, and see what happened", async () => {
  await open();
  const control = async (method: string, path: string, body?: unknown) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${simulator.origin}/_control${path}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  await control("POST", "/faults", { route: "start", kind: "403" });
  expect((await api.startSync(connection.connectionId)).kind).toBe("forbidden");
  await control("POST", "/faults", { kind: "500", rate: 1 });
  await control("DELETE", "/faults");
  await control("POST", "/plans", { cancelled: "queued", queuedMs: 1 });
  await control("POST", "/scheduled", { connectionId: connection.connectionId });
  await simulator.jobBook.settled();
  expect((await control("GET", "/state")).body).toMatchObject({
    jobs: [{ jobId: 1001, status: "cancelled", startedBy: "schedule" }],
    violations: [],
    requests: [
      { route: "token", status: 200 },
      { route: "start", status: 403, fault: "403" },
    ],
  });
  await control("POST", `/connections/${connection.connectionId}`, { status: "locked" });
  expect(connection.status).toBe("locked");
  expect(await control("POST", "/faults", { kind: "nonsense" })).toMatchObject({ status: 400 });
  expect(await control("POST", "/nonsense")).toMatchObject({ status: 400 });
});

describe("with a source that really syncs", () => {
  let dixa: DixaSimulator | undefined;
  let folder: string;

  afterEach(async () => {
    await dixa?.close();
    await rm(folder, { recursive: true });
  });

  async function openWithSource(
    load?: ConstructorParameters<typeof SourceRunner>[0]["load"],
  ): Promise<SourceRunner> {
    const hi = Math.floor(Date.now() / 1000) * 1000;
    dixa = await startDixaSimulator({
      limits: false,
      conversations: 300,
      span: { lo: hi - 20 * DAY_MS, hi },
    });
    folder = await mkdtemp(join(tmpdir(), "airbyte-jobs-"));
    const runner = new SourceRunner({
      folder,
      sourceOf: (id) => simulator.workspace.sources.get(id),
      ...(load === undefined ? {} : { load }),
    });
    await open({ runSync: runner.run });
    const { sourceId } = simulator.addSource({
      configuration: dixa.config({ exports_requests_per_minute: 6000 }),
    });
    connection = simulator.addConnection({ sourceId, streams: ["conversations"] });
    return runner;
  }

  test("a job reads all rows, and the next one goes on from its state", async () => {
    const runner = await openWithSource();
    const { jobId } = await start();
    await simulator.jobBook.settled();
    expect(await api.getJob(jobId)).toMatchObject({ status: "succeeded", rowsSynced: 300 });
    expect(runner.statesOf(connection.connectionId)).toHaveLength(1);
    await start();
    await simulator.jobBook.settled();
    expect(simulator.jobs.map(({ status, rowsSynced }) => [status, rowsSynced! < 300])).toEqual([
      ["succeeded", false],
      ["succeeded", true],
    ]);
  }, 60_000);

  test("a job fails when the source fails, or when its rows can't be loaded, which keeps no state", async () => {
    let isFull = true;
    const runner = await openWithSource(async (_run, lines) => {
      for await (const line of lines) if (line.length > 0 && isFull) throw new Error("the disk is full");
    });
    await start();
    await simulator.jobBook.settled();
    expect(runner.statesOf(connection.connectionId)).toEqual([]);
    isFull = false;
    simulator.workspace.sources.get(connection.sourceId)!.configuration["api_token"] =
      "wrong-token-0123456789";
    await start();
    await simulator.jobBook.settled();
    expect(simulator.jobs.map(({ status }) => status)).toEqual(["failed", "failed"]);
    expect(simulator.jobs.map(({ attempts }) => attempts[0]!.error)).toEqual([
      "the disk is full",
      expect.stringContaining("source-dixa ended with status 1"),
    ]);
    expect(simulator.jobs.every(hasEnded)).toBe(true);
  }, 60_000);
});
