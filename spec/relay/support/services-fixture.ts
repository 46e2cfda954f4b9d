import { systemClock } from "../../../src/http/clock.ts";
import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { CurrentConfig } from "../../../src/relay/accounts/current-config.ts";
import { type OpenDixa } from "../../../src/relay/accounts/dixa-account.ts";
import { openAccounts } from "../../../src/relay/accounts/open-accounts.ts";
import { toRelayConfig } from "../../../src/relay/config/convert.ts";
import { type RelayConfig } from "../../../src/relay/config/relay-config.ts";
import { type RawCredential, relayConfigSchema } from "../../../src/relay/config/schema.ts";
import { SERVER_TUNING, type ServerTuning } from "../../../src/relay/http/server.ts";
import { type Ingest, type Services } from "../../../src/relay/http/services.ts";
import { createRelayLogger } from "../../../src/relay/telemetry/log.ts";
import { Metrics } from "../../../src/relay/telemetry/metrics.ts";
import { MemoryStore } from "./services-store.ts";

/** As the relay's own, but nothing is given out twice. */
export const TEST_TUNING: ServerTuning = { ...SERVER_TUNING, answerAgeMs: 0 };
export const ADMIN_TOKEN = "admin-token-0123456789";
export const SECRET = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
export const SIGNED = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
export const BASIC = "11111111-6a0e-4d1c-9a54-0a4f5c1b2d3e";
export const BEARER = "22222222-6a0e-4d1c-9a54-0a4f5c1b2d3e";
export const OPEN = "33333333-6a0e-4d1c-9a54-0a4f5c1b2d3e";
export const CONNECTION = "e735894a-e773-4938-969f-45f53957b75b";
export const OTHER_CONNECTION = "f1234567-e773-4938-969f-45f53957b75b";

/** A configuration with one credential of each kind. */
export function testConfig(
  more: Record<string, unknown> = {},
  first: Partial<RawCredential> = {},
): RelayConfig {
  const raw = relayConfigSchema.parse({
    public_url: "https://relay.example.com",
    store: ":memory:",
    admin_token: ADMIN_TOKEN,
    airbyte: { url: "https://airbyte.example.com/api/public/v1", auth: "none" },
    credentials: [
      { id: SIGNED, name: "Dixa EU", webhook_secrets: [SECRET], ...first },
      { id: BASIC, name: "Dixa US", auth: "basic", username: "dixa", password: "pass:word" },
      { id: BEARER, auth: "bearer", token: "bearer-token" },
      { id: OPEN, auth: "none" },
    ],
    ...more,
  });
  const { config, faults } = toRelayConfig(raw, {
    folder: "/",
    databaseUrl: undefined,
    secretsFiles: [],
    mayLackSecrets: false,
    nameOf: (path) => path.join("."),
  });
  if (faults.length > 0) throw new Error(faults.join("; "));
  return config;
}

export interface TestServices extends Services {
  readonly store: MemoryStore;
  readonly lines: string[];
  readonly stop: () => void;
  wakes: number;
  /** Credentials of webhooks that could not be checked. */
  readonly unchecked: string[];
}

/** A services on a store in memory. */
export function testServices(
  options: {
    config?: RelayConfig;
    ingest?: Ingest;
    now?: () => number;
    level?: string;
    openDixa?: OpenDixa;
  } = {},
): TestServices {
  const current = new CurrentConfig(options.config ?? testConfig());
  const now = options.now ?? (() => Date.now());
  const clock = { ...systemClock, now };
  const store = new MemoryStore(now, (...ids) => current.value.timingsOf(...ids));
  const secrets = new SecretFilter();
  secrets.hide([ADMIN_TOKEN, SECRET, "pass:word", "bearer-token"]);
  const lines: string[] = [];
  const stopping = new AbortController();
  const { accounts } = openAccounts({
    current,
    store,
    clock,
    hide: (hidden) => {
      secrets.hide(hidden);
    },
    openDixa: options.openDixa,
  });
  const services: TestServices = {
    get config() {
      return current.value;
    },
    accounts,
    clock,
    logger: createRelayLogger({
      secrets,
      level: options.level ?? "debug",
      write: (line) => lines.push(line),
    }),
    metrics: new Metrics(),
    store,
    ingest: options.ingest ?? store,
    wake: () => {
      services.wakes++;
    },
    wakes: 0,
    onUnchecked: (id) => services.unchecked.push(id),
    unchecked: [],
    remap: () => undefined,
    isMapped: () => true,
    stopping: stopping.signal,
    stop: () => {
      stopping.abort();
    },
    lines,
  };
  return services;
}
