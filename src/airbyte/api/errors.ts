import { isHttpStatusError } from "../../http/errors.ts";
import { parseProblem, type Problem } from "./problem.ts";

/**
 * Why Airbyte gave no usable answer:
 *
 * - `unauthorized`, `forbidden`: the credentials are wrong, or may not do this; retrying is pointless until someone
 *   changes them.
 * - `throttled`: Airbyte sheds load; see `untilMs`.
 * - `unavailable`: no answer, or one of a gateway or a broken server. It usually heals by itself.
 * - `not_found`: Airbyte itself says that it doesn't know what was asked for.
 * - `invalid`: Airbyte refuses the request as it is, or its answer isn't what its API promises.
 */
export type AirbyteFailure =
  "unauthorized" | "forbidden" | "throttled" | "unavailable" | "not_found" | "invalid";

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

/** Any failure of a read as one of Airbyte. */
export function toAirbyteApiError(error: unknown): AirbyteApiError {
  if (isAirbyteApiError(error)) return error;
  if (!isHttpStatusError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return new AirbyteApiError("unavailable", message, { cause: error });
  }
  const problem = parseProblem(error.status, error.bodyText);
  const said = problem.text === "" ? "" : ` (${problem.text})`;
  return new AirbyteApiError(kindOf(error.status, problem), `${error.message}${said}`, { cause: error });
}

function kindOf(status: number, { isNotFound }: Problem): AirbyteFailure {
  if (isNotFound) return "not_found";
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  return status === 404 || status === 408 || status >= 500 ? "unavailable" : "invalid";
}
