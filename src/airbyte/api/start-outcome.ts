import { type AirbyteJob } from "./model.ts";

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
