import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { CLIENT_ID, CLIENT_SECRET, startAirbyteSimulator } from "../simulators/airbyte/index.ts";
import { startDixaSimulator } from "../simulators/dixa/index.ts";
import { RelayServer } from "../support/relay-server.ts";

const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const TOKEN = "openapi-token-0123456789";
const CONNECTIONS = 3;
/** An account that the client may change, rotate and remove: it is made again and again. */
const ACCOUNT = "0a4f5c1b-6a0e-4d1c-9a54-7f0c3f0e2d3e";
const LOOK_EVERY_MS = 20;
/** What the log says of each operation on accounts that has done what it was asked to. */
const DONE = ["account added", "account changed", "secret rotated", "account removed"];
/** The levels at which the relay tells of its own mistakes. */
const MISTAKE = /^\{"level":"(error|fatal)"/;

/**
 * A live relay for a client that others wrote: SQLite, and an Airbyte whose syncs take moments. Says where it is, as
 * lines for a shell, and runs until SIGTERM. Exit status 1: the relay ended early or badly, logged a mistake of its own,
 * or did to Airbyte what it must not; or the client has never added, changed, rotated or removed an account.
 */
const folder = await mkdtemp(join(tmpdir(), "relay-openapi-"));
const airbyte = await startAirbyteSimulator({ pendingMs: 10, runningMs: 20 });
const dixa = await startDixaSimulator({ conversations: 1, limits: false });
const { sourceId } = airbyte.addSource({ configuration: { credential_id: CREDENTIAL } });
const connections = Array.from({ length: CONNECTIONS }, () => airbyte.addConnection({ sourceId }));
const config = {
  listen: "127.0.0.1:0",
  public_url: "https://relay.example.com",
  store: join(folder, "relay.db"),
  admin_token: TOKEN,
  // Accounts can be added, and the tokens that are made up for them go no further than this machine.
  secret_key: randomBytes(32).toString("hex"),
  dixa_api_url: dixa.apiUrl,
  airbyte: {
    url: airbyte.url,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    requests_per_second: 1000,
    burst: 1000,
  },
  // With Dixa's token the same as the admin's, one Authorization header opens every operation.
  credentials: [{ id: CREDENTIAL, name: "Dixa EU", auth: "bearer", token: TOKEN }],
  timings: { debounce: "50ms", max_wait: "200ms", min_interval: "100ms", job_poll: "50ms" },
  shutdown_delay: "0s",
};
const configPath = join(folder, "relay.yaml");
// JSON is YAML.
await writeFile(configPath, JSON.stringify(config));
const relay = new RelayServer(configPath, { env: { ...process.env, DATABASE_URL: "" } });
const url = await relay.listening;

/** Makes the account if it is gone, and has it keep its token. */
async function keepAccount(): Promise<void> {
  const authorization = `Bearer ${TOKEN}`;
  const headers = { authorization, "content-type": "application/json" };
  const path = `${url}/v1/credentials/${ACCOUNT}`;
  const found = await fetch(path, { headers: { authorization } });
  const text = await found.text();
  if (found.status === 404) {
    const body = { credential_id: ACCOUNT, name: "Dixa US", dixa_token: dixa.token, keep_token: true };
    await (
      await fetch(`${url}/v1/credentials`, { method: "POST", headers, body: JSON.stringify(body) })
    ).text();
  } else if (!text.includes('"keeps_token":true')) {
    const body = JSON.stringify({ dixa_token: dixa.token, keep_token: true });
    await (await fetch(path, { method: "PATCH", headers, body })).text();
  }
}

await keepAccount();
const ended = new AbortController();
const keeping = (async () => {
  while (!ended.signal.aborted) {
    // The relay may be at its end.
    await keepAccount().catch(() => undefined);
    await delay(LOOK_EVERY_MS);
  }
})();
process.stdout.write(
  `RELAY_URL=${url}\nRELAY_TOKEN=${TOKEN}\nRELAY_CREDENTIAL=${CREDENTIAL}\nRELAY_ACCOUNT=${ACCOUNT}\n` +
    `RELAY_CONNECTION=${connections[0]?.connectionId}\n`,
);

const told = new Promise<"told">((resolve) => {
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      resolve("told");
    });
  }
});
const first = await Promise.race([told, relay.ended]);
ended.abort();
await keeping;
const { code } = await relay.stop();
await airbyte.close();
await dixa.close();
await rm(folder, { recursive: true });
const faults = [
  ...(first === "told" ? [] : ["the relay ended before it was told to"]),
  ...(code === 0 ? [] : [`the relay ended with status ${code}: ${relay.log}`]),
  ...relay.log.split("\n").filter((line) => MISTAKE.test(line)),
  ...DONE.filter((words) => !relay.log.includes(`"${words}"`)).map((words) => `never in the log: ${words}`),
  ...airbyte.violations.map(({ kind }) => `the relay did to Airbyte what it must not: ${kind}`),
];
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
