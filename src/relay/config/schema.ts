import { z } from "zod";

import { EVENT_GROUPS, isEventSelector } from "../../dixa/webhooks/events.ts";
import {
  address,
  duration,
  interval,
  listenAddress,
  positiveNumber,
  text,
  uuid,
  wholeNumber,
} from "./scalars.ts";
import { secretKey } from "./secret-key.ts";
import { timingKeys, timingsSchema } from "./timings.ts";

const DIXA_API_URL = "https://dev.dixa.io";
const SHORTEST_TOKEN = 16;
const MAKE_TOKEN = "make one with `openssl rand -hex 32`";

/** What can stand behind `Bearer` in a header, and is not taken apart there. */
const BEARER = /^[\x21-\x2b\x2d-\x7e]*$/;
const NO_BEARER =
  "must not contain spaces, commas or anything beyond ASCII: no Authorization header can carry them";

const NO_COLON = "must not contain a colon, which ends the user name in an Authorization header";

const accessToken = z
  .string({ error: `must be a text of at least ${SHORTEST_TOKEN} characters: ${MAKE_TOKEN}` })
  .trim()
  .regex(BEARER, { error: `${NO_BEARER}; ${MAKE_TOKEN}` })
  .min(SHORTEST_TOKEN, { error: `must have at least ${SHORTEST_TOKEN} characters: ${MAKE_TOKEN}` });

/** A list; text from the environment is split at commas. */
function list<T extends z.ZodType>(item: T, remedy: string) {
  return z.preprocess(
    (value) =>
      typeof value === "string"
        ? value
            .split(",")
            .map((part) => part.trim())
            .filter((part) => part !== "")
        : value,
    z.array(item, { error: remedy }),
  );
}

/** Which events lead to a sync. */
export const events = list(
  z.string().refine(isEventSelector, {
    error:
      `is no event: name a group (all, ${EVENT_GROUPS.join(", ")}), an event as in Dixa's API ` +
      "(ConversationClosed) or as in its webhooks (CONVERSATION_CLOSED)",
  }),
  "must be all, or a list of groups and events such as [conversation, message]",
);

const WANTED_CONNECTIONS = "must be auto, tag:<name>, or a list of Airbyte connection ids";

/** Which connections carry a credential. */
export const connections = z.union(
  [
    z.literal("auto"),
    z.templateLiteral(["tag:", z.string().min(1)]),
    list(uuid, WANTED_CONNECTIONS).pipe(z.array(z.string()).min(1, { error: WANTED_CONNECTIONS })),
  ],
  { error: WANTED_CONNECTIONS },
);

/** Text from the environment is meant, too. */
const flag = z.preprocess(
  (value) => (value === "true" ? true : value === "false" ? false : value),
  z.boolean({ error: "must be true or false" }),
);

const credential = z.strictObject({
  id: uuid,
  name: text("must not be empty").optional(),
  auth: z
    .enum(["signature", "basic", "bearer", "none"], { error: "must be signature, basic, bearer or none" })
    .default("signature"),
  webhook_secrets: list(
    text("must not be empty: it is the secret on the webhook's page in Dixa"),
    "must be a list of secrets, such as [${DIXA_WEBHOOK_SECRET}]",
  ).default([]),
  signature_max_age: interval.optional(),
  username: text("must not be empty")
    .refine((name) => !name.includes(":"), { error: NO_COLON })
    .optional(),
  password: text("must not be empty").optional(),
  token: text("must not be empty").regex(BEARER, { error: NO_BEARER }).optional(),
  connections: connections.default("auto"),
  events: events.default(["all"]),
  dixa_api_token: text("must not be empty: it is an API token of Dixa").optional(),
  dixa_api_url: address.default(DIXA_API_URL),
  dixa_switch_on: flag.default(false),
  max_staleness: interval.optional(),
  connection_timings: z.record(uuid, timingsSchema).default({}),
  ...timingKeys,
});

const airbyte = z.strictObject({
  url: address.default("https://api.airbyte.com/v1"),
  app_url: address.optional(),
  auth: z
    .enum(["client_credentials", "basic", "bearer", "none"], {
      error: "must be client_credentials, basic, bearer or none",
    })
    .default("client_credentials"),
  client_id: text("must not be empty").optional(),
  client_secret: text("must not be empty").optional(),
  username: text("must not be empty")
    .refine((name) => !name.includes(":"), { error: NO_COLON })
    .optional(),
  password: text("must not be empty").optional(),
  token: text("must not be empty").regex(BEARER, { error: NO_BEARER }).optional(),
  workspaces: list(uuid, "must be a list of workspace ids; empty means all").default([]),
  requests_per_second: positiveNumber(1000).default(1),
  burst: wholeNumber(1, 1000).default(5),
  concurrency: wholeNumber(1, 100).default(2),
  start_timeout: interval.optional(),
  timeout: interval.default(15_000),
  notification_secret: z
    .string()
    .regex(/^[\w-]{16,200}$/, {
      error: `must be 16 to 200 letters, digits, - or _, since it is part of an address: ${MAKE_TOKEN}`,
    })
    .optional(),
});

/** The configuration as a person writes it. */
export const relayConfigSchema = z.strictObject({
  listen: listenAddress.default({ host: "0.0.0.0", port: 8080 }),
  public_url: address.optional(),
  store: text("must be a path such as ./relay.db, or postgres://…").default("./relay.db"),
  admin_token: accessToken,
  metrics_token: accessToken.optional(),
  secret_key: secretKey.optional(),
  old_secret_keys: list(secretKey, "must be a list of earlier values of secret_key").default([]),
  dixa_api_url: address.default(DIXA_API_URL),
  airbyte: airbyte.prefault({}),
  credentials: z.array(credential, { error: "must be a list with one entry per Dixa account" }).default([]),
  timings: z
    .strictObject({
      ...timingKeys,
      refresh: interval.default(300_000),
      outage: interval.default(30_000),
      watch: interval.default(300_000),
    })
    .prefault({}),
  on_discover: z.enum(["sync", "ignore"], { error: "must be sync or ignore" }).default("sync"),
  retention: interval.default(7 * 86_400_000),
  shutdown_delay: duration.default(3000),
  shutdown_timeout: duration.optional(),
  log_level: z
    .enum(["trace", "debug", "info", "warn", "error"], {
      error: "must be trace, debug, info, warn or error",
    })
    .default("info"),
});

export type RawRelayConfig = z.output<typeof relayConfigSchema>;
export type RawCredential = RawRelayConfig["credentials"][number];
