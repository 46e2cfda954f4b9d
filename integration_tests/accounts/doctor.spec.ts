import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";

import { CLIENT_ID, CLIENT_SECRET } from "../simulators/airbyte/index.ts";
import { POWERLESS_TOKEN } from "../simulators/dixa/index.ts";
import { freePort } from "../support/free-port.ts";
import { type RelayServer } from "../support/relay-server.ts";
import { AccountWorld, until } from "./account-world.ts";
import { tracesOf } from "./traces.ts";

const ID = randomUUID();
const SECRET = "0123456789abcdef0123456789abcdef";
const WRONG = "wrong-token-0123456789";

const outputSchema = z.strictObject({
  ok: z.boolean(),
  findings: z.array(
    z.strictObject({
      area: z.enum(["configuration", "relay", "store", "airbyte", "dixa"]),
      state: z.enum(["ok", "warning", "fault"]),
      message: z.string().min(1),
    }),
  ),
});

let world: AccountWorld;
let relay: RelayServer;

beforeAll(async () => {
  world = await AccountWorld.open();
  world.addConnection(ID);
  await world.configure();
  relay = await world.serve();
  const account = { credential_id: ID, name: "Oslo", dixa_token: world.dixa.token, keep_token: true };
  expect((await world.call("POST", "/v1/credentials", account)).status).toBe(201);
  await world.dixa.control.closeConversation(world.dixa.control.conversationId(0)).delivered;
}, 60_000);

afterAll(async () => {
  await relay.stop();
  await world.close();
});

/** Runs it both ways, as a script and as a person would. */
async function diagnose(more: Record<string, unknown> = {}) {
  const path = join(world.folder, `${randomUUID()}.yaml`);
  await world.configure(more, path);
  return await examine(path);
}

