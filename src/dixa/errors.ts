import { ConnectorError, type FailureType, isConnectorError } from "../airbyte/protocol/failure.ts";
import { type HttpStatusError, isBodyError, isHttpStatusError, isNetworkError } from "../http/errors.ts";

const MAKE_TOKEN =
  "Make one in Dixa under Settings > Integrations > API tokens, with “Dixa API” as the API version " +
  "(tokens of the old “Integrations API” do not work).";

/** What a final answer means. The retry policy has already waited out what heals by waiting. */
const MEANINGS: Readonly<Record<number, { type: FailureType; message: string }>> = {
  400: {
    type: "system_error",
    message:
      "Dixa refused the request as invalid (400). This is likely a fault of this connector; please report it.",
  },
  401: { type: "config_error", message: `Dixa does not accept the API token (401). ${MAKE_TOKEN}` },
  403: {
    type: "config_error",
    message: `Dixa accepts the API token but gives it no right to read this (403). Ask a Dixa admin. ${MAKE_TOKEN}`,
  },
  404: {
    type: "system_error",
    message: "Dixa does not know the address (404). If you use a proxy, check the configured addresses.",
  },
};

/** Any error as one that is told to a person, in plain words; what is none of ours counts as a fault of the program. */
export function toConnectorError(error: unknown): ConnectorError {
  if (isConnectorError(error)) return error;
  if (isHttpStatusError(error)) return fromStatus(error);
  if (isNetworkError(error)) {
    return new ConnectorError("transient_error", `Dixa can't be reached: ${error.message}`, { cause: error });
  }
  if (isBodyError(error)) {
    return new ConnectorError("transient_error", `Dixa's answer can't be read: ${error.message}`, {
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ConnectorError("system_error", `Something unexpected went wrong: ${message}`, { cause: error });
}

function fromStatus(error: HttpStatusError): ConnectorError {
  const internalMessage = `${error.message}: ${error.bodyText}`;
  const meaning = MEANINGS[error.status];
  if (meaning !== undefined) {
    return new ConnectorError(meaning.type, meaning.message, { internalMessage, cause: error });
  }
  return new ConnectorError(
    "transient_error",
    `Dixa keeps answering with status ${error.status}. It usually heals by itself; see status.dixa.io.`,
    { internalMessage, cause: error },
  );
}
