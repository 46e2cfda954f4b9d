import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type FastifyInstance } from "fastify";
import yargs from "yargs";

import { CommandLine } from "../../../src/relay/commands/command-line.ts";
import { addCredentialCommands } from "../../../src/relay/commands/credential.ts";
import { createServer } from "../../../src/relay/http/server.ts";
import { DIXA_TOKEN, FakeDixa } from "../support/fake-dixa.ts";
import {
  ADMIN_TOKEN,
  TEST_TUNING,
  testConfig,
  type TestServices,
  testServices,
} from "../support/services-fixture.ts";

const ID = "9a54f00d-6a0e-4d1c-9a54-0a4f5c1b2d3e";

let folder: string;
let dixa: FakeDixa;
let services: TestServices;
let app: FastifyInstance;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "relay-credential-"));
  dixa = new FakeDixa();
  services = testServices({ config: testConfig({ secret_key: "ab".repeat(32) }), openDixa: dixa.open });
  app = createServer(services, TEST_TUNING);
  await app.listen({ host: "127.0.0.1", port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  writeFileSync(join(folder, "token"), `${DIXA_TOKEN}\n`);
  writeFileSync(join(folder, "secret"), "secret-by-hand-0123456789\n");
});

afterEach(async () => {
  process.exitCode = 0;
  await app.close();
  rmSync(folder, { recursive: true });
});

async function run(...args: string[]): Promise<string> {
  let text = "";
  const take = (part: string) => (text += part);
  const commandLine = new CommandLine(take, take);
  const program = yargs().exitProcess(false);
  addCredentialCommands(program, commandLine);
  await program.parseAsync(["credential", ...args, "--url", url, "--token", ADMIN_TOKEN]);
  return text;
}

const stored = () => services.accounts.list().filter((credential) => credential.stored !== undefined);

test("add with a token makes the webhook, and shows neither token nor secret", async () => {
  const text = await run("add", "Dixa Oslo", "--id", ID, "--dixa-token-file", join(folder, "token"));
  expect(text).toContain(`webhook: https://relay.example.com/webhooks/dixa/${ID}`);
  expect(text).not.toContain("to do:");
  expect(stored()).toMatchObject([
    { id: ID, name: "Dixa Oslo", auth: { secrets: [dixa.stored[0]?.secretKey] } },
  ]);
  for (const secret of [DIXA_TOKEN, dixa.stored[0]!.secretKey!]) expect(text).not.toContain(secret);
});

test("add by hand says what is to be done, and rotate enters the secret", async () => {
  const text = await run("add", "Oslo", "--id", ID);
  expect(text).toContain("to do: Its webhook secret is missing");
  expect(text).toMatch(/events to tick: .*ConversationClosed/);
  const rotated = await run("rotate", "oslo", "--webhook-secret-file", join(folder, "secret"));
  expect(rotated).not.toContain("to do:");
  expect(stored()).toMatchObject([{ auth: { secrets: ["secret-by-hand-0123456789"] } }]);
});

test("rename, rotate and remove find an account by its name or id", async () => {
  await run("add", "Oslo", "--id", ID, "--dixa-token-file", join(folder, "token"));
  await run("rename", "Oslo", "Bergen");
  const rotated = await run("rotate", ID, "--dixa-token-file", join(folder, "token"), "--overlap", "1h");
  expect(rotated).toContain("the old secret counts until");
  expect(dixa.stored.map(({ id }) => id)).toEqual(["w2"]);
  const removed = await run("remove", "Bergen", "--webhook", "--dixa-token-file", join(folder, "token"));
  expect(removed).toContain("webhooks taken away in Dixa: 1");
  expect([stored(), dixa.stored]).toEqual([[], []]);
});

test("set changes how an account is synced and watched", async () => {
  await run("add", "Oslo", "--id", ID, "--max-staleness", "12h");
  expect(stored()).toMatchObject([{ maxStalenessMs: 12 * 3_600_000 }]);
  expect(await run("set", "Oslo", "--switch-on")).toContain("keeps no API token of Dixa");
  const token = ["--dixa-token-file", join(folder, "token"), "--keep-token"];
  const text = await run("set", "Oslo", "--switch-on", "--max-staleness", "6h", ...token);
  expect(text).toContain("a sync at least every 6h");
  expect(text).toContain("the relay switches its webhook on");
  expect(stored()).toMatchObject([{ maxStalenessMs: 6 * 3_600_000, switchesOn: true }]);
  await run("set", "Oslo", "--no-switch-on");
  expect(stored()).toMatchObject([{ maxStalenessMs: 6 * 3_600_000, switchesOn: false }]);
  expect(await run("set", "Oslo", "--max-staleness", "never")).not.toContain("a sync at least");
  expect(stored()).toMatchObject([{ maxStalenessMs: undefined, dixaApiToken: DIXA_TOKEN }]);
});

test("set keeps a token or forgets it, and takes none for nothing", async () => {
  const token = ["--dixa-token-file", join(folder, "token")];
  await run("add", "Oslo", "--id", ID, ...token, "--keep-token");
  await run("set", "Oslo", "--no-keep-token");
  expect(stored()).toMatchObject([{ dixaApiToken: undefined }]);
  expect(await run("set", "Oslo", ...token)).toContain("Add --keep-token, or leave --dixa-token-file out.");
  expect(process.exitCode).toBe(1);
  process.exitCode = 0;
  await run("set", "Oslo", ...token, "--keep-token");
  expect(stored()).toMatchObject([{ dixaApiToken: DIXA_TOKEN }]);
  await run("set", "Oslo", "--max-staleness", "6h");
  expect(stored()).toMatchObject([{ dixaApiToken: DIXA_TOKEN }]);
});

test("what there is not ends with status 1", async () => {
  expect(await run("rename", "Nowhere", "x")).toContain(
    "The relay has no credential “Nowhere”. Name one of:",
  );
  expect(process.exitCode).toBe(1);
});
