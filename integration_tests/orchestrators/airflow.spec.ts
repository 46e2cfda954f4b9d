import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { firstCover } from "../relay-chaos/evidence.ts";
import { CLIENT_ID, CLIENT_SECRET } from "../simulators/airbyte/index.ts";
import { commandFolder } from "./command-folder.ts";
import { documented, filledIn, IN_DOCS } from "./documented.ts";
import { PythonSession } from "./python-session.ts";
import { type Account, Stage } from "./stage.ts";

/** Airflow and its own Airbyte provider, on connections that the relay syncs too. */

const THROUGH = "dags/dixa_through_relay.py";
const BY_COMMAND = "dags/dixa_by_command.py";
const BESIDE = "dags/dixa_beside_relay.py";
const AIRFLOW = fileURLToPath(new URL("../../.venv/airflow/bin/airflow", import.meta.url));
/** What the documentation waits for in minutes takes seconds with a simulator whose syncs take one. */
const HURRIED = { "timedelta(minutes=2)": "timedelta(seconds=1.5)" };
/** Airflow takes its time to start, more so on a busy machine. */
const PATIENCE_MS = 240_000;

let stage: Stage;
let home: string;
let airflow: PythonSession<{ file: string }, { success: boolean; tries: Record<string, number> }>;

beforeAll(async () => {
  stage = await Stage.open(8);
  home = await mkdtemp(join(tmpdir(), "airflow-"));
  await mkdir(join(home, "dags"));
  const env = {
    ...(await documentedConnection("dixa_relay")),
    ...(await documentedConnection("airbyte_default")),
    ...stage.env,
    PATH: `${await commandFolder(home)}:${process.env["PATH"] ?? ""}`,
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__LOAD_EXAMPLES: "False",
  };
  await promisify(execFile)(AIRFLOW, ["db", "migrate"], { env: { ...process.env, ...env } });
  airflow = new PythonSession("airflow", "airflow_runs.py", env);
}, PATIENCE_MS);

afterAll(async () => {
  await airflow.close();
  await stage.close();
  await rm(home, { recursive: true });
}, PATIENCE_MS);

/** A variable that the documentation has a connection in. */
async function documentedConnection(name: string): Promise<Record<string, string>> {
  const text = await documented(`airflow connection ${name}`);
  const [, variable = "", value = ""] = /^export (\w+)='([^']*)'$/m.exec(text) ?? [];
  const connection = value
    .replace(IN_DOCS.relay, stage.relayUrl)
    .replaceAll(IN_DOCS.airbyte, stage.airbyte.origin)
    .replace("<admin_token>", stage.env["RELAY_ADMIN_TOKEN"] ?? "")
    .replace("<client_id>", CLIENT_ID)
    .replace("<client_secret>", CLIENT_SECRET);
  return { [variable]: connection };
}

/** Runs a DAG of the documentation for an account, with these changes. */
async function run(
  name: string,
  { credentialId, connectionIds }: Account,
  changes: Record<string, string> = {},
) {
  const text = await filledIn(name, {
    ...changes,
    ...(name === BESIDE
      ? { [IN_DOCS.connectionId]: connectionIds[0] }
      : { [IN_DOCS.credentialId]: credentialId }),
  });
  const file = basename(name);
  await writeFile(join(home, "dags", file), text);
  const result = await airflow.ask({ file });
  if (!result.success) process.stderr.write(airflow.log);
  return result;
}

describe("through the relay", () => {
  test.each([
    [THROUGH, { request: 1, synced: 1 }, { "poke_interval=15": "poke_interval=1" }],
    [BY_COMMAND, { sync: 1 }, {}],
  ])(
    "%s waits for what runs already, and for a sync of each connection that began after it had asked",
    async (name, tries, changes) => {
      const account = stage.account(0);
      const earlier = stage.hold(account, "relay");
      const job = await earlier.running;
      const running = run(name, account, changes);
      const askedAt = await stage.asked(account, running);
      earlier.release();
      expect(await running).toEqual({ success: true, tries });
      for (const connectionId of account.connectionIds) {
        const cover = firstCover(stage.airbyte, connectionId, askedAt, Date.now());
        expect(cover).toBeDefined();
        expect(cover).not.toBe(job);
      }
      if (name === BY_COMMAND) expect(airflow.log).toContain("synced: 2 of 2 connections");
    },
    PATIENCE_MS,
  );
});

