import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import { type PhaseName } from "../coalescer/connection-state.ts";
import { type Note } from "../coalescer/inputs.ts";
import { type CredentialSummary } from "../store/credential.ts";
import { type Acceptance } from "../store/event.ts";
import { OWED_REASONS, type OwedReason } from "../store/owed.ts";

/** Why a webhook was not accepted. A closed list: a label that a stranger can choose would fill the memory. */
export const REJECTIONS = [
  "unknown_credential",
  "unauthorized",
  "method",
  "media_type",
  "too_large",
  "malformed",
  "unavailable",
  "aborted",
] as const;

export type Rejection = (typeof REJECTIONS)[number];

const PHASES: readonly PhaseName[] = ["CLEAN", "PENDING", "CLAIMED", "TRACKING", "BUSY", "BACKOFF", "PARKED"];

const TRIGGERS = ["triggered", "adopted", "busy", "error", "throttled", "unauthorized"] as const;
const JOBS = ["succeeded", "failed", "cancelled"] as const;
const REFRESHES = ["done", "unauthorized", "failed"] as const;

/** How a look at Airbyte's connections ended; `unauthorized`: Airbyte refuses the relay's application. */
export type RefreshOutcome = (typeof REFRESHES)[number];

/** What the gauges show at the moment of a scrape. */
export interface MetricsSource {
  credentials(): Promise<readonly CredentialSummary[]>;
  now(): number;
}

