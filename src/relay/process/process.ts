import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

import { type FastifyInstance } from "fastify";

import { type Clock } from "../../http/clock.ts";
import { type SecretFilter } from "../../logging/secret-filter.ts";
import { VERSION } from "../../version.ts";
import { CurrentConfig } from "../accounts/current-config.ts";
import { openAccounts, type OpenedAccounts } from "../accounts/open-accounts.ts";
import { openSubscriptions } from "../accounts/open-subscriptions.ts";
import { type LoadedConfig } from "../config/load.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { Mapping, type MappingRequest } from "../dispatch/mapping.ts";
import { Bell, repeat } from "../dispatch/repeat.ts";
import { SharedRateBudget } from "../dispatch/shared-rate-budget.ts";
import { closeServer } from "../http/close-server.ts";
import { createServer } from "../http/server.ts";
import { type Services } from "../http/services.ts";
import { addPage } from "../page/page.ts";
import { messageOf } from "../store/error-message.ts";
import { GroupCommit } from "../store/group-commit.ts";
import { describeStore } from "../store/open.ts";
import { isStoreUnavailable, type SharedLimits, type Store } from "../store/store.ts";
import { type Logger } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { logNote } from "../telemetry/note-log.ts";
import { QuietLog } from "../telemetry/quiet-log.ts";
import { Watch } from "../watch/watch.ts";
import { AccountNotices } from "./account-notices.ts";
import { CurrentAirbyte } from "./current-airbyte.ts";
import { DirectoryWatch } from "./directory-watch.ts";
import { locationOf, openRelayStore } from "./open-relay-store.ts";
import { Reloads } from "./reloads.ts";

export interface RelayProcessOptions {
  loaded: LoadedConfig;
  /** Reads the configuration anew. Throws ConfigError. */
  load: () => LoadedConfig;
  logger: Logger;
  /** What the log hides. */
  secrets: SecretFilter;
  clock: Clock;
}

const PURGE_EVERY_MS = 3_600_000;
const RECOVER_EVERY_MS = 60_000;
/** Between two looks whether other replicas have changed accounts, ms: one statement. */
const LOOK_EVERY_MS = 1000;
/** Between two looks at the files of the configuration, ms. */
const WATCH_EVERY_MS = 1000;
/** After a repeated task that failed: the first step, ms. */
const REPEAT_RETRY_MS = 5000;
/** A place for a request in flight outlives the longest request by this, ms. */
const SLOT_MARGIN_MS = 30_000;
/** For the last beat of a relay that stops, ms. */
const LAST_BEAT_MS = 2000;
/** For requests under way when the server is closed, ms: longer than a commit may take. */
const CLOSE_GRACE_MS = 10_000;

/**
 * One replica of the relay, with all its parts. They depend on each other in this order, and are stopped in the
 * reverse: store, Airbyte's client, dispatcher and mapping, HTTP server.
 */
export class RelayProcess {
  readonly #current: CurrentConfig;
  readonly #accounts: OpenedAccounts;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #airbyte: CurrentAirbyte;
  readonly #reloads: Reloads;
  readonly #dispatcher: Dispatcher;
  readonly #server: FastifyInstance;
  readonly #directory: DirectoryWatch;
  /** Rung when the connections that are wanted have changed. */
  readonly #remap = new Bell();
  readonly #watch: Watch;
  readonly #trouble: QuietLog;
  readonly #stopping = new AbortController();
  #repeated: Promise<unknown> | undefined;