describe("beside the relay", () => {
  test(
    "a task that finds the relay's job running fails by 409, and succeeds when it is tried again",
    async () => {
      const account = stage.account(1);
      const held = stage.hold(account, "relay");
      await held.running;
      const running = run(BESIDE, account, HURRIED);
      await stage.during(
        running,
        () => stage.requestsOfOthers("start", account).some(({ status }) => status === 409),
        "a 409",
      );
      held.release();
      const { success, tries } = await running;
      expect(success).toBe(true);
      expect(tries["sync"]).toBeGreaterThan(1);
      expect(airflow.log).toContain("try-again-later");
    },
    PATIENCE_MS,
  );

  test(
    "the relay waits while Airflow's job runs, and then syncs what came meanwhile",
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
    "a start at the same instant leaves both with a job, be it the same",
    async () => {
      const account = stage.account(3);
      await stage.quieten(account);
      // Airflow has no answer yet when the relay asks.
      const relayAsks = Promise.withResolvers<undefined>();
      stage.airbyte.addFault({
        connectionId: account.connectionIds[0],
        route: "start",
        kind: "200-running",
        until: relayAsks.promise,
        times: 1,
      });
      const running = run(BESIDE, account, HURRIED);
      await stage.during(running, () => stage.requestsOfOthers("start", account).length > 0, "Airflow asks");
      await stage.syncNow(account);
      await stage.send(account);
      const [first] = stage.requestsOfOthers("start", account);
      const meanwhile = () =>
        stage.requestsOfRelay("start", account).filter(({ at }) => at >= (first?.at ?? Infinity));
      await stage.during(running, () => meanwhile().length > 0, "the relay asks");
      relayAsks.resolve(undefined);
      expect((await running).success).toBe(true);
    },
    PATIENCE_MS,
  );

  test(
    "a job that Airflow cancels, since its patience is at an end, is made good by the relay that shared it",
    async () => {
      const account = stage.account(4);
      const [connectionId] = account.connectionIds;
      await stage.quieten(account);
      stage.airbyte.planJob({ connectionId, queuedMs: 2500 });
      const held = stage.hold(account, "anybody");
      const running = run(BESIDE, account, { ...HURRIED, "timeout=6 * 3600": "timeout=2" });
      await stage.during(running, () => stage.requestsOfOthers("start", account).length > 0, "Airflow asks");
      await stage.send(account);
      await stage.syncNow(account);
      const job = await held.running;
      await stage.during(running, () => job.status === "cancelled", "Airflow cancels it");
      expect(stage.requestsOfRelay("start", account).at(-1)).toMatchObject({ status: 200 });
      expect((await running).success).toBe(true);
      expect(stage.errors.get(connectionId)).toContain(String(job.jobId));
    },
    PATIENCE_MS,
  );

  test(
    "a job that is queued for capacity fails the task, and the next try finds it",
    async () => {
      const account = stage.account(5);
      await stage.quieten(account);
      stage.airbyte.planJob({ connectionId: account.connectionIds[0], queuedMs: 5000 });
      const { success, tries } = await run(BESIDE, account, HURRIED);
      expect(success).toBe(true);
      expect(tries["sync"]).toBeGreaterThan(1);
      expect(airflow.log).toContain("unexpected state");
    },
    PATIENCE_MS,
  );

  test.each([
    ["deferrable", { "retries=20": "deferrable=True,\n        retries=20" }],
    [
      "asynchronous, with a sensor",
      {
        "retries=20": "asynchronous=True,\n        retries=20",
        "from airflow.sdk import dag":
          "from airflow.providers.airbyte.sensors.airbyte import AirbyteJobSensor\nfrom airflow.sdk import dag",
        "    AirbyteTriggerSyncOperator(\n": "    sync = AirbyteTriggerSyncOperator(\n",
        "\n\n\ndag = ":
          '\n    AirbyteJobSensor(task_id="done", airbyte_job_id=sync.output, poke_interval=1)\n\n\ndag = ',
      },
    ],
  ])(
    "the operator can be %s",
    async (_, changes) => {
      expect((await run(BESIDE, stage.account(6), { ...HURRIED, ...changes })).success).toBe(true);
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
    // Only the job that Airflow cancelled under it.
    expect([...stage.errors.keys()]).toEqual(stage.account(4).connectionIds);
    expect(stage.requestsOfRelay("cancel")).toEqual([]);
    expect(stage.airbyte.violations.filter(({ kind }) => kind !== "cancel")).toEqual([]);
  },
  PATIENCE_MS,
);
