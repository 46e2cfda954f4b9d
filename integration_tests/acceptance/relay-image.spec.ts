import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";

import { expect, test } from "@jest/globals";

import { VERSION } from "../../src/version.ts";
import { type Container, startContainer, withSharedFolder } from "./container.ts";

const IMAGE = process.env["DIXA_RELAY_IMAGE"] ?? `dixa-relay:${VERSION}`;
/** Nothing listens there: the relay must take webhooks all the same. */
const NOWHERE = "http://127.0.0.1:9/v1";
const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const ENV = {
  RELAY_LISTEN: "127.0.0.1:0",
  RELAY_ADMIN_TOKEN: "admin-token-0123456789",
  AIRBYTE_URL: NOWHERE,
  AIRBYTE_CLIENT_ID: "id",
  AIRBYTE_CLIENT_SECRET: "client-secret-0123456789",
  DIXA_CREDENTIAL_ID: CREDENTIAL,
  DIXA_WEBHOOK_AUTH: "bearer",
  DIXA_WEBHOOK_TOKEN: "webhook-token-0123456789",
};

/** The address in the first line of the relay's log that has one. */
async function addressOf({ child }: Container): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /listening on (http:\/\/[\d.]+:\d+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error("the relay ended before it listened");
}

test("the relay runs from the environment as user 1000, keeps its store in /data, and ends on SIGTERM with status 0", async () => {
  await withSharedFolder({}, async (folder) => {
    const name = `dixa-relay-${process.pid}`;
    const env = Object.entries(ENV).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
    const options = [
      "--network",
      "host",
      "--cap-drop",
      "ALL",
      "--read-only",
      "--volume",
      `${folder}:/data`,
      "--name",
      name,
    ];
    const container = startContainer([...options, ...env, IMAGE]);
    const address = await addressOf(container);
    expect(execFileSync("docker", ["exec", name, "id", "-u"], { encoding: "utf8" }).trim()).toBe("1000");
    const answer = await fetch(`${address}/webhooks/dixa/${CREDENTIAL}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer webhook-token-0123456789" },
      body: JSON.stringify({
        event_id: "e0000000-0000-4000-8000-000000000001",
        event_fqn: "CONVERSATION_CLOSED",
        event_version: "1",
        event_timestamp: "2026-01-01T00:00:00.000Z",
        data: {},
      }),
    });
    expect(answer.status).toBe(202);
    execFileSync("docker", ["kill", "--signal", "TERM", name]);
    const { exitCode } = await container.ended;
    expect(exitCode).toBe(0);
    expect(await readdir(folder)).toContain("relay.db");
  });
});

test("a relay without a configuration says what it needs", async () => {
  const { exitCode, stderr } = await startContainer(["--network", "none", IMAGE]).ended;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/admin_token|RELAY_ADMIN_TOKEN/);
});
