import { isLost } from "../coalescer/connection-state.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { type Connection } from "../store/connection.ts";

/** Whether a connection is none of anybody's any more, so that a person may have it forgotten. */
export function mayForget(
  { credentials }: Pick<RelayConfig, "credentials">,
  { credentialId, state }: Connection,
): boolean {
  return isLost(state) || !credentials.some(({ id }) => id === credentialId);
}
