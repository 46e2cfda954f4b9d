import { type AddressInfo } from "node:net";

import { type FastifyInstance } from "fastify";

import { sign } from "../../src/dixa/webhooks/signature.ts";
import { systemClock } from "../../src/http/clock.ts";
import { SecretFilter } from "../../src/logging/secret-filter.ts";
import { CurrentConfig } from "../../src/relay/accounts/current-config.ts";
import { openAccounts } from "../../src/relay/accounts/open-accounts.ts";
import { type AirbyteJobs, type SyncJob } from "../../src/relay/coalescer/airbyte.ts";
import { toRelayConfig } from "../../src/relay/config/convert.ts";
import { relayConfigSchema } from "../../src/relay/config/schema.ts";
import { Dispatcher } from "../../src/relay/dispatch/dispatcher.ts";
import { createServer } from "../../src/relay/http/server.ts";
import { addPage } from "../../src/relay/page/page.ts";
import { GroupCommit } from "../../src/relay/store/group-commit.ts";
import { openStore } from "../../src/relay/store/open.ts";
import { type Store } from "../../src/relay/store/store.ts";
import { createRelayLogger } from "../../src/relay/telemetry/log.ts";
import { Metrics } from "../../src/relay/telemetry/metrics.ts";

export const ADMIN_TOKEN = "admin-token-0123456789";
export const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
export const CONNECTION = "e735894a-e773-4938-969f-45f53957b75b";
const SECRET = "00ff00ff00ff";

/** An Airbyte whose jobs end when the test says so. */
class ObedientAirbyte implements AirbyteJobs {
  status = "running";
  #jobs = 0;

  startSync() {
    this.#jobs++;
    return Promise.resolve({ kind: "triggered", job: this.#job() } as const);
  }

  getJob() {
    return Promise.resolve(this.#job());
  }

  latestSyncJob() {
    return Promise.resolve(this.#jobs === 0 ? undefined : { ...this.#job(), status: "succeeded" });
  }

  getConnection() {
    return Promise.resolve({ status: "active" });
  }

  #job(): SyncJob {
    return { jobId: 4700 + this.#jobs, status: this.status };
  }
}

/** A relay with all its parts but Airbyte, quick enough for somebody who waits for it. */
export class RelayUnderTest {
  readonly airbyte = new ObedientAirbyte();
  readonly store: Store;
  readonly app: FastifyInstance;
  readonly #dispatcher: Dispatcher;

  private constructor(store: Store, app: FastifyInstance, dispatcher: Dispatcher, airbyte: ObedientAirbyte) {
    this.store = store;
    this.app = app;
    this.#dispatcher = dispatcher;
    this.airbyte = airbyte;
  }

  static async start(connectionName: string): Promise<RelayUnderTest> {
    const raw = relayConfigSchema.parse({
      admin_token: ADMIN_TOKEN,
      store: ":memory:",
      airbyte: { url: "http://127.0.0.1:9/api/public/v1", app_url: "https://airbyte.invalid", auth: "none" },
      credentials: [{ id: CREDENTIAL, name: "Dixa EU", webhook_secrets: [SECRET] }],
      timings: { debounce: "300ms", max_wait: "1s", min_interval: "100ms", job_poll: "100ms" },
    });
    const { config } = toRelayConfig(raw, {
      folder: "/",
      databaseUrl: undefined,
      secretsFiles: [],
      mayLackSecrets: false,
      nameOf: String,
    });
    const store = await openStore(":memory:", { clock: systemClock, timingsOf: config.timingsOf });
    await store.ensureCredentials([CREDENTIAL]);
    await store.upsertConnections(
      CREDENTIAL,
      [
        {
          connectionId: CONNECTION,
          name: connectionName,
          workspaceId: "871d9b60-11a9-44cb-8c63-a40eee16e4a0",
          sourceId: "0c31738c-0b2d-4887-b506-e2cd1c39cc35",
          sourceName: "Dixa",
          status: "active",
        },
      ],
      "sync",
    );
    const airbyte = new ObedientAirbyte();
    const dispatcher = new Dispatcher({
      store,
      airbyte,
      clock: systemClock,
      owner: "test",
      tick: 50,
      limits: { perSecond: 100, burst: 100, concurrency: 1, slotLease: 10_000 },
    });
    const current = new CurrentConfig(config);
    const services = {
      get config() {
        return current.value;
      },
      accounts: openAccounts({ current, store, clock: systemClock, hide: () => undefined }).accounts,
      clock: systemClock,
      logger: createRelayLogger({ secrets: new SecretFilter(), level: "error" }),
      metrics: new Metrics(),
      store,
      ingest: new GroupCommit({ store }),
      wake: () => {
        dispatcher.wake();
      },
      isMapped: () => true,
      stopping: new AbortController().signal,
    };
    const app = createServer(services);
    addPage(app, services);
    await app.listen({ host: "127.0.0.1", port: 0 });
    dispatcher.start();
    return new RelayUnderTest(store, app, dispatcher, airbyte);
  }

  get url(): string {
    const { port } = this.app.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Sends a webhook as Dixa does. */
  async deliver(eventId: string, fqn = "CONVERSATION_CLOSED"): Promise<void> {
    const body = Buffer.from(JSON.stringify({ event_id: eventId, event_fqn: fqn }));
    const response = await this.app.inject({
      method: "POST",
      url: `/webhooks/dixa/${CREDENTIAL}`,
      headers: { "content-type": "application/json", "x-dixa-signature": sign(SECRET, body, Date.now()) },
      payload: body,
    });
    if (response.statusCode !== 202) throw new Error(`the webhook was answered with ${response.statusCode}`);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.#dispatcher.stop(0);
    await this.store.close();
  }
}
