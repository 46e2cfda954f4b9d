import { type AirbyteAuth } from "../../airbyte/api/authorization.ts";
import { type EventFilter } from "../../dixa/webhooks/events.ts";
import { type Timings } from "../coalescer/timings.ts";
import { type WebhookAuth } from "./auth.ts";
import { type ListenAddress } from "./scalars.ts";
import { type RawRelayConfig } from "./schema.ts";
import { type Selection } from "./selection.ts";
import { type StoredSettings } from "./stored-settings.ts";
import { type TimingTable } from "./timing-table.ts";

/** What is told of a credential that was made while the relay runs. */
export interface StoredFacts {
  readonly settings: StoredSettings;
  /** ms UTC */
  readonly createdAt: number;
  /** Of the webhook in Dixa, if the relay has made it. */
  readonly subscriptionId: string | undefined;
  /** Whether an API token of Dixa is kept. */
  readonly keepsToken: boolean;
  /** It is, but can't be opened with the keys of now. */
  readonly isTokenSealed: boolean;
}

/** One Dixa account. */
export interface CredentialConfig {
  readonly id: string;
  readonly name: string;
  readonly auth: WebhookAuth;
  readonly connections: Selection;
  readonly events: EventFilter;
  /** What `subscribe` needs; undefined: somebody sets up the webhook by hand. */
  readonly dixaApiToken: string | undefined;
  readonly dixaApiUrl: string;
  /** Whether the relay may switch its webhook on in Dixa when it finds it off. Default false. */
  readonly switchesOn?: boolean | undefined;
  /** After which a sync is owed though nothing has come, ms; undefined: never. */
  readonly maxStalenessMs?: number | undefined;
  /** Where the secrets of its webhooks are read from, if from a file. */
  readonly secretsFile: string | undefined;
  /** Undefined: it is declared in the configuration. */
  readonly stored?: StoredFacts | undefined;
}

export interface AirbyteConfig {
  readonly url: string;
  /** Address of Airbyte's web application, for links; undefined if it can't be told from `url`. */
  readonly appUrl: string | undefined;
  readonly auth: AirbyteAuth;
  readonly workspaces: readonly string[];
  readonly perSecond: number;
  readonly burst: number;
  readonly concurrency: number;
  readonly startTimeoutMs: number;
  readonly timeoutMs: number;
  /** The last part of the address at which Airbyte may tell that a job has ended. */
  readonly notificationSecret: string | undefined;
}

export type StoreConfig =
  { readonly kind: "sqlite"; readonly path: string } | { readonly kind: "postgres"; readonly url: string };

/** The configuration in the units of the program; times in ms. */
export interface RelayConfig {
  readonly listen: ListenAddress;
  readonly publicUrl: string | undefined;
  readonly store: StoreConfig;
  readonly adminToken: string;
  /** Whoever reads the metrics must show it; undefined: anybody may. */
  readonly metricsToken: string | undefined;
  readonly airbyte: AirbyteConfig;
  /** Encrypts what the store keeps of credentials; undefined: the configuration alone can declare them. */
  readonly secretKey: Uint8Array | undefined;
  /** Open what was encrypted before `secretKey` was changed. */
  readonly oldSecretKeys: readonly Uint8Array[];
  /** Dixa's API, for credentials that are made while the relay runs. */
  readonly dixaApiUrl: string;
  /** Those that are declared, and after them those that the store holds. */
  readonly credentials: readonly CredentialConfig[];
  readonly timings: TimingTable;
  readonly timingsOf: (credentialId: string, connectionId: string) => Timings;
  /** How long after an event some connection of its credential may be due at the earliest. */
  readonly soonestOf: (credentialId: string) => number;
  /** Whether a new connection is synced for the events that came before it. */
  readonly onDiscover: "sync" | "ignore";
  /** Between two looks at which connections there are. */
  readonly refreshMs: number;
  /** When no replica has been heard of for longer, webhooks may have been missed. */
  readonly outageMs: number;
  /** Between two looks at what Dixa says of its webhooks. */
  readonly watchMs: number;
  /** How long events are kept, to tell duplicates and for people to look at. */
  readonly retentionMs: number;
  /** How long the relay still takes requests after it was told to stop. */
  readonly shutdownDelayMs: number;
  /** How long it then waits for Airbyte's answers at most. */
  readonly shutdownTimeoutMs: number;
  readonly logLevel: RawRelayConfig["log_level"];
}
