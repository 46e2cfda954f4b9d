/**
 * Why Airbyte gave no usable answer:
 *
 * - `unauthorized`, `forbidden`: the credentials are wrong, or may not do this; retrying is pointless until someone
 *   changes them.
 * - `throttled`: Airbyte sheds load; see `untilMs`.
 * - `unavailable`: no answer, or one of a gateway or a broken server. It usually heals by itself.
 * - `invalid`: Airbyte refuses the request as it is, or its answer isn't what its API promises.
 */
export type AirbyteFailure = "unauthorized" | "forbidden" | "throttled" | "unavailable" | "invalid";

/** A request to Airbyte failed. `message` is for people and holds no secret. */
export class AirbyteApiError extends Error {
  override readonly name = "AirbyteApiError";
  readonly kind: AirbyteFailure;
  /** Of `throttled`: when to ask again, ms UTC. */
  readonly untilMs: number | undefined;

  constructor(kind: AirbyteFailure, message: string, options: ErrorOptions & { untilMs?: number } = {}) {
    super(message, options);
    this.kind = kind;
    this.untilMs = options.untilMs;
  }
}

/** By name and not by `instanceof`: jest runs each test file in a realm of its own. */
export function isAirbyteApiError(error: unknown): error is AirbyteApiError {
  return error instanceof Error && error.name === "AirbyteApiError";
}
