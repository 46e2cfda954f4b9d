import { type RelayConfig } from "../config/relay-config.ts";
import { type Services, type ServicesStore } from "./services.ts";

export interface ViewContext {
  readonly config: RelayConfig;
  readonly store: Pick<
    ServicesStore,
    | "connectionPage"
    | "credentialSummaries"
    | "credentialSummary"
    | "lastJobs"
    | "pausedUntil"
    | "recentEvents"
    | "syncProgress"
  >;
  readonly now: number;
  readonly isMapped: () => boolean;
}

export function contextOf({ config, store, clock, isMapped }: Services): ViewContext {
  return { config, store, now: clock.now(), isMapped };
}
