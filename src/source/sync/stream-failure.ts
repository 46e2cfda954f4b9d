import { ConnectorError } from "../../airbyte/protocol/failure.ts";
import { toConnectorError } from "../../dixa/errors.ts";
import { isHttpStatusError } from "../../http/errors.ts";

/**
 * Statuses by which Dixa, or a gateway before it, can say that this account may not read a stream at all: rights, a
 * feature that was not bought, an endpoint that the account does not have. Which of them Dixa uses is not documented.
 */
const REFUSALS: ReadonlySet<number> = new Set([402, 403, 404, 405, 410, 451]);

/** Any error as the end of one stream, in plain words. A refusal says how to go on without the stream. */
export function toStreamFailure(error: unknown, stream: string): ConnectorError {
  const failure = toConnectorError(error);
  if (!isHttpStatusError(error) || !REFUSALS.has(error.status)) return failure;
  return refusal(stream, `it answers ${error.status}`, failure);
}

/**
 * The failure of a stream that this account can't read. Its table stays as it is, since an incomplete stream replaces
 * nothing.
 *
 * @param what what Dixa did instead of answering, in plain words
 */
export function refusal(
  stream: string,
  what: string,
  { internalMessage, cause }: Partial<ConnectorError>,
): ConnectorError {
  return new ConnectorError(
    "config_error",
    `Dixa does not let this account read ${stream} (${what}): the API token has no right to read it, or the ` +
      `feature is not part of the account, so untick the stream ${stream} in the connection, or ask a Dixa admin.`,
    { ...(internalMessage === undefined ? {} : { internalMessage }), cause },
  );
}
