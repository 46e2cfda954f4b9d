import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { startPostgres } from "../postgres/server.ts";
import { CLIENT_ID, CLIENT_SECRET, startAirbyteSimulator } from "../simulators/airbyte/index.ts";
import { startDixaSimulator } from "../simulators/dixa/index.ts";
import { freePort } from "../support/free-port.ts";
import { RelayServer, runRelayCommand } from "../support/relay-server.ts";

export interface LiveRelays {
  /** Address and port of each replica. */
  readonly addresses: readonly string[];
  stop(): Promise<void>;
}

/**
 * Two replicas with all that they live from: PostgreSQL, an Airbyte whose syncs take moments, and a Dixa that sends a
 * webhook every so often and tells how they fare. Now and then a stranger sends one, too.
 */
export async function startLiveRelays(): Promise<LiveRelays> {
  const credentialId = randomUUID();
  const folder = await mkdtemp(join(tmpdir(), "live-relays-"));
  const postgres = await startPostgres();
  const airbyte = await startAirbyteSimulator({ pendingMs: 50, runningMs: 100 });
  const dixa = await startDixaSimulator({ conversations: 10, limits: false });
  const { sourceId } = airbyte.addSource({ configuration: { credential_id: credentialId } });
  airbyte.addConnection({ sourceId });
  const store = await postgres.createDatabase();
  const ports = [await freePort(), await freePort()];
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const configs = await Promise.all(
    addresses.map(async (listen, index) => {
      const path = join(folder, `${index}.yaml`);
      const config = {
        listen,
        public_url: `http://${addresses[0]}`,
        store,
        admin_token: "live-admin-token-0123456789",
        shutdown_delay: "0s",
        airbyte: {
          url: airbyte.url,
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          requests_per_second: 100,
          burst: 100,
        },
        credentials: [
          {
            id: credentialId,
            webhook_secrets_file: "webhook-secret",
            dixa_api_token: dixa.token,
            dixa_api_url: dixa.apiUrl,
          },
        ],
        timings: {
          debounce: "100ms",
          max_wait: "300ms",
          min_interval: "500ms",
          job_poll: "100ms",
          refresh: "1s",
          watch: "1s",
        },
      };
      // JSON is YAML.
      await writeFile(path, JSON.stringify(config));
      return path;
    }),
  );
  const env = { ...process.env, DATABASE_URL: "" };
  await runRelayCommand(["subscribe", "--config", configs[0] ?? ""], { env });
  const relays = configs.map((path) => new RelayServer(path, { env }));
  await Promise.all(relays.map(({ listening }) => listening));
  const over = new AbortController();
  const traffic = keepBusy(over.signal, async (turn) => {
    await dixa.control.emitWebhook("ConversationClosed");
    // What is unsigned or for nobody is told by the replicas in turn.
    const [id, address] = [turn % 3 === 0 ? randomUUID() : credentialId, addresses[turn % 2]];
    const headers = { "content-type": "application/json" };
    await fetch(`http://${address}/webhooks/dixa/${id}`, { method: "POST", headers, body: "{}" });
  });
  return {
    addresses,
    async stop() {
      over.abort();
      await traffic;
      await Promise.all(relays.map((relay) => relay.stop()));
      await dixa.close();
      await airbyte.close();
      await postgres.stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function keepBusy(signal: AbortSignal, act: (turn: number) => Promise<void>): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await act(turn);
    await delay(200, undefined, { signal }).catch(() => undefined);
  }
}
