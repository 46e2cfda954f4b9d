import { type Clock } from "../../http/clock.ts";
import { type CurrentConfig } from "../accounts/current-config.ts";
import { type Bell, repeat, type RepeatOptions } from "../dispatch/repeat.ts";
import { messageOf } from "../store/error-message.ts";
import { type Store } from "../store/store.ts";
import { type AccountWatch } from "./account-watch.ts";
import { type AirbyteSide } from "./airbyte-side.ts";
import { type Reloads } from "./reloads.ts";
import { type Trouble } from "./trouble.ts";

export interface RepeatedTasksOptions extends Pick<AirbyteSide, "directory" | "dispatcher"> {
  current: CurrentConfig;
  store: Pick<Store, "purge" | "recover">;
  clock: Clock;
  trouble: Trouble;
  accounts: AccountWatch;
  reloads: Reloads;
  /** Rung when the connections that are wanted have changed. */
  remap: Bell;
}

const PURGE_EVERY_MS = 3_600_000;
const RECOVER_EVERY_MS = 60_000;
/** Between two looks whether other replicas have changed accounts, ms: one statement. */
const LOOK_EVERY_MS = 1000;
/** Between two looks at the files of the configuration, ms. */
const WATCH_EVERY_MS = 1000;
/** After a task that failed: the first step, ms. */
const RETRY_MS = 5000;

/** Runs what a replica does now and again until the signal is aborted. */
export async function runRepeatedTasks(options: RepeatedTasksOptions, signal: AbortSignal): Promise<void> {
  const { current, store, clock, trouble, accounts, reloads, directory, dispatcher, remap } = options;
  const run = (
    work: (stopped: AbortSignal) => Promise<unknown>,
    every: RepeatOptions["every"],
    more: Partial<RepeatOptions> = {},
  ) => repeat(work, signal, { clock, retryAfter: RETRY_MS, every, onError: trouble.onError, ...more });
  const refresh = async (stopped: AbortSignal): Promise<void> => {
    if (await directory.refresh(stopped)) dispatcher.wake();
  };
  await Promise.all([
    run(refresh, () => current.value.refreshMs, {
      bell: remap,
      onError: (error) => {
        trouble.warn("refresh", `Airbyte's connections can't be listed: ${messageOf(error)}`);
      },
    }),
    run(() => accounts.look(), LOOK_EVERY_MS),
    run(() => store.recover(), RECOVER_EVERY_MS),
    run(() => reloads.look(), WATCH_EVERY_MS),
    run(() => store.purge(clock.now() - current.value.retentionMs), PURGE_EVERY_MS),
  ]);
}
