import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { firstCover } from "../relay-chaos/evidence.ts";
import { CLIENT_ID, CLIENT_SECRET } from "../simulators/airbyte/index.ts";
import { filledIn, IN_DOCS } from "./documented.ts";
import { PythonSession } from "./python-session.ts";
import { type Account, Stage } from "./stage.ts";

/** Dagster and its own Airbyte resource, on connections that the relay syncs too. */

const THROUGH = "dixa_through_relay.py";
const BESIDE = "dixa_beside_relay.py";
/** What the documentation waits for in minutes takes seconds with a simulator whose syncs take one. */
const HURRIED = { "delay=120": "delay=1.5" };
const LOOKS_OFTEN = { "request_timeout=90,": "poll_interval=1,\n    request_timeout=90," };
const PATIENCE_MS = 180_000;

let stage: Stage;
let folder: string;
let dagster: PythonSession<{ path: string; job?: string }, { success: boolean; retries: number }>;

beforeAll(async () => {
  stage = await Stage.open(7);
  folder = await mkdtemp(join(tmpdir(), "dagster-"));
  dagster = new PythonSession("dagster", "dagster_runs.py", {
    ...stage.env,
    AIRBYTE_CLIENT_ID: CLIENT_ID,
    AIRBYTE_CLIENT_SECRET: CLIENT_SECRET,
    DAGSTER_DISABLE_TELEMETRY: "true",
  });
}, PATIENCE_MS);

afterAll(async () => {
  await dagster.close();
  await stage.close();
  await rm(folder, { recursive: true });
}, PATIENCE_MS);

/** Runs definitions of the documentation for an account, with these changes. */
async function run(
  name: string,
  { credentialId, connectionIds }: Account,
  changes: Readonly<Record<string, string>> = {},
) {
  const text = await filledIn(name, {
    ...changes,
    ...(name === BESIDE
      ? { [IN_DOCS.connectionId]: connectionIds[0], [IN_DOCS.airbyte]: stage.airbyte.origin }
      : { [IN_DOCS.credentialId]: credentialId }),
  });
  const path = join(folder, basename(name));
  await writeFile(path, text);
  const result = await dagster.ask(name === BESIDE ? { path, job: "sync" } : { path });
  if (!result.success) process.stderr.write(dagster.log);
  return result;
}

/** Airbyte takes so long to answer the next request for a sync, which it has carried out at once. */
function answerLate(account: Account, delayMs: number): void {
  const [connectionId] = account.connectionIds;
  stage.airbyte.addFault({ connectionId, route: "start", kind: "200-running", delayMs, times: 1 });
}

test(
  "an asset through the relay waits for what runs already, and for a sync of each connection that began after it had asked",
  async () => {
    const account = stage.account(0);
    const earlier = stage.hold(account, "relay");
    const job = await earlier.running;
    const running = run(THROUGH, account);
    const askedAt = await stage.asked(account, running);
    earlier.release();
    expect(await running).toEqual({ success: true, retries: 0 });
    for (const connectionId of account.connectionIds) {
      const cover = firstCover(stage.airbyte, connectionId, askedAt, Date.now());
      expect(cover).toBeDefined();
      expect(cover).not.toBe(job);
    }
  },
  PATIENCE_MS,
);

