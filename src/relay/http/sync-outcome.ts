import { type ConnectionView } from "./schemas.ts";
import { type SyncView } from "./sync-schemas.ts";

type Watched = Pick<
  ConnectionView,
  "connection_id" | "failed_seq" | "last_error" | "name" | "state" | "state_text"
>;

/**
 * What has become of a request for a sync.
 *
 * It has failed as soon as one connection can't be synced: it is parked, or a sync that began after the request has
 * failed. The relay goes on trying all the same; whoever asked need not wait for its back-off. Connections that are
 * gone, or follow another credential, don't count.
 *
 * @param sync.seq the request's number
 * @param sync.total for how many connections it is
 * @param sync.synced how many of them have been synced since
 * @param sync.connections some of the others, those that can't be synced first
 * @param isMapped whether Airbyte has been asked yet which connections there are
 */
export function outcomeOf(
  {
    seq,
    total,
    synced,
    connections,
  }: Pick<SyncView, "seq" | "synced" | "total"> & {
    connections: readonly Watched[];
  },
  isMapped: boolean,
): Pick<SyncView, "outcome" | "reasons"> {
  if (total === 0) {
    if (!isMapped) return { outcome: "pending", reasons: [] };
    const reason =
      "No Airbyte connection of this credential is known. Check that a source carries its credential_id, and that " +
      "the Airbyte application may see its workspace.";
    return { outcome: "failed", reasons: [{ connection_id: null, reason }] };
  }
  if (synced >= total) return { outcome: "succeeded", reasons: [] };
  const reasons = connections
    .filter(({ failed_seq, state }) => state === "parked" || failed_seq >= seq)
    .map(({ connection_id, name, last_error, state, state_text }) => ({
      connection_id,
      reason: `${name === "" ? connection_id : name}: ${
        state === "parked" ? state_text : (last_error ?? "its sync failed")
      }`,
    }));
  return { outcome: reasons.length === 0 ? "pending" : "failed", reasons };
}
