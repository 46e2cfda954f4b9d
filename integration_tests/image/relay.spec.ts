import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";

import { expect, test } from "@jest/globals";

import { type Container, startContainer, withSharedFolder } from "../support/container.ts";
import { RELAY_IMAGE } from "../support/images.ts";
import { deliverTo, LISTENING, relayEnvironment } from "../support/relay-environment.ts";

/** The address in the first line of the relay's log that has one. */
async function addressOf({ child }: Container): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = LISTENING.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error("the relay ended before it listened");
}

/** Runs a relay until it has taken a webhook, and gives what it printed for `command` and how it ended. */
async function takeWebhook(options: readonly string[], command: readonly string[]) {
  const name = `dixa-relay-${process.pid}`;
  const env = Object.entries(relayEnvironment("127.0.0.1:0")).flatMap(([key, value]) => [
    "--env",
    `${key}=${value}`,
  ]);
  const hardened = ["--network", "host", "--cap-drop", "ALL", "--read-only", "--name", name];
  const container = startContainer([...hardened, ...options, ...env, RELAY_IMAGE]);
  const address = await addressOf(container);
  const printed = execFileSync("docker", ["exec", name, ...command], { encoding: "utf8" }).trim();
  const status = await deliverTo(address);
  execFileSync("docker", ["kill", "--signal", "TERM", name]);
  const { exitCode } = await container.ended;
  return { printed, status, exitCode };
}

test("the relay runs from the environment as user 1000, keeps its store in /data, and ends on SIGTERM with status 0", async () => {
  await withSharedFolder({}, async (folder) => {
    const end = await takeWebhook(["--volume", `${folder}:/data`], ["id", "-u"]);
    expect(end).toEqual({ printed: "1000", status: 202, exitCode: 0 });
    expect(await readdir(folder)).toContain("relay.db");
  });
});

test.each([
  ["1000:1000", "user 1000, as the image says"],
  ["1000650000:0", "a user of the cluster's choice in group 0, as OpenShift gives it"],
])("a new volume takes the store of %s: %s", async (user) => {
  const end = await takeWebhook(["--user", user], ["sh", "-c", "id -u; id -g; ls /data"]);
  const [uid, gid, ...files] = end.printed.split("\n");
  expect(`${uid ?? ""}:${gid ?? ""}`).toBe(user);
  expect(files).toContain("relay.db");
  expect(end).toMatchObject({ status: 202, exitCode: 0 });
});

test("a relay without a configuration says what it needs", async () => {
  const { exitCode, stderr } = await startContainer(["--network", "none", RELAY_IMAGE]).ended;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/admin_token|RELAY_ADMIN_TOKEN/);
});