describe("beside the relay", () => {
  test(
    "a step that finds the relay's job running fails, and succeeds when it is tried again",
    async () => {
      const account = stage.account(1);
      const held = stage.hold(account, "relay");
      await held.running;
      const running = run(BESIDE, account, { ...HURRIED, ...LOOKS_OFTEN });
      await stage.during(
        running,
        () => stage.requestsOfOthers("jobs", account).length > 1,
        "Dagster finds it twice",
      );
      held.release();
      const { success, retries } = await running;
      expect(success).toBe(true);
      expect(retries).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  test(
    "the relay waits while Dagster's job runs, and then syncs what came meanwhile",
    async () => {
      const account = stage.account(2);
      const held = stage.hold(account, "orchestrator");
      const running = run(BESIDE, account, HURRIED);
      await held.running;
      await stage.during(running, () => stage.busy.has(account.connectionIds[0]), "the relay finds it busy");
      held.release();
      expect((await running).success).toBe(true);
    },
    PATIENCE_MS,
  );

  test(
    "a start that is answered late is sent again, and fails by its own job; the documented time-out prevents it",
    async () => {
      const account = stage.account(3);
      await stage.quieten(account);
      answerLate(account, 3000);
      expect(await run(BESIDE, account, { ...HURRIED, ...LOOKS_OFTEN })).toEqual({
        success: true,
        retries: 0,
      });

      answerLate(account, 6000);
      const held = stage.hold(account, "orchestrator");
      const running = run(BESIDE, account, {
        ...HURRIED,
        ...LOOKS_OFTEN,
        "request_timeout=90": "request_timeout=1",
      });
      await held.running;
      await stage.send(account);
      await stage.during(
        running,
        () => stage.requestsOfOthers("start", account).filter(({ status }) => status === 409).length >= 3,
        "Dagster is refused as often as it tries",
      );
      held.release();
      const { success, retries } = await running;
      expect(success).toBe(true);
      expect(retries).toBeGreaterThan(0);
      expect(dagster.log).toContain("Max retries (3) exceeded");
    },
    PATIENCE_MS,
  );

  test(
    "with poll_previous_running_sync, a job that began before is success, and the relay syncs what it did not see",
    async () => {
      const account = stage.account(4);
      const held = stage.hold(account, "relay");
      await held.running;
      const running = run(BESIDE, account, {
        ...HURRIED,
        "request_timeout=90,": "poll_interval=1,\n    poll_previous_running_sync=True,",
      });
      await stage.during(
        running,
        () => stage.requestsOfOthers("jobs", account).length > 0,
        "Dagster finds it",
      );
      await stage.send(account);
      held.release();
      expect(await running).toEqual({ success: true, retries: 0 });
      expect(stage.requestsOfOthers("start", account)).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "a queued job that Dagster cancels by default is made good by the relay that shared it",
    async () => {
      const account = stage.account(5);
      const [connectionId] = account.connectionIds;
      await stage.quieten(account);
      stage.airbyte.planJob({ connectionId, queuedMs: 20_000 });
      const running = run(BESIDE, account, {
        ...HURRIED,
        "request_timeout=90,": "poll_interval=3,",
        "    cancel_on_termination=False,\n": "",
      });
      await stage.during(running, () => stage.requestsOfOthers("start", account).length > 0, "Dagster asks");
      const job = stage.airbyte.jobBook.openJob(connectionId);
      await stage.send(account);
      await stage.syncNow(account);
      await stage.during(running, () => job?.status === "cancelled", "Dagster cancels it");
      expect(stage.requestsOfRelay("start", account).at(-1)).toMatchObject({ status: 200 });
      expect((await running).success).toBe(true);
      await stage.until(() => stage.errors.has(connectionId), "the relay has seen it");
    },
    PATIENCE_MS,
  );

  test(
    "a queued job that is not cancelled is found by another try",
    async () => {
      const account = stage.account(6);
      const [connectionId] = account.connectionIds;
      await stage.quieten(account);
      stage.airbyte.planJob({ connectionId, queuedMs: 5000 });
      const { success, retries } = await run(BESIDE, account, { ...HURRIED, ...LOOKS_OFTEN });
      expect(success).toBe(true);
      expect(retries).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});

test(
  "after all of it nothing is lost, the relay has given up no connection and cancelled nothing, and no jobs overlapped",
  async () => {
    await stage.settle();
    expect(stage.loader.acked.length).toBeGreaterThan(50);
    expect(stage.loader.events.filter(({ ackedAt }) => ackedAt === undefined)).toEqual([]);
    expect(stage.lost()).toEqual([]);
    expect([...stage.parked]).toEqual([]);
    // Only the job that Dagster cancelled under it.
    expect([...stage.errors.keys()]).toEqual(stage.account(5).connectionIds);
    expect(stage.requestsOfRelay("cancel")).toEqual([]);
    // Dagster's own second request for a sync overlaps its first, which it has given up.
    expect(stage.airbyte.violations.filter(({ kind }) => kind === "overlap")).toEqual([]);
  },
  PATIENCE_MS,
);
