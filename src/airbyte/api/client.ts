import { type Clock } from "../../http/clock.ts";
import { type RateBudget } from "../../http/rate-budget.ts";
import { type AirbyteConnection, type AirbyteJob, type AirbyteSource } from "./model.ts";
import { type StartOutcome } from "./start-outcome.ts";

/** How requests identify themselves. An application (client id and secret) is what Airbyte documents today. */
export type AirbyteAuth =
  | { readonly mode: "client_credentials"; readonly clientId: string; readonly clientSecret: string }
  | { readonly mode: "basic"; readonly username: string; readonly password: string }
  | { readonly mode: "bearer"; readonly token: string }
  | { readonly mode: "none" };

export interface AirbyteApiOptions {
  /** `https://api.airbyte.com/v1`, or `<host>/api/public/v1` of a self-managed Airbyte. */
  url: string;
  auth: AirbyteAuth;
  clock: Clock;
  userAgent: string;
  /** Shared by all requests. Default: one a second, five at once after a pause. */
  budget?: RateBudget | undefined;
  /** Requests under way at most. Default 2: a self-managed Airbyte serves its API with five threads. */
  concurrency?: number | undefined;
  /** Time until POST /jobs is answered, ms. Default 90,000: Airbyte itself may take a minute. */
  startTimeoutMs?: number | undefined;
  /** Time until any other request is answered, ms. Default 15,000. */
  timeoutMs?: number | undefined;
}

/**
 * Airbyte's public API v1. It never cancels a job, whatever happens.
 *
 * All methods but `startSync` throw AirbyteApiError; all throw the signal's reason.
 */
export declare class AirbyteApi {
  constructor(options: AirbyteApiOptions);

  /** Every source of these workspaces; of all that the application may see if there are none. */
  listSources(workspaceIds?: readonly string[], signal?: AbortSignal): AsyncIterable<AirbyteSource>;

  /** Every connection of these workspaces that isn't deleted. A listing may miss one, so absence proves nothing. */
  listConnections(workspaceIds?: readonly string[], signal?: AbortSignal): AsyncIterable<AirbyteConnection>;

  /** Undefined if Airbyte doesn't know it. */
  getConnection(connectionId: string, signal?: AbortSignal): Promise<AirbyteConnection | undefined>;

  /** Asks Airbyte for a sync, once. Whatever comes back is an outcome; only the signal makes it throw. */
  startSync(connectionId: string, signal?: AbortSignal): Promise<StartOutcome>;

  /** Undefined if Airbyte doesn't know it. */
  getJob(jobId: number, signal?: AbortSignal): Promise<AirbyteJob | undefined>;

  /** The connection's newest job of type sync, if there is one. */
  latestSyncJob(connectionId: string, signal?: AbortSignal): Promise<AirbyteJob | undefined>;

  /** Closes all connections. */
  close(): void;
}
