import { ConnectorError } from "../../airbyte/protocol/failure.ts";

/** So many conversations are named in a message. */
const MOST_NAMED = 10;

/** That conversations are gone from which Dixa has erased something. */
export function lost(ids: readonly number[]): string {
  return `Dixa has no conversation ${fewOf(ids)} any more; rows of it can't be read again`;
}

/**
 * That the activities of conversations are refused which Dixa has.
 *
 * @param refused the status by conversation
 */
export function unreadable(refused: ReadonlyMap<number, number>): ConnectorError {
  const statuses = [...new Set(refused.values())].join(" or ");
  return new ConnectorError(
    "transient_error",
    `Dixa answers ${statuses} for the activities of conversation ${fewOf([...refused.keys()])}, though it has the conversation: what ` +
      "it has erased from it can't be read again, so that the destination may still hold it. The next sync tries again.",
  );
}

/** The first of them, and how many more there are. */
function fewOf(ids: readonly number[]): string {
  const more = ids.length - MOST_NAMED;
  return ids.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
