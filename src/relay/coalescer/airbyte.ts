/** What the relay needs of Airbyte, and nothing more. */

export interface SyncJob {
  readonly jobId: number;
  /** `pending`, `queued`, `running`, `incomplete`, `failed`, `succeeded`, `cancelled`, or a word yet unknown. */
  readonly status: string;
}

/** `active`, `inactive`, `locked`, `deprecated`, or a word yet unknown. */
export interface ConnectionStatus {
  readonly status: string;
}

/** What became of a request to start a sync, as Airbyte's client says it. */
export type StartReply =
  | Exclude<StartOutcome, { kind: "throttled" }>
  /** `untilMs`: when to ask again, ms UTC by the clock of this machine; 0 when Airbyte doesn't say. */
  | { readonly kind: "throttled"; readonly untilMs: number };

/** The same without an instant of this machine's clock, which may not be that of the store. */
export type StartOutcome =
  /** The job was created, or one that has not begun to read was joined. */
  | { readonly kind: "triggered"; readonly job: SyncJob }
  /** A job of the connection runs. */
  | { readonly kind: "busy" }
  /** Either the connection may not run, or Airbyte gave up waiting for the job: it says the same of both. */
  | { readonly kind: "conflict" }
  | { readonly kind: "gone" }
  /** Somebody must change the configuration. */
  | { readonly kind: "unauthorized"; readonly detail: string }
  | { readonly kind: "forbidden"; readonly detail: string }
  | { readonly kind: "invalid"; readonly detail: string }
  /** Nothing was started. `waitMs`: how long not to ask, ms; 0 when Airbyte doesn't say. */
  | { readonly kind: "throttled"; readonly waitMs: number }
  /** Time-out, reset or 5xx: the job may have been created or not. */
  | { readonly kind: "unknown"; readonly detail: string };

/** The methods that read throw errors that {@link isAirbyteFailure} knows, and others for what nobody expects. */
export interface AirbyteJobs {
  /** Asks once. Expected answers are outcomes, not errors. */
  startSync(connectionId: string, signal?: AbortSignal): Promise<StartReply>;
  /** Undefined when Airbyte doesn't know the job. */
  getJob(jobId: number, signal?: AbortSignal): Promise<SyncJob | undefined>;
  /** The newest job of type sync, whoever started it; undefined when there has been none. */
  latestSyncJob(connectionId: string, signal?: AbortSignal): Promise<SyncJob | undefined>;
  /** Undefined when Airbyte doesn't know the connection. */
  getConnection(connectionId: string, signal?: AbortSignal): Promise<ConnectionStatus | undefined>;
}

/** Why a read had no usable answer. `message` is for people and holds no secret. */
export interface AirbyteFailure extends Error {
  readonly kind: "unauthorized" | "forbidden" | "throttled" | "unavailable" | "not_found" | "invalid";
  /** Of `throttled`: when to ask again, ms UTC by the clock of this machine. */
  readonly untilMs: number | undefined;
}

/** By name and not by `instanceof`: jest runs each test file in a realm of its own. */
export function isAirbyteFailure(error: unknown): error is AirbyteFailure {
  return error instanceof Error && error.name === "AirbyteApiError" && "kind" in error;
}
