import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import fetch from "node-fetch";

import { firstCover } from "../relay-chaos/evidence.ts";
import { ADMIN_TOKEN, chaosConfig, SECRET } from "../relay-chaos/relay-config.ts";
import { WebhookLoader } from "../relay-chaos/webhook-loader.ts";
import {
  type AirbyteSimulator,
  type Job,
  type RequestLog,
  startAirbyteSimulator,
  type SyncResult,
  type SyncRun,
} from "../simulators/airbyte/index.ts";
import { freePort } from "../support/free-port.ts";
import { RelayServer } from "../support/relay-server.ts";

/** A Dixa account and the connections that read it. */
export interface Account {
  credentialId: string;
  connectionIds: readonly [string, ...string[]];
}

/** A job that runs until it is told to end. */
export interface HeldJob {
  /** Resolves when it runs. */
  readonly running: Promise<Job>;
  release(): void;
}

interface Hold {
  connectionId: string;
  by: Starter;
  running: PromiseWithResolvers<Job>;
  end: AbortController;
}

type Starter = "relay" | "orchestrator" | "anybody";

/** What the relay says of a connection, as far as it matters here. */
interface SeenConnection {
  connection_id: string;
  state: string;
  pending_events: number;
  failed_jobs: number;
  last_error: string | null;
}

const RUNNING_MS = 700;
const PER_SECOND = 4;
const LOOK_MS = 150;
/** Of a busy machine. Orchestrators take their time to begin. */
const PATIENCE_MS = 120_000;

/**
 * Airbyte, and a relay that has its connections synced for webhooks that never stop, as orchestrators find them. The
 * relay is watched all the time.
 */
export class Stage {
  readonly airbyte: AirbyteSimulator;
  readonly relayUrl: string;
  readonly accounts: readonly Account[];
  readonly loader: WebhookLoader;
  /** Ids of connections that the relay has parked meanwhile. */
  readonly parked = new Set<string>();
  /** Ids of connections in whose way the relay found somebody else's job. */
  readonly busy = new Set<string>();
  /** What the relay took for failed syncs, by connection. */
  readonly errors = new Map<string, string>();
  /** Ids of accounts that no webhooks come for, unless a test sends some. */
  readonly #quiet = new Set<string>();
  readonly #holds: Hold[];
  readonly #folder: string;
  readonly #relay: RelayServer;
  readonly #ended = new AbortController();
  readonly #running: Promise<unknown>;

