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

/** What became of a request to start a sync. */
export type StartOutcome =
  /** The job was created, or one that has not begun to read was joined. */
  | { readonly kind: "triggered"; readonly job: SyncJob }
  /** A job of the connection runs. */
  | { readonly kind: "busy" }
  /** Either the connection may not run, or Airbyte gave up waiting for the job: it says the same of both. */
  | { readonly kind: "conflict" }
  | { readonly kind: "gone" }
  | { readonly kind: "forbidden" | "invalid" | "unauthorized"; readonly detail: string }
  | { readonly kind: "throttled" }
  /** Time-out, reset or 5xx: the job may have been created or not. */
  | { readonly kind: "unknown"; readonly detail: string };

export interface AirbyteJobs {
  /** Asks once. Expected answers are outcomes, not errors. */
  startSync(connectionId: string, signal?: AbortSignal): Promise<StartOutcome>;
  /** Undefined when Airbyte doesn't know the job. */
  getJob(jobId: number, signal?: AbortSignal): Promise<SyncJob | undefined>;
  /** The newest job of type sync, whoever started it; undefined when there has been none. */
  latestSyncJob(connectionId: string, signal?: AbortSignal): Promise<SyncJob | undefined>;
  /** Undefined when Airbyte doesn't know the connection. */
  getConnection(connectionId: string, signal?: AbortSignal): Promise<ConnectionStatus | undefined>;
}
