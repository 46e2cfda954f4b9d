import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import { type Note } from "../coalescer/inputs.ts";
import { type CredentialSummary } from "../store/credential.ts";
import { type Acceptance } from "../store/event.ts";
import { OWED_REASONS, type OwedReason } from "../store/owed.ts";
import { credentialGauges } from "./credential-gauges.ts";
import { label, metricText } from "./metric-text.ts";

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

const TRIGGERS = ["triggered", "adopted", "busy", "error", "throttled", "unauthorized"] as const;
const JOBS = ["succeeded", "failed", "cancelled"] as const;
const REFRESHES = ["done", "unauthorized", "failed"] as const;

/** How a look at Airbyte's connections ended; `unauthorized`: Airbyte refuses the relay's application. */
export type RefreshOutcome = (typeof REFRESHES)[number];

const ACCEPTED = {
  name: "dixa_relay_webhooks_total",
  help: "Webhooks answered with 202: new, duplicate, or filtered by the credential's selection of events.",
  type: "counter",
} as const;

/** What the gauges show at the moment of a scrape. */
export interface MetricsSource {
  credentials(): Promise<readonly CredentialSummary[]>;
  /** Whether a webhook could be kept now. */
  isReady(): Promise<boolean>;
  now(): number;
}

/** What Prometheus sees of the relay. Counters are of this replica, gauges of the store that all replicas share. */
export class Metrics {
  readonly registry = new Registry();
  /** By credential and outcome. */
  readonly #accepted = new Map<string, Map<string, number>>();
  readonly #rejected: Counter<"reason">;
  readonly #commit: Histogram;
  readonly #triggers: Counter<"outcome">;
  readonly #jobs: Counter<"outcome">;
  readonly #lag: Histogram;
  readonly #refreshes: Counter<"outcome">;
  readonly #reloads: Counter<"outcome">;
  readonly #stale: Gauge;
  readonly #ready: Gauge;
  readonly #owed: Counter<"reason">;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry, prefix: "dixa_relay_" });
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
    this.#ready = new Gauge({
      name: "dixa_relay_ready",
      help: "1 if webhooks can be kept, as /readyz says; 0 if the store can't be written, or the relay stops.",
      registers,
    });
    this.#owed = new Counter({
      name: "dixa_relay_owed_syncs_total",
      help: "Syncs that credentials have come to owe without an event, by reason.",
      labelNames: ["reason"],
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
    const counts = this.#accepted.get(credential) ?? new Map<string, number>();
    this.#accepted.set(credential, counts);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
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
    const [summaries, isReady] = await Promise.all([source.credentials().catch(() => []), source.isReady()]);
    this.#ready.set(isReady ? 1 : 0);
    return (
      (await this.registry.metrics()) +
      metricText(ACCEPTED, this.#acceptedSeries()) +
      credentialGauges(summaries, source.now())
    );
  }

  *#acceptedSeries(): Generator<[string, number]> {
    for (const [credential, counts] of this.#accepted) {
      const of = label("credential", credential);
      for (const [outcome, count] of counts) yield [`${of},${label("outcome", outcome)}`, count];
    }
  }
}

function isOneOf<T extends string>(list: readonly T[], word: string): word is T {
  return (list as readonly string[]).includes(word);
}
