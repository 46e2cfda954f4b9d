import { ConnectorError } from "../../airbyte/protocol/failure.ts";
import { describeIssues } from "../../airbyte/protocol/issues.ts";
import { configSchema, type DixaConfig, toDixaConfig } from "../../dixa/config.ts";
import { describeInstant } from "../../logging/describe.ts";
import { type SecretFilter } from "../../logging/secret-filter.ts";
import { readJsonFile } from "./inputs.ts";

const DAY_MS = 86_400_000;

export interface LoadedConfig {
  config: DixaConfig;
  /** What is odd but does no harm. */
  warnings: string[];
}

/**
 * Reads and checks the configuration file.
 *
 * @param now ms UTC
 * @param secrets learns the configuration's secrets before anything is said about the file
 * @throws ConnectorError config_error that names the field, what was found and the remedy
 */
export async function loadConfig(path: string, now: number, secrets: SecretFilter): Promise<LoadedConfig> {
  const json = await readJsonFile("config", path);
  secrets.hide(secretsOf(json).flatMap((secret) => [secret, secret.trim()]));
  const parsed = configSchema.safeParse(withoutBlanks(json));
  if (!parsed.success) {
    throw new ConnectorError(
      "config_error",
      `The configuration is not valid: ${describeIssues(parsed.error, json)}`,
    );
  }
  const config = toDixaConfig(parsed.data);
  if (config.start >= now) {
    throw new ConnectorError(
      "config_error",
      `The configuration is not valid: start_date ${describeInstant(config.start)} lies in the future. ` +
        "Choose a day that has passed.",
    );
  }
  if (config.end !== undefined && config.end <= config.start) {
    throw new ConnectorError(
      "config_error",
      `The configuration is not valid: end_date ${describeInstant(config.end)} is not after start_date ` +
        `${describeInstant(config.start)}. Choose a later end_date, or leave it empty to read up to now.`,
    );
  }
  const { end, rollingWindow } = config;
  if (end !== undefined && rollingWindow !== undefined && end <= now - rollingWindow) {
    throw new ConnectorError(
      "config_error",
      `The configuration is not valid: rolling_window_days ${rollingWindow / DAY_MS} reaches back to ` +
        `${describeInstant(now - rollingWindow)}, which is not before end_date ${describeInstant(end)}, so nothing is ` +
        "left to read. Leave one of the two empty, or choose more days or a later end_date.",
    );
  }
  return { config, warnings: unknownKeys(json) };
}

function secretsOf(json: unknown): string[] {
  const secrets = [memberOf(json, "api_token"), memberOf(memberOf(json, "privacy"), "pseudonym_secret")];
  return secrets.filter((secret) => typeof secret === "string");
}

function memberOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? Reflect.get(json, name) : undefined;
}

const REQUIRED: ReadonlySet<string> = new Set(["api_token", "start_date"]);

/** Clients write what a person left empty as null, or as an empty text. */
function withoutBlanks(json: unknown): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  const filled = Object.entries(json).filter(([key, value]) => {
    const isBlank = typeof value === "string" && value.trim() === "" && !REQUIRED.has(key);
    return value !== null && !isBlank;
  });
  return Object.fromEntries(filled.map(([key, value]) => [key, withoutBlanks(value)]));
}

function unknownKeys(json: unknown): string[] {
  if (typeof json !== "object" || json === null) return [];
  const unknown = Object.keys(json).filter((key) => !key.startsWith("_") && !(key in configSchema.shape));
  if (unknown.length === 0) return [];
  return [
    `The configuration has fields that this connector does not know: ${unknown.join(", ")}. They are ignored; ` +
      `it knows ${Object.keys(configSchema.shape).join(", ")}.`,
  ];
}
