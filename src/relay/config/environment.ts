import { timingKeys } from "./timings.ts";

type Path = readonly (string | number)[];

/** What the relay takes from the environment when there is no file: one Dixa account, everything else as in the file. */
const VARIABLES: Readonly<Record<string, Path>> = {
  RELAY_LISTEN: ["listen"],
  RELAY_PUBLIC_URL: ["public_url"],
  RELAY_STORE: ["store"],
  RELAY_ADMIN_TOKEN: ["admin_token"],
  RELAY_ADMIN_TOKEN_FILE: ["admin_token_file"],
  RELAY_METRICS_TOKEN: ["metrics_token"],
  RELAY_METRICS_TOKEN_FILE: ["metrics_token_file"],
  RELAY_SECRET_KEY: ["secret_key"],
  RELAY_SECRET_KEY_FILE: ["secret_key_file"],
  RELAY_OLD_SECRET_KEYS: ["old_secret_keys"],
  RELAY_RETENTION: ["retention"],
  RELAY_ON_DISCOVER: ["on_discover"],
  RELAY_SHUTDOWN_DELAY: ["shutdown_delay"],
  RELAY_SHUTDOWN_TIMEOUT: ["shutdown_timeout"],
  RELAY_LOG_LEVEL: ["log_level"],
  RELAY_REFRESH: ["timings", "refresh"],
  RELAY_OUTAGE: ["timings", "outage"],
  RELAY_WATCH: ["timings", "watch"],
  AIRBYTE_URL: ["airbyte", "url"],
  AIRBYTE_APP_URL: ["airbyte", "app_url"],
  AIRBYTE_AUTH: ["airbyte", "auth"],
  AIRBYTE_CLIENT_ID: ["airbyte", "client_id"],
  AIRBYTE_CLIENT_SECRET: ["airbyte", "client_secret"],
  AIRBYTE_CLIENT_SECRET_FILE: ["airbyte", "client_secret_file"],
  AIRBYTE_USERNAME: ["airbyte", "username"],
  AIRBYTE_PASSWORD: ["airbyte", "password"],
  AIRBYTE_PASSWORD_FILE: ["airbyte", "password_file"],
  AIRBYTE_TOKEN: ["airbyte", "token"],
  AIRBYTE_TOKEN_FILE: ["airbyte", "token_file"],
  AIRBYTE_WORKSPACES: ["airbyte", "workspaces"],
  AIRBYTE_REQUESTS_PER_SECOND: ["airbyte", "requests_per_second"],
  AIRBYTE_BURST: ["airbyte", "burst"],
  AIRBYTE_CONCURRENCY: ["airbyte", "concurrency"],
  AIRBYTE_NOTIFICATION_SECRET: ["airbyte", "notification_secret"],
  DIXA_CREDENTIAL_ID: ["credentials", 0, "id"],
  DIXA_CREDENTIAL_NAME: ["credentials", 0, "name"],
  DIXA_WEBHOOK_AUTH: ["credentials", 0, "auth"],
  DIXA_WEBHOOK_SECRETS: ["credentials", 0, "webhook_secrets"],
  DIXA_WEBHOOK_SECRETS_FILE: ["credentials", 0, "webhook_secrets_file"],
  DIXA_WEBHOOK_USERNAME: ["credentials", 0, "username"],
  DIXA_WEBHOOK_PASSWORD: ["credentials", 0, "password"],
  DIXA_WEBHOOK_TOKEN: ["credentials", 0, "token"],
  DIXA_CONNECTIONS: ["credentials", 0, "connections"],
  DIXA_EVENTS: ["credentials", 0, "events"],
  DIXA_SWITCH_ON: ["credentials", 0, "dixa_switch_on"],
  DIXA_MAX_STALENESS: ["credentials", 0, "max_staleness"],
  DIXA_API_TOKEN: ["credentials", 0, "dixa_api_token"],
  DIXA_API_TOKEN_FILE: ["credentials", 0, "dixa_api_token_file"],
  ...Object.fromEntries(
    Object.keys(timingKeys).map((key) => [`RELAY_${key.toUpperCase()}`, ["timings", key]] as const),
  ),
};

/** The names of all variables, for the documentation and its test. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(VARIABLES);

const NAME_BY_PATH = new Map(Object.entries(VARIABLES).map(([name, path]) => [path.join("."), name]));

/** The configuration that the environment holds, in the form of the file. */
export function configFromEnvironment(env: Readonly<Record<string, string | undefined>>): unknown {
  const config: Record<string, unknown> = {};
  for (const [name, path] of Object.entries(VARIABLES)) {
    const value = env[name];
    if (value === undefined || value === "") continue;
    put(config, path, value);
  }
  return config;
}

function put(root: Record<string, unknown>, path: Path, value: string): void {
  if (path[0] === "credentials") {
    const [, , key] = path;
    const [first] = (root["credentials"] ??= [{}]) as [Record<string, unknown>];
    first[String(key)] = value;
  } else if (path.length === 2) {
    const section = (root[String(path[0])] ??= {}) as Record<string, unknown>;
    section[String(path[1])] = value;
  } else {
    root[String(path[0])] = value;
  }
}

/** The variable that holds the value at a path, or the path itself where there is none. */
export function variableAt(path: readonly PropertyKey[], otherwise: string): string {
  const key = path.join(".");
  if (key === "credentials") return "DIXA_CREDENTIAL_ID (the one credential)";
  return NAME_BY_PATH.get(key) ?? NAME_BY_PATH.get(path.slice(0, 3).join(".")) ?? otherwise;
}
