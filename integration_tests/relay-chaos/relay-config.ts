import { type AirbyteSimulator, CLIENT_ID, CLIENT_SECRET } from "../simulators/airbyte/index.ts";

/** With which Dixa's webhooks are signed. */
export const SECRET = "00112233445566778899aabbccddeeff";

export const ADMIN_TOKEN = "chaos-admin-token-0123456789";

export interface ChaosConfigOptions {
  /** Address and port. */
  listen: string;
  store: string;
  airbyte: AirbyteSimulator;
  credentials: readonly string[];
  /** Requests to Airbyte a second. */
  perSecond?: number;
  /** More of what is written under `airbyte`. */
  more?: Record<string, unknown>;
  timings: Record<string, unknown>;
  /** Under which secrets of accounts are encrypted that are made meanwhile. Default: none can be made. */
  secretKey?: string;
}

/** The configuration of a relay that is in a hurry, as JSON, which is YAML. */
export function chaosConfig(options: ChaosConfigOptions): string {
  const { listen, store, airbyte, credentials, perSecond = 300, more, timings, secretKey } = options;
  return JSON.stringify({
    listen,
    store,
    admin_token: ADMIN_TOKEN,
    ...(secretKey === undefined ? {} : { secret_key: secretKey }),
    shutdown_delay: "0s",
    airbyte: {
      url: airbyte.url,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      requests_per_second: perSecond,
      burst: perSecond,
      ...more,
    },
    credentials: credentials.map((id) => ({ id, webhook_secrets: [SECRET] })),
    timings,
  });
}
