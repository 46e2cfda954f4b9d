import { z } from "zod";

import { API_EVENTS, EVENT_GROUPS } from "../../dixa/webhooks/events.ts";
import { timingKeys } from "../config/timings.ts";
import { accountSchema } from "./schemas.ts";

/** No control characters, and something that can be seen. */
const name = z
  .string()
  .max(200)
  // Clients that are made from the OpenAPI document know no \p{Cc}.
  // eslint-disable-next-line no-control-regex -- that there are none is what it says
  .regex(/^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x1f\x7f-\x9f\s][^\x00-\x1f\x7f-\x9f]*$/u)
  .describe("How the account is called.");
/** A secret or token: what a header can carry. */
export const secret = z.string().regex(/^[!-~]{1,500}$/);
/** Up to 24 days. */
const duration = z
  .string()
  .regex(/^([0-9]{1,3}(ms|s|m)|([1-4]?[0-9]{1,2}|5[0-6][0-9]|57[0-6])h|([0-9]|1[0-9]|2[0-4])d)$/, {
    error: "must be a duration such as 500ms, 30s, 2m, 6h or 7d, up to 24d",
  });
/** The same, 10ms at least. */
const interval = z
  .string()
  .regex(
    /^([1-9][0-9]{1,2}ms|[1-9][0-9]{0,2}(s|m)|([1-9][0-9]?|[1-4][0-9]{2}|5[0-6][0-9]|57[0-6])h|([1-9]|1[0-9]|2[0-4])d)$/,
    {
      error: "must be a duration such as 500ms, 30s, 2m, 6h or 7d, from 10ms up to 24d",
    },
  );
const MAY_BE_NONE = new Set(["debounce", "max_wait", "min_interval", "settle_delay"]);

const settings = {
  connections: z
    .union([z.literal("auto"), z.string().regex(/^tag:[ -~]{1,200}$/), z.array(z.uuid()).min(1).max(1000)])
    .describe("Which Airbyte connections follow it: auto (by credential_id), tag:<name>, or ids."),
  events: z
    .array(
      z.union([
        z.enum(["all", ...EVENT_GROUPS, ...API_EVENTS]),
        z.string().regex(/^[A-Z0-9]{1,40}(_[A-Z0-9]{1,40}){1,5}$/),
      ]),
    )
    .min(1)
    .max(100)
    .describe("Groups of events, or events as Dixa's API or webhooks name them."),
  timings: z
    .strictObject({
      ...Object.fromEntries(
        Object.keys(timingKeys)
          .filter((key) => key !== "max_failed_jobs")
          .map((key) => [key, (MAY_BE_NONE.has(key) ? duration : interval).optional()] as const),
      ),
      max_failed_jobs: z.int().min(1).max(1000).optional(),
    })
    .describe("As in the configuration; what is left out is as it is for all."),
};

const maxStaleness = interval
  .nullable()
  .describe("A sync at least so often, though nothing has come, such as 6h; null: events alone cause syncs.");
const switchOn = z
  .boolean()
  .describe(
    "Whether the relay may switch the webhook on when it finds it off in Dixa. Needs a token that is kept.",
  );
const webhookSecret = secret.describe("From the webhook's page in Dixa, when it was made there by hand.");
const dixaToken = secret.describe(
  "An API token of Dixa: the relay makes the webhook with it, and forgets it unless keep_token is true.",
);
const overlap = duration.describe("How long the secret of before still counts. Default 24h.");

export const newAccountSchema = z.strictObject({
  credential_id: z.uuid().optional().describe("Default: a new one. With one, the request may be repeated."),
  name,
  connections: settings.connections.optional(),
  events: settings.events.optional(),
  timings: settings.timings.optional(),
  max_staleness: maxStaleness.optional(),
  dixa_switch_on: switchOn.optional(),
  webhook_secret: webhookSecret.optional(),
  dixa_token: dixaToken.optional(),
  keep_token: z
    .boolean()
    .optional()
    .describe("Whether to keep the token, encrypted, to watch deliveries. Default false."),
});

export const accountChangesSchema = z.strictObject({
  name: name.optional(),
  connections: settings.connections.optional(),
  events: settings.events.optional(),
  timings: settings.timings.optional(),
  max_staleness: maxStaleness.optional(),
  dixa_switch_on: switchOn.optional(),
  webhook_secret: webhookSecret.optional(),
  dixa_token: dixaToken.optional(),
  keep_token: z
    .boolean()
    .optional()
    .describe("true keeps the token that is given, false forgets the one that is kept."),
  overlap: overlap.optional(),
});

export const rotationSchema = z.strictObject({
  dixa_token: secret.optional().describe("An API token of Dixa. Default: the one that is kept."),
  overlap: overlap.optional(),
});

export const accountOutcomeSchema = z
  .object({
    account: accountSchema,
    notes: z.array(z.string()).describe("What is worth knowing, in words."),
  })
  .describe("An account as it is now.");

export const removalSchema = z
  .object({
    credential_id: z.string(),
    name: z.string(),
    webhooks_removed: z
      .int()
      .min(0)
      .nullable()
      .describe("How many webhooks were taken away in Dixa; null: nobody asked for it."),
    stopped: z
      .array(z.object({ connection_id: z.string(), name: z.string() }))
      .describe("The connections that the relay no longer syncs."),
  })
  .describe("What a removal has stopped.");

export type AccountOutcomeView = z.infer<typeof accountOutcomeSchema>;
export type RemovalView = z.infer<typeof removalSchema>;
