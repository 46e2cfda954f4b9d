import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Browser } from "playwright-core";

import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  type Source,
  startAirbyteSimulator,
} from "../simulators/airbyte/index.ts";
import { SourceRunner } from "../simulators/airbyte/source-runner.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { freePort } from "../support/free-port.ts";
import { RelayServer } from "../support/relay-server.ts";
import { launchBrowser } from "./browser.ts";
import { ADMIN_TOKEN } from "./relay-under-test.ts";
import { Visit } from "./visit.ts";

const SECRET_KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

let browser: Browser;
let folder: string;
let dixa: DixaSimulator;
let airbyte: AirbyteSimulator;
let runner: SourceRunner;
let relay: RelayServer;
const sources = new Map<string, Source>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dixa-relay-first-row-"));
  browser = await launchBrowser();
  dixa = await startDixaSimulator({ conversations: 5, limits: false });
  runner = new SourceRunner({ folder, sourceOf: (id) => sources.get(id) });
  airbyte = await startAirbyteSimulator({ runSync: runner.run, pendingMs: 100 });
  const port = await freePort();
  const config = join(folder, "relay.yaml");
  await writeFile(
    config,
    `listen: 127.0.0.1:${port}
public_url: http://127.0.0.1:${port}
store: ./relay.db
admin_token: ${ADMIN_TOKEN}
secret_key: ${SECRET_KEY}
dixa_api_url: ${dixa.apiUrl}
shutdown_delay: 0s
airbyte: { url: "${airbyte.url}", client_id: ${CLIENT_ID}, client_secret: ${CLIENT_SECRET} }
# Much shorter than what suits a real Airbyte, so that nobody has to wait here.
timings: { debounce: 500ms, settle_delay: 1500ms, job_poll: 200ms }
`,
  );
  relay = new RelayServer(config);
  await relay.listening;
}, 60_000);

afterAll(async () => {
  await browser.close();
  await relay.stop();
  await airbyte.close();
  await dixa.close();
  await rm(folder, { recursive: true });
}, 30_000);

test("a relay without any account gets the first row into Airbyte through its page alone", async () => {
  const visit = await Visit.signIn(browser, await relay.listening);
  const { page } = visit;
  const isDone = (title: string) =>
    page
      .locator("li.done")
      .getByRole("heading", { name: `${title} (done)` })
      .waitFor();
  await page.getByRole("link", { name: "Add the first one" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Dixa EU");
  await page.getByLabel("Dixa API token").fill(dixa.token);
  await page.getByRole("button", { name: "Add account" }).click();
  await isDone("Webhook");

  // In Airbyte, with the id as it is shown.
  const credentialId = await page.locator("code.copy.id").textContent();
  const configuration = {
    ...dixa.config({ exports_requests_per_minute: 600, api_requests_per_second: 100 }),
    credential_id: credentialId,
  };
  const source = airbyte.addSource({ name: "Dixa", configuration });
  sources.set(source.sourceId, source);
  const { connectionId } = airbyte.addConnection({ sourceId: source.sourceId, name: "Dixa → warehouse" });
  await page.getByRole("button", { name: "Look for connections of this account now" }).click();
  await isDone("Airbyte");

  // In Dixa.
  const [delivery] = await dixa.control.closeConversation(dixa.control.conversationId(0)).delivered;
  expect(delivery?.deliveryDetail.responseCode).toBe(202);
  await isDone("First event");
  await isDone("First sync");
  expect(runner.rows.get(connectionId)).toBeGreaterThan(0);
  expect(relay.log).not.toContain(dixa.token);
  for (const { secretKey } of dixa.subscriptions.list()) expect(relay.log).not.toContain(secretKey);
  expect(airbyte.violations).toEqual([]);
  expect(visit.complaints).toEqual([]);
  await visit.end();
}, 90_000);
