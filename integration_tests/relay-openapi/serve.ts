import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CLIENT_ID, CLIENT_SECRET, startAirbyteSimulator } from "../simulators/airbyte/index.ts";
import { startDixaSimulator } from "../simulators/dixa/index.ts";
import { RelayServer } from "../support/relay-server.ts";

const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
const TOKEN = "openapi-token-0123456789";
const CONNECTIONS = 3;
/** The levels at which the relay tells of its own mistakes. */
const MISTAKE = /^\{"level":"(error|fatal)"/;

/**
 * A live relay for a client that others wrote: SQLite, and an Airbyte whose syncs take moments. Says where it is, as
 * lines for a shell, and runs until SIGTERM. Exit status 1: the relay ended early or badly, logged a mistake of its own,
 * or did to Airbyte what it must not.
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
process.stdout.write(
  `RELAY_URL=${await relay.listening}\nRELAY_TOKEN=${TOKEN}\nRELAY_CREDENTIAL=${CREDENTIAL}\n` +
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
const { code } = await relay.stop();
await airbyte.close();
await dixa.close();
await rm(folder, { recursive: true });
const faults = [
  ...(first === "told" ? [] : ["the relay ended before it was told to"]),
  ...(code === 0 ? [] : [`the relay ended with status ${code}: ${relay.log}`]),
  ...relay.log.split("\n").filter((line) => MISTAKE.test(line)),
  ...airbyte.violations.map(({ kind }) => `the relay did to Airbyte what it must not: ${kind}`),
];
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
