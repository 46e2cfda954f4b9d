import { type AddressInfo } from "node:net";

import { systemClock } from "../../src/http/clock.ts";
import { SecretFilter } from "../../src/logging/secret-filter.ts";
import { CurrentConfig } from "../../src/relay/accounts/current-config.ts";
import { openAccounts } from "../../src/relay/accounts/open-accounts.ts";
import { loadRelayConfig } from "../../src/relay/config/load.ts";
import { createServer } from "../../src/relay/http/server.ts";
import { openStore } from "../../src/relay/store/open.ts";
import { createRelayLogger } from "../../src/relay/telemetry/log.ts";
import { Metrics } from "../../src/relay/telemetry/metrics.ts";

/** The relay's server, signature checks and all, before a store that keeps nothing. A process of its own. */
const secrets = new SecretFilter();
const { config } = loadRelayConfig({ path: process.argv[2], env: {}, secrets });
const logger = createRelayLogger({ secrets, level: config.logLevel });
const store = await openStore(":memory:", { clock: systemClock, timingsOf: config.timingsOf });
const current = new CurrentConfig(config);
const app = createServer({
  config,
  accounts: openAccounts({ current, store, clock: systemClock, hide: () => undefined }).accounts,
  clock: systemClock,
  logger,
  metrics: new Metrics(),
  store,
  ingest: { accept: () => Promise.resolve("new"), probe: () => Promise.resolve() },
  wake: () => undefined,
  remap: () => undefined,
  isMapped: () => true,
  stopping: new AbortController().signal,
});
await app.listen({ host: "127.0.0.1", port: 0, listenTextResolver: () => "listening" });
process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`);
