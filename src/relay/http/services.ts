import { type Clock } from "../../http/clock.ts";
import { type Accounts } from "../accounts/accounts.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { type Acceptance, type WebhookEvent } from "../store/event.ts";
import { type Store } from "../store/store.ts";
import { type Logger } from "../telemetry/log.ts";
import { type Metrics } from "../telemetry/metrics.ts";

/** What the relay's HTTP side works with. It knows nothing of how connections get synced. */
export interface Services {
  /** As it is now: to be read anew for each request. */
  readonly config: RelayConfig;
  /** Credentials that are made, changed and removed while the relay runs. */
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: ServicesStore;
  readonly ingest: Ingest;
  /** Told of a webhook that was refused because it can't be checked yet: Dixa may never send it again. */
  readonly onUnchecked?: (credentialId: string) => void;
  /** Has the dispatcher look at once whether there is something to do, instead of at its next tick. */
  readonly wake: () => void;
  /** Asks Airbyte at once which connections there are, instead of at the next turn. */
  readonly remap: () => void;
  /** Whether Airbyte has told this replica yet which connections there are. */
  readonly isMapped: () => boolean;
  /** Why the configuration that lies there now was not taken up; undefined: it counts. */
  readonly configFault?: () => string | undefined;
  /** Aborted when the relay has been told to stop; it still answers. */
  readonly stopping: AbortSignal;
}

export type ServicesStore = Pick<
  Store,
  | "apply"
  | "connection"
  | "connectionPage"
  | "connections"
  | "credentialSummaries"
  | "credentialSummary"
  | "forget"
  | "pausedUntil"
  | "history"
  | "keepHistory"
  | "lastJobs"
  | "recentActivity"
  | "recentEvents"
  | "requestSync"
  | "syncProgress"
>;

/** Where webhooks are made durable. Resolves after the commit; rejects when it can't promise that. */
export interface Ingest {
  accept(event: WebhookEvent): Promise<Acceptance>;
  /** Resolves when an event that came now would be kept: it goes the way that events go. */
  probe(): Promise<void>;
}
