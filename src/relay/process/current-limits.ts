import { type CurrentConfig } from "../accounts/current-config.ts";
import { type SharedLimits } from "../store/shared-limits.ts";

/** A place for a request in flight outlives the longest request by this, ms. */
const SLOT_MARGIN_MS = 30_000;

/** The limits of the moment, but for the number of workers. */
export function limitsOf(current: CurrentConfig): SharedLimits {
  const { concurrency } = current.value.airbyte;
  return {
    concurrency,
    get perSecond() {
      return current.value.airbyte.perSecond;
    },
    get burst() {
      return current.value.airbyte.burst;
    },
    get slotLease() {
      return current.value.airbyte.startTimeoutMs + SLOT_MARGIN_MS;
    },
  };
}