  private constructor(options: RelayProcessOptions, current: CurrentConfig, store: Store) {
    const { logger, clock, secrets, load, loaded } = options;
    const { config } = loaded;
    this.#current = current;
    this.#logger = logger;
    this.#clock = clock;
    this.#store = store;
    this.#trouble = new QuietLog(logger, clock);
    const metrics = new Metrics();
    const limits = limitsOf(current);
    this.#airbyte = new CurrentAirbyte(config.airbyte, {
      clock,
      userAgent: `dixa-relay/${VERSION}`,
      budget: new SharedRateBudget({ store, limits, clock, onError: this.#onError }),
      onUnreadableRow: (fault) => {
        this.#trouble.warn("unreadable row", `left out of Airbyte's list: ${fault}`);
      },
    });
    this.#dispatcher = new Dispatcher({
      store,
      airbyte: this.#airbyte,
      clock,
      owner: `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`,
      limits,
      onNote: (connection, note) => {
        metrics.noted(note);
        logNote(logger, connection, note);
      },
      onError: this.#onError,
    });
    const mapping = new Mapping({
      store,
      airbyte: this.#airbyte,
      clock,
      wanted: () => mappingRequest(current),
      onError: (connectionId, error) => {
        this.#trouble.warn("unreadable", `connection ${connectionId} can't be read: ${messageOf(error)}`);
      },
    });
    this.#directory = new DirectoryWatch(mapping, logger);
    this.#accounts = openAccounts({
      current,
      store,
      clock,
      hide: (values) => {
        secrets.hide(values);
      },
    });
    this.#watchCredentials();
    this.#reloads = new Reloads({
      load,
      loaded,
      take: (changed) => {
        this.#take(changed);
      },
      logger,
      metrics,
    });
    const maxInFlight = config.store.kind === "postgres" ? 2 : 1;
    const wake = () => {
      this.#dispatcher.wake();
    };
    this.#watch = new Watch({
      config: () => current.value,
      store,
      ingest: new GroupCommit({ store, maxInFlight }),
      clock,
      logger,
      metrics,
      openSubscriptions: ({ dixaApiToken: token = "", dixaApiUrl: url }) =>
        openSubscriptions({ token, url }, clock),
      wake,
      onError: this.#onError,
    });
    const services: Services = {
      get config() {
        return current.value;
      },
      accounts: this.#accounts.accounts,
      clock,
      logger,
      metrics,
      store,
      ingest: this.#watch.ingest,
      onUnchecked: (id) => {
        this.#watch.ingest.note(id);
      },
      wake,
      remap: () => {
        this.#remap.ring();
      },
      isMapped: () => this.#directory.isMapped,
      configFault: () => this.#reloads.fault,
      stopping: this.#stopping.signal,
    };
    this.#server = createServer(services);
    addPage(this.#server, services);
  }

  /**
   * Opens the store, starts to listen, and begins to dispatch. A database that can't be reached yet is waited for.
   *
   * @throws the signal's reason; an error with a message for people when the store or the port can't be used
   */
  static async start(options: RelayProcessOptions, signal: AbortSignal): Promise<RelayProcess> {
    const { clock } = options;
    const { config } = options.loaded;
    const current = new CurrentConfig(config);
    const store = await openRelayStore({ ...options, current }, signal);
    try {
      const relay = new RelayProcess(options, current, store);
      await relay.#reloads.watch();
      await relay.#readAccounts();
      const { host, port } = config.listen;
      await relay.#server.listen({
        host,
        port,
        listenTextResolver: (address) =>
          `listening on ${address}, with ${describeStore(locationOf(config))} and ${config.airbyte.url}`,
      });
      relay.#dispatcher.start();
      const schedule = { clock, retryAfter: REPEAT_RETRY_MS };
      relay.#repeated = Promise.all([
        relay.#watch.run(relay.#stopping.signal),
        repeat((stopped) => relay.#refresh(stopped), relay.#stopping.signal, {
          ...schedule,
          every: () => current.value.refreshMs,
          bell: relay.#remap,
          onError: (error) => {
            relay.#trouble.warn("refresh", `Airbyte's connections can't be listed: ${messageOf(error)}`);
          },
        }),
        repeat(() => relay.#lookAtAccounts(), relay.#stopping.signal, {
          ...schedule,
          every: LOOK_EVERY_MS,
          onError: relay.#onError,
        }),
        repeat(() => store.recover(), relay.#stopping.signal, {
          ...schedule,
          every: RECOVER_EVERY_MS,
          onError: relay.#onError,
        }),
        repeat(() => relay.#reloads.look(), relay.#stopping.signal, {
          ...schedule,
          every: WATCH_EVERY_MS,
          onError: relay.#onError,
        }),
        repeat(() => store.purge(clock.now() - current.value.retentionMs), relay.#stopping.signal, {
          ...schedule,
          every: PURGE_EVERY_MS,
          onError: relay.#onError,
        }),
      ]);
      return relay;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /**
   * Stops without losing or cancelling anything: not ready any more, still taking webhooks for a while in which load
   * balancers notice, then only what is under way, and at last nothing.
   *
   * @param hurry ends the waits
   */
  async stop(hurry: AbortSignal): Promise<void> {
    this.#stopping.abort();
    this.#logger.info("stopping");
    const drain = hurry.aborted ? 0 : this.#current.value.shutdownTimeoutMs;
    const dispatched = this.#dispatcher.stop(drain);
    await this.#clock.sleep(this.#current.value.shutdownDelayMs, hurry).catch(() => undefined);
    await closeServer(this.#server, CLOSE_GRACE_MS, hurry);
    await Promise.race([Promise.all([dispatched, this.#repeated]), aborted(hurry)]);
    // What was refused lately is known here alone.
    const beaten = this.#watch.beat({ isLast: true }).catch(this.#onError);
    await Promise.race([beaten, this.#clock.sleep(LAST_BEAT_MS, hurry).catch(() => undefined)]);
    this.#airbyte.close();
    await this.#store.close();
    this.#logger.info("stopped");
  }

  /** Takes up the configuration as it lies there now. @param why for the log */
  async reload(why: string): Promise<void> {
    await this.#reloads.reload(why);
  }

  #take(config: RelayConfig): void {
    this.#accounts.declare(config);
    this.#airbyte.take(config.airbyte);
    this.#logger.level = config.logLevel;
    // New timings count from now on.
    this.#store.ensureCredentials(this.#credentialIds()).catch(this.#onError);
    this.#remap.ring();
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    if (await this.#directory.refresh(signal)) this.#dispatcher.wake();
  }

  /** Before the first webhook: those of accounts that the store holds must not be taken for nobody's. */
  async #readAccounts(): Promise<void> {
    await this.#accounts.accounts.look();
    const renewed = await this.#accounts.renew();
    if (renewed > 0)
      this.#logger.info({ accounts: renewed }, "secrets are encrypted under the new secret_key");
    await this.#store.ensureCredentials(this.#credentialIds());
  }

  /** Learns what other replicas have changed. */
  async #lookAtAccounts(): Promise<void> {
    if (!(await this.#accounts.accounts.look())) return;
    // New timings count from now on.
    await this.#store.ensureCredentials(this.#credentialIds());
  }

  #credentialIds(): string[] {
    return this.#current.value.credentials.map(({ id }) => id);
  }

  #watchCredentials(): void {
    const current = this.#current;
    const notices = new AccountNotices(this.#logger);
    let mapped = JSON.stringify(mappingRequest(current).credentials);
    current.onChange(() => {
      notices.tell(current);
      const now = JSON.stringify(mappingRequest(current).credentials);
      if (now !== mapped) this.#remap.ring();
      mapped = now;
    });
  }

  readonly #onError = (error: unknown): void => {
    if (isStoreUnavailable(error)) {
      this.#trouble.warn("store", `the store can't be used: ${messageOf(error)}`);
    } else {
      this.#logger.error({ err: error }, "an unexpected error; the relay goes on");
    }
  };
}

/** The limits of the moment, but for the number of workers. */
function limitsOf(current: CurrentConfig): SharedLimits {
  const { concurrency } = current.value.airbyte;
  return {
    concurrency,
    get perSecond() {
      return current.value.airbyte.perSecond;
    },
    get burst() {
      return current.value.airbyte.burst;
    },
    get slotLease() {
      return current.value.airbyte.startTimeoutMs + SLOT_MARGIN_MS;
    },
  };
}

/** What the mapping is to find. */
function mappingRequest({ value, removed }: CurrentConfig): MappingRequest {
  return {
    credentials: value.credentials.map(({ id, connections }) => ({ id, selection: connections })),
    removed,
    workspaceIds: value.airbyte.workspaces,
    onDiscover: value.onDiscover,
  };
}

/** Resolves when the signal is aborted. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      resolve();
    });
  });
}
