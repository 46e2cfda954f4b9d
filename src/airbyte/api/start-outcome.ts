import { isHttpStatusError } from "../../http/errors.ts";
import { type AirbyteApiError, isAirbyteApiError } from "./errors.ts";
import { type AirbyteJob } from "./model.ts";
import { describeProblem, parseProblem, type Problem } from "./problem.ts";

/**
 * What became of the request to start a sync. `detail` is for people: Airbyte's own words, free of secrets.
 *
 * - `triggered`: Airbyte has a job. It may be one that waited in the queue already, and it may still be cancelled
 *   before it reads anything; only its end says whether it synced.
 * - `busy`: the connection syncs, resets or clears, or waits between the attempts of a job.
 * - `conflict`: Airbyte says one and the same of a connection that isn't active and of an internal time-out (which may
 *   have started a sync); the connection's status tells them apart.
 * - `gone`: Airbyte doesn't know the connection.
 * - `unauthorized`, `forbidden`, `invalid`: someone must change the configuration.
 * - `throttled`: nothing was started; no request should be sent before `untilMs` (ms UTC).
 * - `unknown`: no answer, or one of a gateway or a broken server. A sync may have been started.
 */
export type StartOutcome =
  | { readonly kind: "triggered"; readonly job: AirbyteJob }
  | { readonly kind: "busy"; readonly detail: string }
  | { readonly kind: "conflict"; readonly detail: string }
  | { readonly kind: "gone"; readonly detail: string }
  | { readonly kind: "unauthorized"; readonly detail: string }
  | { readonly kind: "forbidden"; readonly detail: string }
  | { readonly kind: "invalid"; readonly detail: string }
  | { readonly kind: "throttled"; readonly untilMs: number; readonly detail: string }
  | { readonly kind: "unknown"; readonly detail: string };

/** The outcome of a request for a sync that has failed, by what Airbyte's servers send in each case. */
export function classifyStartFailure(error: unknown): StartOutcome {
  if (isAirbyteApiError(error)) return fromApiError(error);
  if (!isHttpStatusError(error)) {
    return { kind: "unknown", detail: error instanceof Error ? error.message : String(error) };
  }
  const problem = parseProblem(error.status, error.bodyText);
  const detail = describeProblem(error.status, problem);
  if (problem.isNotFound) return { kind: "gone", detail };
  switch (error.status) {
    case 400:
    case 405:
    case 415:
    case 422:
      return { kind: "invalid", detail };
    case 401:
      return { kind: "unauthorized", detail };
    case 403:
      return { kind: "forbidden", detail };
    case 409:
      return { kind: isRunning(problem) ? "busy" : "conflict", detail };
    default:
      return { kind: "unknown", detail };
  }
}

/** The public API names the case, the Config API only says it. Both say `is deleted` under the name of a busy one. */
function isRunning({ slug, text }: Problem): boolean {
  return text.includes("already running") || (slug === "try-again-later" && !text.includes("is deleted"));
}

function fromApiError(error: AirbyteApiError): StartOutcome {
  const detail = error.message;
  switch (error.kind) {
    case "throttled":
      return { kind: "throttled", untilMs: error.untilMs ?? 0, detail };
    case "unauthorized":
    case "forbidden":
      return { kind: error.kind, detail };
    case "unavailable":
    case "not_found":
    case "invalid":
      return { kind: "unknown", detail };
  }
}
