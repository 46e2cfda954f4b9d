import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { firstCover } from "../relay-chaos/evidence.ts";
import { commandFolder } from "./command-folder.ts";
import { filledIn, IN_DOCS } from "./documented.ts";
import { type Account, Stage } from "./stage.ts";

/** What cron runs, run by sh as cron does: with next to nothing in its environment. */

const BY_COMMAND = "/usr/local/bin/dixa-pipeline";
const BY_CURL = "/usr/local/bin/dixa-sync-by-curl";
const PATIENCE_MS = 60_000;

let stage: Stage;
let folder: string;
let commands: string;

beforeAll(async () => {
  stage = await Stage.open(4);
  folder = await mkdtemp(join(tmpdir(), "cron-"));
  commands = await commandFolder(folder);
}, PATIENCE_MS);

afterAll(async () => {
  await stage.close();
  await rm(folder, { recursive: true });
}, PATIENCE_MS);

interface Ending {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a script of the documentation, with these changes. */
async function run(
  name: string,
  { credentialId }: Account,
  { changes = {}, env = stage.env }: { changes?: Record<string, string>; env?: Record<string, string> } = {},
): Promise<Ending> {
  const settings = join(folder, "dixa-relay.env");
  await writeFile(
    settings,
    Object.entries(env)
      .map(([variable, value]) => `export ${variable}=${value}\n`)
      .join(""),
  );
  const script = await filledIn(name, {
    ...changes,
    "/etc/dixa-relay.env": settings,
    [IN_DOCS.credentialId]: credentialId,
  });
  const path = join(folder, "script.sh");
  await writeFile(path, script);
  return await new Promise((resolve) => {
    execFile(
      "/bin/sh",
      [path],
      { env: { PATH: `${commands}:/usr/bin:/bin`, HOME: folder } },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe.each([[BY_COMMAND], [BY_CURL]])("%s", (name) => {
  test(
    "waits for what runs already, and for a sync of each connection that began after it had asked",
    async () => {
      const account = stage.account(0);
      const earlier = stage.hold(account, "relay");
      const job = await earlier.running;
      const running = run(name, account);
      const askedAt = await stage.asked(account, running);
      earlier.release();
      expect(await running).toMatchObject({ status: 0, stderr: "" });
      for (const connectionId of account.connectionIds) {
        const cover = firstCover(stage.airbyte, connectionId, askedAt, Date.now());
        expect(cover).toBeDefined();
        expect(cover).not.toBe(job);
      }
    },
    PATIENCE_MS,
  );

  test(
    "fails, and says why, when a connection can't be synced",
    async () => {
      const account = stage.account(1);
      const connection = stage.airbyte.workspace.connections.get(account.connectionIds[0]);
      if (connection === undefined) throw new Error("the account has a connection");
      connection.status = "inactive";
      const { status, stdout, stderr } = await run(name, account);
      connection.status = "active";
      expect(status).toBe(1);
      expect(stdout + stderr).toMatch(/switched off|inactive/);
      expect(stdout).not.toContain("is synced");
    },
    PATIENCE_MS,
  );

  test("fails, and says why, when the relay does not accept it, or is not there", async () => {
    const account = stage.account(2);
    const refused = await run(name, account, {
      env: { ...stage.env, RELAY_ADMIN_TOKEN: "a-wrong-token-0123456789" },
    });
    expect(refused.status).toBe(1);
    expect(refused.stdout + refused.stderr).toContain("token");
    const absent = await run(name, account, { env: { ...stage.env, RELAY_URL: "http://127.0.0.1:9" } });
    expect(absent.status).not.toBe(0);
    expect(absent.stdout + absent.stderr).toMatch(/127\.0\.0\.1/);
    expect(absent.stdout).not.toContain("is synced");
  });
});

test(
  "a time-out is exit status 3, after which the relay goes on",
  async () => {
    const account = stage.account(3);
    const held = stage.hold(account, "relay");
    const job = await held.running;
    const { status, stdout } = await run(BY_COMMAND, account, {
      changes: { "--timeout 30m": "--timeout 1s" },
    });
    expect(status).toBe(3);
    expect(stdout).toContain("goes on by itself");
    held.release();
    await stage.until(() => job.status === "succeeded", "the job that ran ends as it would have");
  },
  PATIENCE_MS,
);

test(
  "after all of it nothing is lost",
  async () => {
    await stage.settle();
    expect(stage.lost()).toEqual([]);
    // Made so on purpose, above.
    expect([...stage.parked]).toEqual(stage.account(1).connectionIds);
    expect(stage.requestsOfRelay("cancel")).toEqual([]);
  },
  PATIENCE_MS,
);
