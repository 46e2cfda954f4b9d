import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { firstCover } from "../relay-chaos/evidence.ts";
import { filledIn, IN_DOCS } from "./documented.ts";
import { PythonSession } from "./python-session.ts";
import { Stage } from "./stage.ts";

const PATIENCE_MS = 180_000;

let stage: Stage;
let folder: string;
let prefect: PythonSession<{ path: string }, { success: boolean }>;

beforeAll(async () => {
  stage = await Stage.open(1);
  folder = await mkdtemp(join(tmpdir(), "prefect-"));
  prefect = new PythonSession("prefect", "prefect_runs.py", {
    ...stage.env,
    PREFECT_HOME: folder,
    PREFECT_PROFILES_PATH: join(folder, "profiles.toml"),
    PREFECT_SERVER_ANALYTICS_ENABLED: "false",
    // Of a busy machine.
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: "120",
    DO_NOT_TRACK: "1",
  });
}, PATIENCE_MS);

afterAll(async () => {
  await prefect.close();
  await stage.close();
  await rm(folder, { recursive: true, force: true });
}, PATIENCE_MS);

test(
  "a flow waits for what runs already, and for a sync of each connection that began after it had asked; nothing is lost",
  async () => {
    const account = stage.account(0);
    const earlier = stage.hold(account, "relay");
    const job = await earlier.running;
    const path = join(folder, "dixa_flow.py");
    await writeFile(path, await filledIn("dixa_flow.py", { [IN_DOCS.credentialId]: account.credentialId }));
    const running = prefect.ask({ path });
    const askedAt = await stage.asked(account, running);
    earlier.release();
    expect(await running).toEqual({ success: true });
    for (const connectionId of account.connectionIds) {
      const cover = firstCover(stage.airbyte, connectionId, askedAt, Date.now());
      expect(cover).toBeDefined();
      expect(cover).not.toBe(job);
    }
    await stage.settle();
    expect(stage.lost()).toEqual([]);
  },
  PATIENCE_MS,
);
