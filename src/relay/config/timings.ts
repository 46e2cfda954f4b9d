import { z } from "zod";

import { DEFAULT_TIMINGS, type Timings } from "../coalescer/timings.ts";
import { duration, formatDuration, interval, wholeNumber } from "./scalars.ts";

/** The keys that stand in `timings:`, in a credential and in its `connection_timings:`. */
export const timingKeys = {
  debounce: duration.optional(),
  max_wait: duration.optional(),
  min_interval: duration.optional(),
  settle_delay: duration.optional(),
  lease: interval.optional(),
  job_poll: interval.optional(),
  busy_poll: interval.optional(),
  error_backoff: interval.optional(),
  failed_backoff: interval.optional(),
  cancelled_backoff: interval.optional(),
  throttle_backoff: interval.optional(),
  max_backoff: interval.optional(),
  park_recheck: interval.optional(),
  max_failed_jobs: wholeNumber(1, 1000).optional(),
};

type TimingKey = keyof typeof timingKeys;
export type RawTimings = Partial<Record<TimingKey, number | undefined>>;

export const timingsSchema = z.strictObject(timingKeys);

const NAMES: Readonly<Record<TimingKey, keyof Timings>> = {
  debounce: "debounce",
  max_wait: "maxWait",
  min_interval: "minInterval",
  settle_delay: "settleDelay",
  lease: "lease",
  job_poll: "jobPoll",
  busy_poll: "busyPoll",
  error_backoff: "errorBackoff",
  failed_backoff: "failedBackoff",
  cancelled_backoff: "cancelledBackoff",
  throttle_backoff: "throttleBackoff",
  max_backoff: "maxBackoff",
  park_recheck: "parkRecheck",
  max_failed_jobs: "maxFailedJobs",
};

/** The timings that follow from several levels, the more special ones last. */
export function mergeTimings(...levels: readonly (RawTimings | undefined)[]): Timings {
  const merged: Record<keyof Timings, number> = { ...DEFAULT_TIMINGS };
  for (const level of levels) {
    for (const [key, name] of Object.entries(NAMES) as [TimingKey, keyof Timings][]) {
      merged[name] = level?.[key] ?? merged[name];
    }
  }
  return merged;
}

/**
 * What doesn't fit together.
 *
 * @param where the key under which they were set
 * @param startTimeout longest time of a request to start a sync, ms
 */
export function faultsOfTimings(timings: Timings, where: string, startTimeout: number): string[] {
  const faults: string[] = [];
  const { debounce, maxWait, lease } = timings;
  if (debounce > maxWait) {
    faults.push(
      `${where}: debounce is ${formatDuration(debounce)} and max_wait ${formatDuration(maxWait)}, so the debounce ` +
        "would never count. Raise max_wait or lower debounce.",
    );
  }
  if (lease <= startTimeout) {
    faults.push(
      `${where}: lease is ${formatDuration(lease)}, but a request to start a sync may take ` +
        `${formatDuration(startTimeout)} (airbyte.start_timeout), so two replicas could ask at once. Make the lease longer.`,
    );
  }
  return faults;
}