async function examine(path: string) {
  const [json, text] = await Promise.all([
    world.run(["doctor", "--config", path, "--json"]),
    world.run(["doctor", "--config", path]),
  ]);
  const { ok, findings } = outputSchema.parse(JSON.parse(json.stdout));
  expect([json.status, text.status]).toEqual(ok ? [0, 0] : [1, 1]);
  const secrets = [world.dixa.token, world.secretKey, CLIENT_SECRET, SECRET, WRONG];
  expect(tracesOf(secrets, { json: json.stdout + json.stderr, text: text.stdout + text.stderr })).toEqual([]);
  for (const { area, state } of findings) {
    expect(text.stdout).toMatch(new RegExp(`^${state === "fault" ? "FAULT" : state} +${area} `, "m"));
  }
  expect(text.stdout.trimEnd().split("\n")).toHaveLength(findings.length);
  expect(text.stdout).not.toMatch(/\.[jt]s:\d+|undefined|\[object|Error:/);
  const faults = findings
    .filter(({ state }) => state === "fault")
    .map(({ area, message }) => `${area}: ${message}`);
  return { ok, findings, faults };
}

const airbyte = (more: Record<string, unknown>) => ({
  airbyte: { url: world.airbyte.url, client_id: CLIENT_ID, client_secret: CLIENT_SECRET, ...more },
});
const declared = (more: Record<string, unknown>) => ({
  credentials: [
    { id: randomUUID(), name: "Bergen", webhook_secrets: [SECRET], dixa_api_url: world.dixa.apiUrl, ...more },
  ],
});

test("where all is well, nothing is at fault, and each part has been looked at", async () => {
  const { ok, findings } = await diagnose();
  expect(ok).toBe(true);
  const well = findings.filter(({ state }) => state === "ok").map(({ area }) => area);
  expect(new Set(well)).toEqual(new Set(["configuration", "relay", "store", "airbyte", "dixa"]));
  expect(findings).toContainEqual({
    area: "airbyte",
    state: "ok",
    message: "Oslo: 1 connection follows it.",
  });
  expect(findings.map(({ message }) => message).join("\n")).toMatch(/Oslo: the last event came .* ago/);
}, 60_000);

test("Airbyte: a wrong secret, a wrong address, silence, and connections that nobody can see", async () => {
  const closed = await freePort();
  const [secret, away, elsewhere, none] = await Promise.all([
    diagnose(airbyte({ client_secret: WRONG })),
    diagnose(airbyte({ url: `http://127.0.0.1:${closed}/api/public/v1` })),
    diagnose(airbyte({ url: `${world.url}/api/public/v1` })),
    diagnose(declared({})),
  ]);
  expect(secret.faults).toEqual([
    expect.stringMatching(
      /^airbyte: .*refuses the application's client id and secret.*Settings > Applications/,
    ),
  ]);
  expect(away.faults).toEqual([expect.stringMatching(/^airbyte: .*(ECONNREFUSED|can't be reached)/)]);
  expect(elsewhere.faults).toEqual([expect.stringMatching(/^airbyte: .*(airbyte\.url|address)/i)]);
  expect(none.faults).toEqual([
    expect.stringMatching(/^airbyte: Bergen: no connection follows it\. Put .* into/),
  ]);
}, 60_000);

test("Dixa: a wrong token, one without rights, no webhook, one that is off, a delivery that failed", async () => {
  const withTokens = await Promise.all([
    diagnose(declared({ dixa_api_token: WRONG })),
    diagnose(declared({ dixa_api_token: POWERLESS_TOKEN })),
    diagnose(declared({ dixa_api_token: world.dixa.token })),
  ]);
  const ofDixa = withTokens.map(({ faults }) => faults.filter((fault) => fault.startsWith("dixa")));
  expect(ofDixa).toEqual([
    [expect.stringMatching(/Bergen: .*does not accept the API token.*Make one in Dixa/)],
    [expect.stringMatching(/Bergen: .*no right.*Ask a Dixa admin/)],
    [expect.stringMatching(/Bergen: Dixa has no webhook for it\. Let the relay make it/)],
  ]);

  const [webhook] = world.dixa.subscriptions.list();
  if (webhook === undefined) throw new Error("there is no webhook");
  world.dixa.subscriptions.change(webhook.id, { enabled: false });
  expect((await diagnose()).faults).toEqual([
    expect.stringMatching(/^dixa: Oslo: its webhook is switched off in Dixa\. Switch it on/),
  ]);
  world.dixa.subscriptions.change(webhook.id, { enabled: true });

  await relay.stop();
  await world.dixa.control.closeConversation(world.dixa.control.conversationId(1)).delivered;
  const { ok, findings, faults } = await diagnose();
  expect(faults).toEqual([expect.stringMatching(/^dixa: Oslo: the last delivery failed.*public_url/)]);
  expect(ok).toBe(false);
  // That it doesn't run here is no fault: it may run elsewhere.
  expect(findings).toContainEqual(expect.objectContaining({ area: "relay", state: "warning" }));
  relay = await world.serve();
  await world.dixa.control.closeConversation(world.dixa.control.conversationId(1)).delivered;
  await until("all is well", async () => (await diagnose()).ok);
}, 90_000);

test("the store: out of reach, no database, another's, not there yet; and a wrong secret_key", async () => {
  const garbage = join(world.folder, "garbage.db");
  await writeFile(garbage, randomBytes(8192));
  await mkdir(join(world.folder, "folder.db"));
  const closed = await freePort();
  const [away, noDatabase, isFolder, missing, key] = await Promise.all([
    diagnose({ store: `postgres://relay:secret@127.0.0.1:${closed}/relay` }),
    diagnose({ store: garbage }),
    diagnose({ store: join(world.folder, "folder.db") }),
    diagnose({ store: join(world.folder, "new.db") }),
    diagnose({ secret_key: randomBytes(32).toString("hex") }),
  ]);
  for (const { faults } of [away, noDatabase, isFolder]) {
    expect(faults).toEqual([expect.stringMatching(/^store: The store can't be (used|read): .{10}/)]);
  }
  expect(missing.faults).toEqual([]);
  expect(missing.findings).toContainEqual(expect.objectContaining({ area: "store", state: "warning" }));
  expect(key.faults).toContainEqual(expect.stringMatching(/^store: Oslo: Its secrets can't be opened/));
}, 60_000);

test("the configuration: faulty, no YAML, not there", async () => {
  const broken = join(world.folder, "broken.yaml");
  await writeFile(broken, "credentials: [");
  const [faulty, noYaml, missing] = await Promise.all([
    diagnose({ retention: "for ever" }),
    examine(broken),
    examine(join(world.folder, "nowhere.yaml")),
  ]);
  expect(faulty.faults).toEqual([expect.stringMatching(/^configuration: .*retention/s)]);
  expect(noYaml.faults).toEqual([expect.stringMatching(/^configuration: .*YAML/s)]);
  expect(missing.faults).toEqual([expect.stringMatching(/^configuration: .*nowhere\.yaml/s)]);
}, 60_000);
