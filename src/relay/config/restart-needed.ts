import { type RelayConfig } from "./relay-config.ts";

/** What a running relay holds on to, by the key that sets it. */
const FIXED: Readonly<Record<string, (config: RelayConfig) => unknown>> = {
  listen: ({ listen }) => [listen.host, listen.port],
  store: ({ store }) => store,
  "airbyte.concurrency": ({ airbyte }) => airbyte.concurrency,
};

/** The keys whose change needs a restart. */
export function restartNeeded(before: RelayConfig, after: RelayConfig): string[] {
  return Object.entries(FIXED).flatMap(([key, valueOf]) =>
    JSON.stringify(valueOf(before)) === JSON.stringify(valueOf(after)) ? [] : [key],
  );
}
