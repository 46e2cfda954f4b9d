/**
 * How long the relay waits for what. Everything is in milliseconds but `maxFailedJobs`. Each can be set for all
 * credentials, for one, or for one connection.
 */
export interface Timings {
  /** Quiet time after the last event before a sync is asked for. */
  readonly debounce: number;
  /** Longest time from the first uncovered event, however many follow. */
  readonly maxWait: number;
  /** Shortest time between two syncs that the relay starts. A sync that somebody asks for by hand doesn't wait for it. */
  readonly minInterval: number;
  /** How far Dixa's API may lag behind its webhooks: a sync is not trusted to have seen younger events. */
  readonly settleDelay: number;
  /** How long a replica may work on a connection before another takes over. Longer than the longest request. */
  readonly lease: number;
  /** Between two looks at a sync that the relay follows: the first step; a long job is looked at less often. */
  readonly jobPoll: number;
  /** Between two looks at somebody else's sync: the first step. */
  readonly busyPoll: number;
  /** After a request without a usable answer: the first step; doubles. */
  readonly errorBackoff: number;
  /** After a sync that failed: the first step; doubles. Airbyte switches a connection off after 30 failures. */
  readonly failedBackoff: number;
  /** After a sync that was cancelled: the first step; doubles. */
  readonly cancelledBackoff: number;
  /** After "too many requests", for all connections: the first step; doubles. */
  readonly throttleBackoff: number;
  /** No back-off is longer than this. */
  readonly maxBackoff: number;
  /** Between two looks at a parked connection. */
  readonly parkRecheck: number;
  /** Failed or cancelled syncs in a row after which the connection is parked. A count. */
  readonly maxFailedJobs: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const DEFAULT_TIMINGS: Timings = {
  debounce: 30 * SECOND,
  maxWait: 2 * MINUTE,
  minInterval: 5 * MINUTE,
  // The connector reads up to the last whole second of two clocks, so a sync may miss what happened in its first second.
  settleDelay: 2 * SECOND,
  lease: 2 * MINUTE,
  jobPoll: 5 * SECOND,
  busyPoll: 15 * SECOND,
  errorBackoff: 10 * SECOND,
  failedBackoff: 15 * MINUTE,
  cancelledBackoff: MINUTE,
  throttleBackoff: MINUTE,
  maxBackoff: 6 * HOUR,
  parkRecheck: 10 * MINUTE,
  maxFailedJobs: 8,
};

/** The timings of one connection. */
export type TimingsOf = (credentialId: string, connectionId: string) => Timings;
