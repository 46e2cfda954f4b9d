import { toConnectorError } from "../../dixa/errors.ts";
import { type Clock } from "../../http/clock.ts";
import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { formatDuration } from "../config/scalars.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { repeat } from "../dispatch/repeat.ts";
import { type Ingest } from "../http/services.ts";
import { type OwedReason, type OwedSync } from "../store/owed.ts";
import { type Store } from "../store/store.ts";
import { WHY_OWED } from "../telemetry/describe-owed.ts";
import { type Logger } from "../telemetry/log.ts";
import { type Metrics } from "../telemetry/metrics.ts";
import { QuietLog } from "../telemetry/quiet-log.ts";
import { MissedWebhooks } from "./missed-webhooks.ts";
import { lookAtSubscriptions, type WatchedSubscriptions } from "./subscription-look.ts";

export interface WatchOptions {
  config: () => Pick<RelayConfig, "credentials" | "outageMs" | "publicUrl" | "watchMs">;
  store: Pick<Store, "beat" | "owe" | "oweStale" | "reportSubscription" | "subscriptionsDue">;
  ingest: Ingest;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  /** The webhooks of a credential's Dixa account. Called for credentials with a token only. */
  openSubscriptions: (credential: CredentialConfig) => {
    subscriptions: WatchedSubscriptions;
    close: () => void;
  };
  /** There may be something to sync. */
  wake: () => void;
  /** Told of a store that can't be used. */
  onError: (error: unknown) => void;
  /** ms since whenever. Default: one that no change of the clock moves. */
  stopwatch?: (() => number) | undefined;
}

/** Beats in the time after which silence counts as an outage. */
const BEATS = 3;
/** After a beat that failed, ms. */
const RETRY_MS = 1000;
/** Dixa accounts that are asked at a time. */
const LOOKS_AT_A_TIME = 4;

/**
 * Sees to it that a credential owes a sync for whatever it may not have heard: while no replica listened, while the
 * store kept nothing, while Dixa delivered nothing; and, if that is wanted, after a time in which nothing came.
 */
export class Watch {
  /** Where webhooks go in: it notes which are refused. */
  readonly ingest: MissedWebhooks;
  readonly #options: WatchOptions;
  readonly #stopwatch: () => number;
  readonly #trouble: QuietLog;
  /** What was told last of a credential's subscription. */
  readonly #told = new Map<string, string>();

  constructor(options: WatchOptions) {
    const { ingest, logger, clock, stopwatch = () => performance.now() } = options;
    this.#options = options;
    this.#stopwatch = stopwatch;
    this.#trouble = new QuietLog(logger, clock);
    this.ingest = new MissedWebhooks(ingest, stopwatch);
  }

  /** Watches until the signal is aborted. The server must be listening: a beat says that somebody does. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onError, config } = this.#options;
    await Promise.all([
      repeat(() => this.beat(), signal, {
        clock,
        every: () => Math.ceil(config().outageMs / BEATS),
        retryAfter: RETRY_MS,
        onError,
      }),
      repeat((stopped) => this.lookAtDixa(stopped), signal, {
        clock,
        every: () => config().watchMs,
        retryAfter: RETRY_MS,
        onError,
      }),
    ]);
  }

  /**
   * Says that somebody listens, and has credentials owe what nobody heard. Strangers must not be able to have syncs run
   * by what can't be checked: what was refused for that is owed once the account's secret is there.
   *
   * @param isLast the relay stops: nobody else knows what was refused, so all of it is owed now
   */
  async beat({ isLast = false }: { isLast?: boolean } = {}): Promise<void> {
    const { store, config } = this.#options;
    const { credentials, outageMs } = config();
    const { gapMs, owed } = await store.beat(
      credentials.map(({ id }) => id),
      outageMs,
    );
    const gap = gapMs === undefined ? undefined : ` for ${formatDuration(gapMs)}`;
    this.#tell(owed, gap);
    const unchecked = new Set(
      isLast ? [] : credentials.filter(({ auth }) => auth.mode === "waiting").map(({ id }) => id),
    );
    this.#tell(await this.ingest.owe(store, (id) => unchecked.has(id)));
    const limits = new Map(
      credentials.flatMap(({ id, maxStalenessMs }) =>
        maxStalenessMs === undefined ? [] : [[id, maxStalenessMs] as const],
      ),
    );
    if (limits.size > 0) this.#tell(await store.oweStale(limits));
  }

