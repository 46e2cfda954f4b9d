import { type ConnectionView, type SyncView } from "./schemas.ts";

type Watched = Pick<
  ConnectionView,
  "connection_id" | "failed_jobs" | "last_error" | "name" | "state" | "state_text" | "synced_seq"
>;

/** Syncs in a row that had failed when a sync was asked for, by connection. */
export type Baseline = ReadonlyMap<string, number>;

export function baselineOf(connections: readonly Watched[]): Baseline {
  return new Map(connections.map(({ connection_id, failed_jobs }) => [connection_id, failed_jobs]));
}

/**
 * What has become of a request for a sync.
 *
 * It has failed as soon as one connection can't be synced: it is parked, or a sync of it has failed since. The relay
 * goes on trying all the same; whoever asked need not wait for its back-off.
 *
 * @param seq the request's number
 */
export function outcomeOf(
  connections: readonly Watched[],
  seq: number,
  baseline: Baseline,
): Pick<SyncView, "outcome" | "reasons"> {
  if (connections.length === 0) {
    const reason =
      "No Airbyte connection of this credential is known. Check that a source carries its credential_id, and that " +
      "the Airbyte application may see its workspace.";
    return { outcome: "failed", reasons: [{ connection_id: null, reason }] };
  }
  const waiting = connections.filter(({ synced_seq }) => synced_seq < seq);
  if (waiting.length === 0) return { outcome: "succeeded", reasons: [] };
  const reasons = waiting
    .filter(
      ({ connection_id, failed_jobs, state }) =>
        state === "parked" || failed_jobs > (baseline.get(connection_id) ?? 0),
    )
    .map(({ connection_id, name, last_error, state, state_text }) => ({
      connection_id,
      reason: `${name === "" ? connection_id : name}: ${
        state === "parked" ? state_text : (last_error ?? "its sync failed")
      }`,
    }));
  return { outcome: reasons.length === 0 ? "pending" : "failed", reasons };
}