/** What Prometheus sees of the relay. Counters are of this replica, gauges of the store that all replicas share. */
export class Metrics {
  readonly registry = new Registry();
  readonly #accepted: Counter<"credential" | "outcome">;
  readonly #rejected: Counter<"reason">;
  readonly #commit: Histogram;
  readonly #triggers: Counter<"outcome">;
  readonly #jobs: Counter<"outcome">;
  readonly #lag: Histogram;
  readonly #refreshes: Counter<"outcome">;
  readonly #reloads: Counter<"outcome">;
  readonly #stale: Gauge;
  readonly #storeUp: Gauge;
  readonly #age: Gauge<"credential">;
  readonly #connections: Gauge<"credential" | "state">;
  readonly #owed: Counter<"reason">;
  readonly #subscription: Gauge<"credential">;
  readonly #failing: Gauge<"credential">;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry, prefix: "dixa_relay_" });
    this.#accepted = new Counter({
      name: "dixa_relay_webhooks_total",
      help: "Webhooks answered with 202: new, duplicate, or filtered by the credential's selection of events.",
      labelNames: ["credential", "outcome"],
      registers,
    });
    this.#rejected = new Counter({
      name: "dixa_relay_webhooks_rejected_total",
      help: "Webhooks not accepted, by reason. Dixa shows those of its own as failed deliveries.",
      labelNames: ["reason"],
      registers,
    });
    this.#commit = new Histogram({
      name: "dixa_relay_commit_seconds",
      help: "From a verified webhook to its commit in the store.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.#triggers = new Counter({
      name: "dixa_relay_triggers_total",
      help: "What became of the attempts to have Airbyte sync a connection.",
      labelNames: ["outcome"],
      registers,
    });
    this.#jobs = new Counter({
      name: "dixa_relay_jobs_total",
      help: "How the syncs that the relay followed ended.",
      labelNames: ["outcome"],
      registers,
    });
    this.#lag = new Histogram({
      name: "dixa_relay_sync_lag_seconds",
      help: "From the oldest event that a sync covers to the end of that sync.",
      buckets: [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400],
      registers,
    });
    this.#refreshes = new Counter({
      name: "dixa_relay_refreshes_total",
      help: "How looks at Airbyte's sources and connections ended: done, unauthorized, or failed otherwise.",
      labelNames: ["outcome"],
      registers,
    });
    this.#reloads = new Counter({
      name: "dixa_relay_reloads_total",
      help: "How often a changed configuration was taken up, or refused for a fault.",
      labelNames: ["outcome"],
      registers,
    });
    this.#stale = new Gauge({
      name: "dixa_relay_configuration_stale",
      help: "1 while the configuration that lies there has a fault, so that the one of before goes on.",
      registers,
    });
    this.#storeUp = new Gauge({
      name: "dixa_relay_store_up",
      help: "1 if the store answered this scrape; 0: it did not, and what is read from it is left out.",
      registers,
    });
    this.#age = new Gauge({
      name: "dixa_relay_pending_age_seconds",
      help: "Age of the oldest event that some connection of the credential has not synced yet; 0 if there is none.",
      labelNames: ["credential"],
      registers,
    });
    this.#connections = new Gauge({
      name: "dixa_relay_connections",
      help: "Connections by state, without those that are gone or carry another credential now.",
      labelNames: ["credential", "state"],
      registers,
    });
    this.#owed = new Counter({
      name: "dixa_relay_owed_syncs_total",
      help: "Syncs that credentials have come to owe without an event, by reason.",
      labelNames: ["reason"],
      registers,
    });
    this.#subscription = new Gauge({
      name: "dixa_relay_subscription_on",
      help: "1 if Dixa's webhook of the credential is switched on, 0 if it is off or missing; absent while Dixa has not been asked.",
      labelNames: ["credential"],
      registers,
    });
    this.#failing = new Gauge({
      name: "dixa_relay_deliveries_failing",
      help: "1 if Dixa says that the last delivery of some event of the credential failed, else 0; absent while Dixa has not been asked.",
      labelNames: ["credential"],
      registers,
    });
    // A counter that appears with its first count has no rate for it.
    for (const reason of OWED_REASONS) this.#owed.inc({ reason }, 0);
    for (const reason of REJECTIONS) this.#rejected.inc({ reason }, 0);
    for (const outcome of ["taken", "refused"] as const) this.#reloads.inc({ outcome }, 0);
    for (const outcome of REFRESHES) this.#refreshes.inc({ outcome }, 0);
    for (const outcome of TRIGGERS) this.#triggers.inc({ outcome }, 0);
    for (const outcome of JOBS) this.#jobs.inc({ outcome }, 0);
  }

  accepted(credential: string, outcome: Acceptance | "filtered"): void {
    this.#accepted.inc({ credential, outcome });
  }

  rejected(reason: Rejection): void {
    this.#rejected.inc({ reason });
  }

  committed(ms: number): void {
    this.#commit.observe(ms / 1000);
  }

  owed(reason: OwedReason): void {
    this.#owed.inc({ reason });
  }

  /** @param isTaken whether the configuration that lies there now counts */
  reloaded(isTaken: boolean): void {
    this.#reloads.inc({ outcome: isTaken ? "taken" : "refused" });
    this.#stale.set(isTaken ? 0 : 1);
  }

  refreshed(outcome: RefreshOutcome): void {
    this.#refreshes.inc({ outcome });
  }

  noted({ kind, lagMs }: Note): void {
    if (isOneOf(TRIGGERS, kind)) this.#triggers.inc({ outcome: kind });
    if (isOneOf(JOBS, kind)) this.#jobs.inc({ outcome: kind });
    if (lagMs !== undefined) this.#lag.observe(lagMs / 1000);
  }

  /** All metrics in Prometheus' text format. Gauges are read from the store, and left out when it doesn't answer. */
  async scrape(source: MetricsSource): Promise<string> {
    this.#resetGauges();
    try {
      const now = source.now();
      for (const summary of await source.credentials()) {
        const { credentialId: credential, pendingSince, phases, subscription } = summary;
        const age = pendingSince === null ? 0 : Math.max(0, now - pendingSince);
        this.#age.set({ credential }, age / 1000);
        for (const phase of PHASES) {
          this.#connections.set({ credential, state: phase.toLowerCase() }, phases[phase] ?? 0);
        }
        if (subscription === null) continue;
        this.#subscription.set({ credential }, subscription.state === "on" ? 1 : 0);
        this.#failing.set({ credential }, subscription.failing === null ? 0 : 1);
      }
      this.#storeUp.set(1);
    } catch {
      this.#resetGauges();
      this.#storeUp.set(0);
    }
    return this.registry.metrics();
  }

  #resetGauges(): void {
    for (const gauge of [this.#age, this.#connections, this.#subscription, this.#failing]) gauge.reset();
  }
}

function isOneOf<T extends string>(list: readonly T[], word: string): word is T {
  return (list as readonly string[]).includes(word);
}
