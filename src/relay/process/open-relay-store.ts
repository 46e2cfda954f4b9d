import { type Clock } from "../../http/clock.ts";
import { type CurrentConfig } from "../accounts/current-config.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { messageOf } from "../store/error-message.ts";
import { openStoreInTime } from "../store/open.ts";
import { type Store } from "../store/store.ts";
import { type Logger } from "../telemetry/log.ts";
import { QuietLog } from "../telemetry/quiet-log.ts";

/** The path of the store's file, or the address of its database. */
export function locationOf({ store }: RelayConfig): string {
  return store.kind === "postgres" ? store.url : store.path;
}

/** Opens the relay's store, waiting for a database that can't be reached yet. Timings are those of the moment. */
export async function openRelayStore(
  { current, clock, logger }: { current: CurrentConfig; clock: Clock; logger: Logger },
  signal: AbortSignal,
): Promise<Store> {
  const trouble = new QuietLog(logger, clock);
  const config = current.value;
  return await openStoreInTime(
    locationOf(config),
    {
      // Replicas agree by the database's clock; a file has none.
      clock: config.store.kind === "sqlite" ? clock : undefined,
      timingsOf: (credentialId, connectionId) => current.value.timingsOf(credentialId, connectionId),
      soonestOf: (credentialId) => current.value.soonestOf(credentialId),
      onConnectionError: (error) => {
        trouble.warn("connection", `a connection to the database broke: ${error.message}`);
      },
      onWait: (error) => {
        trouble.warn("open", `waiting for the database: ${messageOf(error)}`);
      },
    },
    signal,
  );
}
