import { type SecretFilter } from "../../logging/secret-filter.ts";
import { ConfigError, isConfigError } from "./config-error.ts";
import { toRelayConfig } from "./convert.ts";
import { configFromEnvironment, variableAt } from "./environment.ts";
import { describePath, faultsOf } from "./issues.ts";
import { type CredentialConfig, type RelayConfig } from "./relay-config.ts";
import { relayConfigSchema } from "./schema.ts";
import { folderOf, SECRET_KEYS, substitute } from "./substitution.ts";
import { readYaml } from "./yaml.ts";

export interface LoadOptions {
  /** The YAML file; without it, the environment holds the configuration. */
  path: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Learns every secret before anything is said about the configuration. */
  secrets: SecretFilter;
  /** For the command that fetches the secrets of webhooks. Default false. */
  mayLackSecrets?: boolean;
}

export interface LoadedConfig {
  config: RelayConfig;
  /** What is unwise, though it works. */
  warnings: string[];
  /** All that it was read from. */
  files: readonly string[];
}

/**
 * Reads and checks the relay's configuration.
 *
 * @throws ConfigError that names every faulty key, what was found and the remedy
 */
export function loadRelayConfig(options: LoadOptions): LoadedConfig {
  const files = options.path === undefined ? [] : [options.path];
  try {
    return load(options, files);
  } catch (error) {
    if (isConfigError(error)) error.files = files;
    throw error;
  }
}

function load(options: LoadOptions, files: string[]): LoadedConfig {
  const { path, env, secrets, mayLackSecrets = false } = options;
  const databaseUrl = env["DATABASE_URL"] === "" ? undefined : env["DATABASE_URL"];
  if (databaseUrl !== undefined) hideAddress(databaseUrl, secrets);
  const raw = path === undefined ? configFromEnvironment(env) : readYaml(path);
  const nameOf = (key: readonly PropertyKey[]) =>
    path === undefined ? variableAt(key, describePath(key)) : describePath(key);
  const folder = folderOf(path);
  const substitution = substitute(raw, {
    env: path === undefined ? undefined : env,
    folder,
    mayLackSecrets,
  });
  const { value, faults } = substitution;
  files.push(...substitution.files);
  hideSecrets(value, secrets);
  // A value that is not there would be told a second time, as one of the wrong shape.
  if (faults.length > 0) throw new ConfigError(faults);
  const parsed = relayConfigSchema.safeParse(value);
  const none = faultOfNone(value, nameOf);
  if (!parsed.success) throw new ConfigError([...faultsOf(parsed.error, value, nameOf), ...none]);
  const conversion = toRelayConfig(parsed.data, {
    folder,
    databaseUrl,
    secretsFiles: secretsFilesOf(raw),
    mayLackSecrets,
    nameOf,
  });
  conversion.faults.push(...none);
  if (databaseUrl !== undefined && conversion.config.store.kind !== "postgres") {
    conversion.faults.push(
      "DATABASE_URL is set, but does not start with postgres://. Correct it or unset it.",
    );
  }
  if (conversion.faults.length > 0) throw new ConfigError(conversion.faults);
  return { config: conversion.config, warnings: conversion.warnings, files };
}

/**
 * The credential with this id or name, or the only one there is.
 *
 * @throws ConfigError that lists what there is
 */
export function findCredential({ credentials }: RelayConfig, idOrName: string | undefined): CredentialConfig {
  const wanted = idOrName?.toLowerCase();
  const matches = credentials.filter(
    ({ id, name }) => wanted === undefined || id === wanted || name.toLowerCase() === wanted,
  );
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  const list = credentials.map(({ id, name }) => (name === id ? id : `${id} (${name})`)).join(", ");
  const fault =
    idOrName === undefined
      ? "it has several credentials"
      : `it has ${matches.length === 0 ? "no" : "more than one"} credential “${idOrName}”`;
  throw new ConfigError([`${fault}. Name one of them after --credential: ${list}.`]);
}

/** Without an account nothing can come of a relay, unless accounts can be added while it runs. */
function faultOfNone(value: unknown, nameOf: (path: readonly PropertyKey[]) => string): string[] {
  const { credentials, secret_key: key } = (value ?? {}) as { credentials?: unknown; secret_key?: unknown };
  const isEmpty = Array.isArray(credentials) && credentials.length === 0;
  if (key !== undefined || (credentials !== undefined && !isEmpty)) return [];
  return [
    `${nameOf(["credentials"])} is ${isEmpty ? "empty" : "missing"}, but each Dixa account is a credential. Add one, or ` +
      `give ${nameOf(["secret_key"])}, so that accounts can be added while the relay runs.`,
  ];
}

/** Also values of the wrong type or in the wrong place: whatever stands under such a key is meant to be secret. */
function hideSecrets(value: unknown, secrets: SecretFilter, isSecret = false): void {
  if (typeof value === "string") {
    if (isSecret) secrets.hide(value.split(",").flatMap((part) => [value, part.trim()]));
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === "store" && typeof member === "string") hideAddress(member, secrets);
    hideSecrets(member, secrets, isSecret || SECRET_KEYS.has(key));
  }
}

/** Hides the password of a database's address, as it stands there and decoded. */
function hideAddress(url: string, secrets: SecretFilter): void {
  const password = URL.parse(url)?.password ?? "";
  if (password === "") return;
  secrets.hide([password]);
  try {
    secrets.hide([decodeURIComponent(password)]);
  } catch {
    // Not percent-encoded, so there is no other form.
  }
}

function secretsFilesOf(raw: unknown): (string | undefined)[] {
  const credentials =
    typeof raw === "object" && raw !== null && "credentials" in raw ? raw.credentials : undefined;
  if (!Array.isArray(credentials)) return [];
  return credentials.map((credential: unknown) => {
    const file =
      typeof credential === "object" && credential !== null && "webhook_secrets_file" in credential
        ? credential.webhook_secrets_file
        : undefined;
    return typeof file === "string" ? file : undefined;
  });
}