  /** Asks Dixa how the webhooks of each credential fare that has a token, unless another replica just has. */
  async lookAtDixa(signal: AbortSignal): Promise<void> {
    const { store, config } = this.#options;
    const { credentials, watchMs } = config();
    const watched = new Map(
      credentials.filter(({ dixaApiToken }) => dixaApiToken !== undefined).map((each) => [each.id, each]),
    );
    if (watched.size === 0) return;
    const due = await store.subscriptionsDue([...watched.keys()], watchMs / 2);
    const queue = due.values();
    const isStopped = () => signal.aborted;
    const work = async () => {
      for (const id of queue) {
        const credential = watched.get(id);
        if (isStopped() || credential === undefined) return;
        await this.#look(credential);
      }
    };
    await Promise.all(Array.from({ length: LOOKS_AT_A_TIME }, work));
  }

  async #look(credential: CredentialConfig): Promise<void> {
    const { store, config, openSubscriptions, onError } = this.#options;
    const { id, name, switchesOn = false } = credential;
    const startedAt = this.#stopwatch();
    const { subscriptions, close } = openSubscriptions(credential);
    try {
      const tell = (key: string, what: string) => (error: unknown) => {
        this.#trouble.warn(`${key} ${id}`, `${name}: ${what}: ${toConnectorError(error).message}`);
      };
      const tellUnknown = tell("dixa", "how its webhooks fare is not known");
      const report = await lookAtSubscriptions(subscriptions, {
        credentialId: id,
        webhookUrl: webhookUrl(config().publicUrl, id),
        switchesOn,
        onNotSwitched: tell("on", "Dixa does not switch its webhook on"),
        onUnknown: tellUnknown,
      }).catch(tellUnknown);
      if (report === undefined) return;
      const { owed, status } = await store.reportSubscription(id, report, this.#stopwatch() - startedAt);
      const told = `${status.state} ${status.failing ?? ""}`;
      if (report.wasOff || (this.#told.get(id) ?? "on ") !== told) {
        this.#tellOfDixa(name, report.wasOff ? "was_off" : status.state, status.failing);
      }
      this.#told.set(id, told);
      this.#tell(owed);
    } catch (error) {
      onError(error);
    } finally {
      close();
    }
  }

  #tellOfDixa(name: string, state: keyof typeof DIXA, failing: string | null): void {
    const { logger } = this.#options;
    const isWell = state === "on" && failing === null;
    const failed = failing === null ? "" : `; its last delivery of ${failing} failed`;
    logger[isWell ? "info" : "warn"](`${name}: ${DIXA[state]}${failed}`);
  }

  #tell(owed: readonly OwedSync[], more = ""): void {
    const { logger, metrics, wake, config } = this.#options;
    for (const [reason, syncs] of Map.groupBy(owed, (each): OwedReason => each.reason)) {
      for (const each of syncs) metrics.owed(each.reason);
      const ids = syncs.map(({ credentialId }) => credentialId);
      const [first = ""] = ids;
      const who =
        ids.length > 1
          ? `${ids.length} credentials owe a sync`
          : `${config().credentials.find(({ id }) => id === first)?.name ?? first} owes a sync`;
      logger.warn({ credentials: ids, reason }, `${who}: ${WHY_OWED[reason]}${more}`);
    }
    if (owed.length > 0) wake();
  }
}

const DIXA = {
  on: "Dixa sends its webhooks",
  off: "Dixa's webhook is switched off, so no event comes. Switch it on in Dixa (Settings > Integrations > Webhooks), or set dixa_switch_on",
  missing: "Dixa has no webhook with the relay's address, so no event comes. Run `dixa-relay subscribe`",
  was_off: "Dixa's webhook was switched off; it is on again now",
} as const;
