import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  type Connection,
  type Source,
  startAirbyteSimulator,
} from "../../simulators/airbyte/index.ts";
import { SourceRunner } from "../../simulators/airbyte/source-runner.ts";
import { type DixaSimulator, startDixaSimulator } from "../../simulators/dixa/index.ts";
import { freePort } from "../../support/free-port.ts";
import { Warehouse } from "./warehouse.ts";

export const CREDENTIAL_ID = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";

/** Around the relay: a Dixa, and an Airbyte whose jobs run source-dixa and load into DuckDB. */
export interface World {
  dixa: DixaSimulator;
  airbyte: AirbyteSimulator;
  connection: Connection;
  warehouse: Warehouse;
  /** The relay's configuration file. */
  relayConfig: string;
  adminToken: string;
  close(): Promise<void>;
}

/** @param folder everything in it is thrown away first: the simulated account is new each time */
export async function createWorld(folder: string, conversations: number): Promise<World> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const warehouse = await Warehouse.open(folder);
  const dixa = await startDixaSimulator({ conversations, limits: false });
  const sources = new Map<string, Source>();
  const runner = new SourceRunner({
    folder: join(folder, "airbyte"),
    sourceOf: (id) => sources.get(id),
    load: warehouse.load,
  });
  const airbyte = await startAirbyteSimulator({ runSync: runner.run, pendingMs: 300 });
  const configuration = {
    ...dixa.config({ exports_requests_per_minute: 600, api_requests_per_second: 100 }),
    credential_id: CREDENTIAL_ID,
  };
  const source = airbyte.addSource({ name: "Dixa", configuration });
  sources.set(source.sourceId, source);
  const connection = airbyte.addConnection({ sourceId: source.sourceId, name: "Dixa → DuckDB" });
  const adminToken = randomBytes(16).toString("hex");
  const relayConfig = join(folder, "relay.yaml");
  await writeFile(relayConfig, relayYaml({ dixa, airbyte, adminToken, port: await freePort() }));
  return {
    dixa,
    airbyte,
    connection,
    warehouse,
    relayConfig,
    adminToken,
    async close() {
      await airbyte.close();
      await dixa.close();
      warehouse.close();
    },
  };
}

interface RelayYaml {
  dixa: DixaSimulator;
  airbyte: AirbyteSimulator;
  adminToken: string;
  port: number;
}

function relayYaml({ dixa, airbyte, adminToken, port }: RelayYaml): string {
  return `listen: 127.0.0.1:${port}
public_url: http://127.0.0.1:${port}
store: ./relay.db
admin_token: ${adminToken}
shutdown_delay: 0s

airbyte:
  url: ${airbyte.url}
  client_id: ${CLIENT_ID}
  client_secret: ${CLIENT_SECRET}
  # All of these are much shorter than what suits a real Airbyte, so that nobody has to wait here.
  requests_per_second: 50
  burst: 50

timings:
  debounce: 1s
  max_wait: 3s
  min_interval: 2s
  # source-dixa reads up to the last whole second that Dixa's clock has reached.
  settle_delay: 1500ms
  job_poll: 200ms
  busy_poll: 200ms

credentials:
  - id: ${CREDENTIAL_ID}
    name: Dixa demo
    webhook_secrets_file: ./webhook-secret
    dixa_api_token: ${dixa.token}
    dixa_api_url: ${dixa.apiUrl}
`;
}