  private constructor(
    parts: Pick<Stage, "accounts" | "airbyte" | "loader" | "relayUrl">,
    { folder, relay, holds }: { folder: string; relay: RelayServer; holds: Hold[] },
  ) {
    this.airbyte = parts.airbyte;
    this.relayUrl = parts.relayUrl;
    this.accounts = parts.accounts;
    this.loader = parts.loader;
    this.#folder = folder;
    this.#relay = relay;
    this.#holds = holds;
    let turn = 0;
    const next = () => {
      const loud = this.accounts.filter(({ credentialId }) => !this.#quiet.has(credentialId));
      return loud[turn++ % loud.length]?.credentialId ?? "";
    };
    this.#running = Promise.all([this.loader.run(PER_SECOND, next, this.#ended.signal), this.#watch()]);
  }

  /** @param count of accounts; the first has two connections, the others one */
  static async open(count: number): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "orchestrators-"));
    const holds: Hold[] = [];
    const airbyte = await startAirbyteSimulator({
      pendingMs: 300,
      startMs: 100,
      runSync: (run) => work(run, holds),
    });
    const accounts = Array.from({ length: count }, (_, index): Account => {
      const credentialId = randomUUID();
      const { sourceId } = airbyte.addSource({ configuration: { credential_id: credentialId } });
      const add = () => airbyte.addConnection({ sourceId }).connectionId;
      return { credentialId, connectionIds: index === 0 ? [add(), add()] : [add()] };
    });
    const listen = `127.0.0.1:${await freePort()}`;
    const config = join(folder, "relay.yaml");
    await writeFile(
      config,
      chaosConfig({
        listen,
        store: join(folder, "relay.db"),
        airbyte,
        credentials: accounts.map(({ credentialId }) => credentialId),
        timings: {
          debounce: "300ms",
          max_wait: "600ms",
          // As in life, a connection is idle most of the time.
          min_interval: "4s",
          settle_delay: "50ms",
          lease: "95s",
          job_poll: "150ms",
          busy_poll: "300ms",
          error_backoff: "300ms",
          failed_backoff: "500ms",
          cancelled_backoff: "500ms",
          max_backoff: "2s",
          refresh: "2s",
        },
      }),
    );
    const relay = new RelayServer(config, { bundled: true });
    const relayUrl = await relay.listening;
    const loader = new WebhookLoader({ urls: [relayUrl], secret: SECRET });
    return new Stage({ accounts, airbyte, loader, relayUrl }, { folder, relay, holds });
  }

  /** What `dixa-relay` commands and the examples find in their environment. */
  get env(): Record<string, string> {
    return { RELAY_URL: this.relayUrl, RELAY_ADMIN_TOKEN: ADMIN_TOKEN };
  }

  account(index: number): Account {
    const account = this.accounts[index];
    if (account === undefined) throw new Error(`there are ${this.accounts.length} accounts`);
    return account;
  }

  /** Asks the relay for a sync of an account as somebody else does meanwhile, and does not wait. */
  async syncNow({ credentialId }: Account): Promise<void> {
    const response = await fetch(`${this.relayUrl}/v1/credentials/${credentialId}/sync`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  }

  /** Waits until a run asks the relay for a sync of an account. @returns when it was, ms UTC */
  async asked({ credentialId }: Account, run: Promise<unknown>): Promise<number> {
    const line = `"credential":"${credentialId}"`;
    const count = () =>
      this.#relay.log
        .split("\n")
        .filter((text) => text.includes(line) && text.includes("sync asked for by hand")).length;
    const before = count();
    await this.during(run, () => count() > before, "it asks the relay for a sync");
    return Date.now();
  }

  /** Requests of one route and connection by all but the relay. */
  requestsOfOthers(route: RequestLog["route"], account: Account): RequestLog[] {
    return this.#requests(route, account).filter((log) => !isRelay(log));
  }

  /** The relay's requests of one route, for one account or all. */
  requestsOfRelay(route: RequestLog["route"], account?: Account): RequestLog[] {
    return this.#requests(route, account).filter((log) => isRelay(log));
  }

  #requests(route: RequestLog["route"], account: Account | undefined): RequestLog[] {
    return this.airbyte.requests.filter(
      (log) =>
        log.route === route && (account === undefined || log.connectionId === account.connectionIds[0]),
    );
  }

  /** Has the next job of a connection that is started so run until it is released. */
  hold({ connectionIds: [connectionId] }: Account, by: Starter): HeldJob {
    const hold: Hold = { connectionId, by, running: Promise.withResolvers(), end: new AbortController() };
    this.#holds.push(hold);
    return {
      running: hold.running.promise,
      release: () => {
        hold.end.abort();
      },
    };
  }

  /** Has webhooks come for an account no longer, and waits until it has no job. */
  async quieten(account: Account): Promise<void> {
    this.#quiet.add(account.credentialId);
    await this.loader.settled();
    await this.#untilCovered([account]);
  }

  /** Sends one webhook, and waits for its acknowledgement. */
  async send({ credentialId }: Account): Promise<void> {
    const status = await this.loader.send(this.loader.newEvent(credentialId));
    if (status !== 202) throw new Error(`a webhook was answered with ${status}`);
  }

  /**
   * Waits for something that happens while a run is under way.
   *
   * @throws Error when the run ends without it, or it takes too long
   */
  async during(run: Promise<unknown>, condition: () => boolean, what: string): Promise<void> {
    const ended = run.then((result) => {
      if (!condition()) throw new Error(`the run ended before ${what}: ${JSON.stringify(result)}`);
    });
    await Promise.race([this.until(condition, what), ended]);
  }

  /** @throws Error when it takes too long */
  async until(condition: () => boolean, what: string): Promise<void> {
    const limit = Date.now() + PATIENCE_MS;
    while (!condition()) {
      if (Date.now() > limit) throw new Error(`waited in vain until ${what}`);
      await delay(10);
    }
  }

  /** Ends the webhooks, and waits until the relay has nothing left to do. */
  async settle(): Promise<void> {
    this.#ended.abort();
    await this.#running;
    await this.loader.settled();
    await this.#untilCovered(this.accounts);
  }

  /** Acknowledged webhooks that some connection has no sync for that began after they were sent and succeeded. */
  lost(): string[] {
    return this.loader.acked.flatMap(({ credentialId, eventId, firstSentAt }) =>
      (this.accounts.find((account) => account.credentialId === credentialId)?.connectionIds ?? [])
        .filter((connectionId) => firstCover(this.airbyte, connectionId, firstSentAt) === undefined)
        .map((connectionId) => `${eventId} in ${connectionId}`),
    );
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#running;
    this.loader.close();
    await this.#relay.stop();
    await this.airbyte.close();
    await rm(this.#folder, { recursive: true });
  }

  /** Waits until no connection owes a sync and none has a job. */
  async #untilCovered(accounts: readonly Account[]): Promise<void> {
    const limit = Date.now() + PATIENCE_MS;
    for (;;) {
      const connections = (await Promise.all(accounts.map((account) => this.#look(account)))).flat();
      const open = accounts.flatMap(({ connectionIds }) =>
        connectionIds.filter((id) => this.airbyte.jobBook.openJob(id) !== undefined),
      );
      if (open.length === 0 && connections.every(({ pending_events: owed }) => owed === 0)) return;
      if (Date.now() > limit) throw new Error(`not settled: ${JSON.stringify(connections)}`);
      await delay(LOOK_MS);
    }
  }

  async #watch(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      for (const account of this.accounts) {
        for (const { connection_id: id, state, failed_jobs: failed, last_error: error } of await this.#look(
          account,
        )) {
          if (state === "parked") this.parked.add(id);
          if (state === "busy") this.busy.add(id);
          if (failed > 0 && error !== null) this.errors.set(id, error);
        }
      }
      await delay(LOOK_MS);
    }
  }

  async #look({ credentialId }: Account): Promise<SeenConnection[]> {
    const response = await fetch(`${this.relayUrl}/v1/credentials/${credentialId}/connections?limit=100`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    const { connections } = (await response.json()) as { connections: SeenConnection[] };
    return connections;
  }
}

function isRelay({ client = "" }: Pick<Job, "client">): boolean {
  return client.startsWith("dixa-relay/");
}

/** The work of a job: some time, or until it is released. */
async function work({ job, signal }: SyncRun, holds: Hold[]): Promise<SyncResult> {
  const starter = isRelay(job) ? "relay" : "orchestrator";
  const index = holds.findIndex(
    ({ connectionId, by }) => connectionId === job.connectionId && (by === starter || by === "anybody"),
  );
  const [hold] = index === -1 ? [] : holds.splice(index, 1);
  if (hold === undefined) {
    await delay(RUNNING_MS, undefined, { signal });
  } else {
    hold.running.resolve(job);
    const ended = AbortSignal.any([hold.end.signal, signal]);
    if (!ended.aborted) await once(ended, "abort");
    signal.throwIfAborted();
  }
  return { rows: 1, bytes: 100 };
}
