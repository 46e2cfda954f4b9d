import { ConnectorError } from "../airbyte/protocol/failure.ts";
import { isHttpStatusError } from "../http/errors.ts";
import { type RequestOptions } from "./authorized-host.ts";
import { type Dixa } from "./dixa.ts";
import { toConnectorError } from "./errors.ts";

const MINUTE_MS = 60_000;

/**
 * Proves that the token opens both of Dixa's APIs, with one small request each, of what the streams ask for.
 *
 * @param now ms UTC
 * @returns what the token opens less than it might: no reason to fail, since the other streams can be read
 * @throws ConnectorError that says in plain words what is wrong
 */
export async function checkAccess(dixa: Dixa, now: number, options: RequestOptions): Promise<string[]> {
  const [api, exports] = await Promise.all([
    outcome(() => dixa.api.probe(now - MINUTE_MS, now, options)),
    outcome(() => dixa.exports.probe(now - MINUTE_MS, now, options)),
  ]);
  const apiRefused = isHttpStatusError(api) && api.status === 401;
  if (apiRefused && exports === undefined) {
    throw new ConnectorError(
      "config_error",
      "The API token opens Dixa's Exports API but not the Dixa API (401). It was probably made for the old " +
        "“Integrations API”: make a new one in Dixa under Settings > Integrations > API tokens, with “Dixa API” as " +
        "the API version.",
    );
  }
  if (exports !== undefined) throw onHost("Exports API", exports);
  if (isHttpStatusError(api) && api.status === 403) {
    return [
      "The API token is not allowed to read the activity log (403): untick the stream activity_logs, or ask a Dixa " +
        "admin for a token with that right",
    ];
  }
  if (api !== undefined) throw onHost("Dixa API", api);
  return [];
}

/** The error that a call ends with, or undefined. */
async function outcome(call: () => Promise<void>): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error ?? new Error("failed");
  }
}

function onHost(host: string, error: unknown): ConnectorError {
  const { failureType, message, internalMessage } = toConnectorError(error);
  return new ConnectorError(failureType, `${host}: ${message}`, { internalMessage, cause: error });
}
