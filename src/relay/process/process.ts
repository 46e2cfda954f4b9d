import { type FastifyInstance } from "fastify";

import { type Clock } from "../../http/clock.ts";
import { type SecretFilter } from "../../logging/secret-filter.ts";
import { CurrentConfig } from "../accounts/current-config.ts";
import { openAccounts, type OpenedAccounts } from "../accounts/open-accounts.ts";
import { openSubscriptions } from "../accounts/open-subscriptions.ts";
import { type LoadedConfig } from "../config/load.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { Bell } from "../dispatch/repeat.ts";
import { closeServer } from "../http/close-server.ts";
import { createServer } from "../http/server.ts";
import { type Services } from "../http/services.ts";
import { addPage } from "../page/page.ts";
import { GroupCommit } from "../store/group-commit.ts";
import { describeStore } from "../store/open.ts";
import { type Store } from "../store/store.ts";
import { type Logger } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { Watch } from "../watch/watch.ts";
import { aborted } from "./aborted.ts";
import { AccountWatch } from "./account-watch.ts";
import { type AirbyteSide, openAirbyteSide } from "./airbyte-side.ts";
import { locationOf, openRelayStore } from "./open-relay-store.ts";
import { Reloads } from "./reloads.ts";
import { runRepeatedTasks } from "./repeated-tasks.ts";
import { Trouble } from "./trouble.ts";

export interface RelayProcessOptions {
  loaded: LoadedConfig;
  /** Reads the configuration anew. Throws ConfigError. */
  load: () => LoadedConfig;
  logger: Logger;
  /** What the log hides. */
  secrets: SecretFilter;
  clock: Clock;
}

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
  readonly #accountWatch: AccountWatch;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #airbyte: AirbyteSide;
  readonly #reloads: Reloads;
  readonly #server: FastifyInstance;
  /** Rung when the connections that are wanted have changed. */
  readonly #remap = new Bell();
  readonly #watch: Watch;
  readonly #trouble: Trouble;
  readonly #stopping = new AbortController();
  #repeated: Promise<unknown> | undefined;

  private constructor(options: RelayProcessOptions, current: CurrentConfig, store: Store) {
    const { logger, clock, secrets, load, loaded } = options;
    const { config } = loaded;
    this.#current = current;
    this.#logger = logger;
    this.#clock = clock;
    this.#store = store;
    this.#trouble = new Trouble(logger, clock);
    const { onError } = this.#trouble;
    const metrics = new Metrics();
    this.#airbyte = openAirbyteSide({ current, store, clock, logger, metrics, trouble: this.#trouble });
    const { dispatcher, directory } = this.#airbyte;
    this.#accounts = openAccounts({
      current,
      store,
      clock,
      hide: (values) => {
        secrets.hide(values);
      },
    });
    const remap = () => {
      this.#remap.ring();
    };
    this.#accountWatch = new AccountWatch({ accounts: this.#accounts, current, store, logger, remap });
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
      dispatcher.wake();
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
      onError,
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
      remap,
      isMapped: () => directory.isMapped,
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
    const { config } = options.loaded;
    const current = new CurrentConfig(config);
    const store = await openRelayStore({ ...options, current }, signal);
    try {
      const relay = new RelayProcess(options, current, store);
      await relay.#reloads.watch();
      await relay.#accountWatch.read();
      const { host, port } = config.listen;
      await relay.#server.listen({
        host,
        port,
        listenTextResolver: (address) =>
          `listening on ${address}, with ${describeStore(locationOf(config))} and ${config.airbyte.url}`,
      });
      relay.#airbyte.dispatcher.start();
      relay.#repeated = relay.#runRepeated();
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
    const dispatched = this.#airbyte.dispatcher.stop(drain);
    await this.#clock.sleep(this.#current.value.shutdownDelayMs, hurry).catch(() => undefined);
    await closeServer(this.#server, CLOSE_GRACE_MS, hurry);
    await Promise.race([Promise.all([dispatched, this.#repeated]), aborted(hurry)]);
    // What was refused lately is known here alone.
    const beaten = this.#watch.beat({ isLast: true }).catch(this.#trouble.onError);
    await Promise.race([beaten, this.#clock.sleep(LAST_BEAT_MS, hurry).catch(() => undefined)]);
    this.#airbyte.airbyte.close();
    await this.#store.close();
    this.#logger.info("stopped");
  }

  /** Takes up the configuration as it lies there now. @param why for the log */
  async reload(why: string): Promise<void> {
    await this.#reloads.reload(why);
  }

  async #runRepeated(): Promise<void> {
    const { signal } = this.#stopping;
    await Promise.all([
      this.#watch.run(signal),
      runRepeatedTasks(
        {
          current: this.#current,
          store: this.#store,
          clock: this.#clock,
          trouble: this.#trouble,
          accounts: this.#accountWatch,
          reloads: this.#reloads,
          ...this.#airbyte,
          remap: this.#remap,
        },
        signal,
      ),
    ]);
  }

  #take(config: RelayConfig): void {
    this.#accounts.declare(config);
    this.#airbyte.airbyte.take(config.airbyte);
    this.#logger.level = config.logLevel;
    this.#accountWatch.read().catch(this.#trouble.onError);
    this.#remap.ring();
  }
}
