import { resolve } from "node:path";

import { EventFilter } from "../../dixa/webhooks/events.ts";
import { airbyteAuthOf, type WebhookAuth, webhookAuthOf } from "./auth.ts";
import { type CredentialConfig, type RelayConfig, type StoreConfig } from "./relay-config.ts";
import { type RawCredential, type RawRelayConfig } from "./schema.ts";
import { selectionOf } from "./selection.ts";
import { type TimedCredential, TimingTable } from "./timing-table.ts";

export interface ConversionOptions {
  /** Relative paths start from here. */
  folder: string;
  databaseUrl: string | undefined;
  /** `webhook_secrets_file` of each credential, by its place in the list. */
  secretsFiles: readonly (string | undefined)[];
  mayLackSecrets: boolean;
  /** How a key is called to the person who configures. */
  nameOf: (path: readonly PropertyKey[]) => string;
}

/** Longest time for which Airbyte's server itself holds back its answer, and half as much again. */
const START_TIMEOUT_MS = 90_000;
/** Share of the shortest lease after which a request must have ended. */
const START_TIMEOUT_OF_LEASE = 0.75;

/** Beyond the longest request: time to write down what it has answered. */
const SHUTDOWN_MARGIN_MS = 5000;

export interface Conversion {
  config: RelayConfig;
  faults: string[];
  warnings: string[];
}

/** A configuration whose single values are right, in the units of the program, and what doesn't fit together in it. */
export function toRelayConfig(raw: RawRelayConfig, options: ConversionOptions): Conversion {
  const { folder, databaseUrl, nameOf } = options;
  const faults: string[] = [];
  const warnings: string[] = [];
  const timings = new TimingTable(raw.timings, raw.credentials.map(declaredTimings));
  const startTimeoutMs =
    raw.airbyte.start_timeout ??
    Math.min(START_TIMEOUT_MS, Math.floor(timings.shortestLease * START_TIMEOUT_OF_LEASE));
  faults.push(...timings.faults(startTimeoutMs, nameOf), ...repeatedIds(raw, nameOf));

  const credentials = raw.credentials.map((credential, index) => {
    const where = (key: string) => nameOf(["credentials", index, key]);
    const auth = webhookAuthOf(credential, where, options.mayLackSecrets);
    if (typeof auth === "string") faults.push(auth);
    if (credential.auth === "none") {
      warnings.push(
        `${where("auth")} is none: whoever knows the webhook's address can cause syncs. ` +
          "Use signature, which Dixa always sends.",
      );
    }
    if (credential.dixa_switch_on && credential.dixa_api_token === undefined) {
      faults.push(
        `${where("dixa_switch_on")} is true, but without ${where("dixa_api_token")} the relay can't ask Dixa. Put in an API token of Dixa.`,
      );
    }
    return toCredential(credential, typeof auth === "string" ? { mode: "none" } : auth, {
      folder,
      secretsFile: options.secretsFiles[index],
    });
  });

  const airbyteAuth = airbyteAuthOf(raw.airbyte, (key) => nameOf(["airbyte", key]));
  if (typeof airbyteAuth === "string") faults.push(airbyteAuth);
  if (raw.airbyte.url.startsWith("http:") && raw.airbyte.auth !== "none" && !isThisMachine(raw.airbyte.url)) {
    warnings.push(
      `${nameOf(["airbyte", "url"])} is plain http: the credentials travel in the clear. Use https.`,
    );
  }

  const config: RelayConfig = {
    listen: raw.listen,
    publicUrl: raw.public_url,
    store: storeOf(databaseUrl ?? raw.store, folder),
    adminToken: raw.admin_token,
    metricsToken: raw.metrics_token,
    airbyte: {
      url: raw.airbyte.url,
      appUrl: raw.airbyte.app_url ?? appUrlOf(raw.airbyte.url),
      auth: typeof airbyteAuth === "string" ? { mode: "none" } : airbyteAuth,
      workspaces: raw.airbyte.workspaces,
      perSecond: raw.airbyte.requests_per_second,
      burst: raw.airbyte.burst,
      concurrency: raw.airbyte.concurrency,
      startTimeoutMs,
      timeoutMs: raw.airbyte.timeout,
      notificationSecret: raw.airbyte.notification_secret,
    },
    secretKey: raw.secret_key,
    oldSecretKeys: raw.old_secret_keys,
    dixaApiUrl: raw.dixa_api_url,
    credentials,
    timings,
    timingsOf: (credentialId, connectionId) => timings.of(credentialId, connectionId),
    soonestOf: (credentialId) => timings.soonest(credentialId),
    onDiscover: raw.on_discover,
    refreshMs: raw.timings.refresh,
    outageMs: raw.timings.outage,
    watchMs: raw.timings.watch,
    retentionMs: raw.retention,
    shutdownDelayMs: raw.shutdown_delay,
    shutdownTimeoutMs: raw.shutdown_timeout ?? startTimeoutMs + SHUTDOWN_MARGIN_MS,
    logLevel: raw.log_level,
  };
  return { config, faults, warnings };
}

function toCredential(
  raw: RawCredential,
  auth: WebhookAuth,
  { folder, secretsFile }: { folder: string; secretsFile: string | undefined },
): CredentialConfig {
  return {
    id: raw.id,
    name: raw.name ?? raw.id,
    auth,
    connections: selectionOf(raw.connections),
    events: new EventFilter(raw.events),
    dixaApiToken: raw.dixa_api_token,
    dixaApiUrl: raw.dixa_api_url,
    switchesOn: raw.dixa_switch_on,
    maxStalenessMs: raw.max_staleness,
    secretsFile: secretsFile === undefined ? undefined : resolve(folder, secretsFile),
  };
}

function declaredTimings(credential: RawCredential): TimedCredential {
  return { id: credential.id, timings: credential, connectionTimings: credential.connection_timings };
}

function repeatedIds({ credentials }: RawRelayConfig, nameOf: ConversionOptions["nameOf"]): string[] {
  const first = new Map<string, number>();
  return credentials.flatMap(({ id }, index) => {
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      return [];
    }
    const key = nameOf(["credentials", index, "id"]);
    return [
      `${key} is the same as ${nameOf(["credentials", earlier, "id"])}. Give each Dixa account its own UUID.`,
    ];
  });
}

function storeOf(store: string, folder: string): StoreConfig {
  return /^postgres(ql)?:\/\//.test(store)
    ? { kind: "postgres", url: store }
    : { kind: "sqlite", path: store === ":memory:" ? store : resolve(folder, store) };
}

function appUrlOf(apiUrl: string): string | undefined {
  if (new URL(apiUrl).hostname === "api.airbyte.com") return "https://cloud.airbyte.com";
  const selfManaged = /^(.*)\/api\/public\/v1$/.exec(apiUrl);
  return selfManaged?.[1];
}

function isThisMachine(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}
