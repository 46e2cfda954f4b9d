/**
 * What the platform does with a failed attempt: `config_error` as the first failure stops all retries (the user
 * must act), `transient_error` and `system_error` are retried.
 */
export type FailureType = "config_error" | "transient_error" | "system_error";

/** An error whose `message` is written for the person who set the connection up. */
export class ConnectorError extends Error {
  override readonly name = "ConnectorError";
  readonly failureType: FailureType;
  /** For the engineer who reads the log: status, URL path, raw answer. Never shown in the user interface. */
  readonly internalMessage: string | undefined;

  constructor(
    failureType: FailureType,
    message: string,
    options: { internalMessage?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.failureType = failureType;
    this.internalMessage = options.internalMessage;
  }
}

/** Also true for an error made in another realm (jest runs each test file in a vm of its own). */
export function isConnectorError(error: unknown): error is ConnectorError {
  return error instanceof Error && error.name === "ConnectorError" && "failureType" in error;
}
