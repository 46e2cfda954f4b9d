import { randomUUID } from "node:crypto";
import { type AddressInfo } from "node:net";

import { type FastifyInstance } from "fastify";

import { sign } from "../../src/dixa/webhooks/signature.ts";
import { systemClock } from "../../src/http/clock.ts";
import { SecretFilter } from "../../src/logging/secret-filter.ts";
import { type Accounts } from "../../src/relay/accounts/accounts.ts";
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
import { freePort } from "../support/free-port.ts";

export const ADMIN_TOKEN = "admin-token-0123456789";
export const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
export const CONNECTION = "e735894a-e773-4938-969f-45f53957b75b";
const SECRET = "00ff00ff00ff";
const DECLARED = { id: CREDENTIAL, name: "Dixa EU", webhook_secrets: [SECRET] };

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

export interface RelayUnderTestOptions {
  /** As in the configuration. Default: one. */
  credentials?: readonly { readonly id: string; readonly name: string }[];
  /** Default: none, so that accounts can't be added. */
  secretKey?: string;
  /** Default: its own address. */
  publicUrl?: string;
  dixaApiUrl?: string;
}

/** A relay with all its parts but Airbyte, quick enough for somebody who waits for it. */
export class RelayUnderTest {
  readonly airbyte = new ObedientAirbyte();
  readonly store: Store;
  readonly app: FastifyInstance;
  readonly #dispatcher: Dispatcher;

  readonly accounts: Accounts;

  private constructor(
    parts: Pick<RelayUnderTest, "accounts" | "airbyte" | "app" | "store">,
    dispatcher: Dispatcher,
  ) {
    this.store = parts.store;
    this.app = parts.app;
    this.accounts = parts.accounts;
    this.airbyte = parts.airbyte;
    this.#dispatcher = dispatcher;
  }

  static async start(options: RelayUnderTestOptions = {}): Promise<RelayUnderTest> {
    const port = await freePort();
    const {
      credentials = [DECLARED],
      secretKey,
      dixaApiUrl,
      publicUrl = `http://127.0.0.1:${port}`,
    } = options;
    const raw = relayConfigSchema.parse({
      admin_token: ADMIN_TOKEN,
      public_url: publicUrl,
      store: ":memory:",
      airbyte: { url: "http://127.0.0.1:9/api/public/v1", app_url: "https://airbyte.invalid", auth: "none" },
      credentials,
      secret_key: secretKey,
      dixa_api_url: dixaApiUrl,
      timings: { debounce: "300ms", max_wait: "1s", min_interval: "100ms", job_poll: "100ms" },
    });
    const { config } = toRelayConfig(raw, {
      folder: "/",
      databaseUrl: undefined,
      secretsFiles: [],
      mayLackSecrets: false,
      nameOf: String,
    });
    const current = new CurrentConfig(config);
    const store = await openStore(":memory:", {
      clock: systemClock,
      timingsOf: (...ids) => current.value.timingsOf(...ids),
    });
    await store.ensureCredentials(credentials.map(({ id }) => id));
    const airbyte = new ObedientAirbyte();
    const dispatcher = new Dispatcher({
      store,
      airbyte,
      clock: systemClock,
      owner: "test",
      tick: 50,
      limits: { perSecond: 100, burst: 100, concurrency: 1, slotLease: 10_000 },
    });
    const { accounts } = openAccounts({ current, store, clock: systemClock, hide: () => undefined });
    const services = {
      get config() {
        return current.value;
      },
      accounts,
      clock: systemClock,
      logger: createRelayLogger({ secrets: new SecretFilter(), level: "error" }),
      metrics: new Metrics(),
      store,
      ingest: new GroupCommit({ store }),
      wake: () => {
        dispatcher.wake();
      },
      remap: () => undefined,
      isMapped: () => true,
      stopping: new AbortController().signal,
    };
    const app = createServer(services);
    addPage(app, services);
    await app.listen({ host: "127.0.0.1", port });
    dispatcher.start();
    return new RelayUnderTest({ accounts, airbyte, app, store }, dispatcher);
  }

  /** As if Airbyte had a connection that carries the credential. */
  async addConnection(
    credentialId: string,
    name: string,
    connectionId: string = randomUUID(),
  ): Promise<void> {
    const info = {
      connectionId,
      name,
      workspaceId: "871d9b60-11a9-44cb-8c63-a40eee16e4a0",
      sourceId: "0c31738c-0b2d-4887-b506-e2cd1c39cc35",
      sourceName: "Dixa",
      status: "active",
    };
    await this.store.upsertConnections(credentialId, [info], "sync");
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
