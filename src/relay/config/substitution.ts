import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { codeOf, reasonOf } from "./file-fault.ts";
import { describePath } from "./issues.ts";

/** Keys whose values never leave the process. */
export const SECRET_KEYS: ReadonlySet<string> = new Set([
  "admin_token",
  "client_secret",
  "dixa_api_token",
  "metrics_token",
  "notification_secret",
  "old_secret_keys",
  "password",
  "secret_key",
  "token",
  "webhook_secrets",
]);

/** Keys whose value may lie in a file of its own, named by the key with `_file` behind it. */
const FROM_FILE: ReadonlySet<string> = new Set([...SECRET_KEYS, "store"]);
const SUFFIX = "_file";
/** `${NAME}`, or `$${NAME}` for that very text. */
const VARIABLE = /\$(\$?)\{([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export interface Substitution {
  value: unknown;
  faults: string[];
  /** The files that it has been read from, or should have been. */
  files: string[];
}

export interface SubstitutionOptions {
  /** Undefined: nothing is taken from it, since the values come from there already. */
  env: Readonly<Record<string, string | undefined>> | undefined;
  /** Relative paths start from here. */
  folder: string;
  /** `webhook_secrets_file` may be absent: the command that writes it comes before it. */
  mayLackSecrets: boolean;
}

/** Puts in place what a configuration takes from the environment and from files. */
export function substitute(raw: unknown, options: SubstitutionOptions): Substitution {
  const faults: string[] = [];
  const files: string[] = [];
  const value = walk(raw, [], { ...options, faults, files });
  return { value, faults, files };
}

interface Walk extends SubstitutionOptions {
  faults: string[];
  files: string[];
}

function walk(value: unknown, path: readonly PropertyKey[], context: Walk): unknown {
  if (typeof value === "string") return fromEnvironment(value, path, context);
  if (Array.isArray(value)) return value.map((item: unknown, index) => walk(item, [...path, index], context));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    // What is left empty in YAML is null, and means: as if it were not there.
    .filter(([, member]) => member !== null)
    .map(([key, member]: [string, unknown]) => [key, walk(member, [...path, key], context)] as const);
  const result = Object.fromEntries(entries);
  for (const [key, member] of entries) {
    const base = key.slice(0, -SUFFIX.length);
    if (!key.endsWith(SUFFIX) || !FROM_FILE.has(base) || typeof member !== "string") continue;
    if (base in result) {
      context.faults.push(
        `${describePath([...path, base])} is given twice, also as ${key}. Keep one of them.`,
      );
    }
    result[base] = fromFile(member, base, [...path, key], context);
    Reflect.deleteProperty(result, key);
  }
  return result;
}

function fromEnvironment(text: string, path: readonly PropertyKey[], { env, faults }: Walk): string {
  if (env === undefined) return text;
  return text.replaceAll(VARIABLE, (whole, escape: string, name: string) => {
    if (escape !== "") return whole.slice(1);
    if (!NAME.test(name)) {
      faults.push(`${describePath(path)} has \${…} with something else than the name of a variable in it.`);
      return whole;
    }
    const value = env[name];
    if (value === undefined || value === "") {
      const state = value === undefined ? "not set" : "empty";
      faults.push(
        `${describePath(path)} takes its value from \${${name}}, which is ${state}. Set that variable.`,
      );
      return whole;
    }
    return value;
  });
}

function fromFile(path: string, base: string, where: readonly PropertyKey[], context: Walk): unknown {
  const { folder, faults, files, mayLackSecrets } = context;
  const file = resolve(folder, path);
  files.push(file);
  try {
    const text = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
    if (base !== "webhook_secrets") return text.trim();
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
  } catch (error) {
    const code = codeOf(error);
    if (base === "webhook_secrets" && code === "ENOENT" && mayLackSecrets) return [];
    const remedy =
      base === "webhook_secrets" && code === "ENOENT"
        ? " `dixa-relay subscribe` writes it."
        : " Check the path.";
    faults.push(`${describePath(where)} names ${file}, which can't be read: ${reasonOf(error)}.${remedy}`);
    return base === "webhook_secrets" ? [] : undefined;
  }
}

/** Where relative paths of a configuration start: beside its file, or where the program was started. */
export function folderOf(configPath: string | undefined): string {
  return configPath === undefined ? process.cwd() : dirname(resolve(configPath));
}
