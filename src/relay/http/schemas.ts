import { z } from "zod";

import { OWED_REASONS } from "../store/owed.ts";

const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: "date-time", examples: ["2026-01-31T12:00:00.000Z"] });

const link = z.string().meta({ format: "uri" });
const number = z.int().min(0);

export const PHASES = ["clean", "pending", "claimed", "tracking", "busy", "backoff", "parked"] as const;

export const jobSchema = z
  .object({
    job_id: number.describe("Airbyte's number of the job."),
    outcome: z
      .string()
      .describe(
        "triggered, adopted, succeeded, covered, failed, cancelled, or Airbyte's word while it runs.",
      ),
    at: instant,
    url: link.nullable().describe("The job in Airbyte's web application."),
  })
  .describe("A sync in Airbyte.");

export const connectionSchema = z
  .object({
    connection_id: z.string(),
    credential_id: z.string(),
    name: z.string(),
    workspace_id: z.string(),
    source_name: z.string(),
    airbyte_status: z.string().describe("active, inactive, locked, deprecated, or newer."),
    url: link.nullable().describe("The connection in Airbyte's web application."),
    state: z.enum(PHASES),
    state_text: z.string().describe("The state in words."),
    seq: number.describe("Number of the credential's newest event."),
    synced_seq: number.describe(
      "Watermark: a sync that began to read after this event was accepted has succeeded.",
    ),
    pending_events: number.describe("seq − synced_seq."),
    pending_since: instant.nullable().describe("When the oldest event above the watermark was accepted."),
    park_reason: z.string().nullable(),
    failed_jobs: number.describe("Syncs in a row that failed or were cancelled."),
    failed_seq: number.describe("Newest event that a sync which failed or was cancelled would have covered."),
    last_error: z.string().nullable(),
    last_triggered_at: instant.nullable(),
    last_succeeded_at: instant.nullable(),
    last_job: jobSchema.nullable(),
  })
  .describe("An Airbyte connection whose source carries a credential.");

export const connectionPageSchema = z
  .object({ total: number.describe("Of how many."), connections: z.array(connectionSchema) })
  .describe("Some of the connections of a Dixa account, those that need a person first, then by name.");

export const eventSchema = z
  .object({
    seq: number,
    event_id: z.string(),
    event_type: z.string(),
    received_at: instant,
  })
  .describe("An accepted webhook.");

export const owedSchema = z
  .object({
    reason: z.enum(OWED_REASONS),
    seq: number.describe("Its number; a connection owes it while its synced_seq is below."),
    at: instant,
  })
  .describe("A sync that is owed without an event, for what may have gone unheard.");

export const subscriptionSchema = z
  .object({
    state: z.enum(["on", "off", "missing"]),
    since: instant.describe("Since when it has been found so."),
    failing: z.string().nullable().describe("The last delivery that failed, as Dixa tells of it."),
  })
  .describe("What Dixa says of the webhook that sends here.");

const origin = z
  .enum(["configuration", "store"])
  .describe("Where it is declared: in the relay's configuration, or made while the relay runs.");
const problem = z
  .string()
  .nullable()
  .describe("What a person must do before it works, in words; null: nothing.");

export const accountSchema = z
  .object({
    credential_id: z.string(),
    name: z.string(),
    origin,
    problem,
    webhook_url: z.string().nullable().describe("Where Dixa sends its webhooks; null without public_url."),
    dixa_events: z.array(z.string()).describe("The events to tick on the webhook's page in Dixa."),
    old_secret_until: instant
      .nullable()
      .describe("Until when a secret of before still counts; null if there is none."),
    settings: z
      .object({
        connections: z.union([z.string(), z.array(z.string())]),
        events: z.array(z.string()),
        timings: z.record(z.string(), z.union([z.string(), z.number()])),
        max_staleness: z
          .string()
          .nullable()
          .describe("A sync at least so often; null: events alone cause syncs."),
        dixa_switch_on: z.boolean().describe("Whether the relay may switch the webhook on in Dixa."),
      })
      .nullable()
      .describe("What can be changed here; null: it is declared in the configuration."),
    keeps_token: z.boolean().describe("Whether an API token of Dixa is kept, encrypted."),
    dixa_webhook_id: z.string().nullable().describe("Of the webhook that the relay has made in Dixa."),
    created_at: instant.nullable(),
  })
  .describe("How a Dixa account is set up.");

const summary = {
  credential_id: z.string(),
  name: z.string(),
  origin,
  problem,
  seq: number.describe("Number of the newest event; 0 when there has been none."),
  last_event_at: instant.nullable(),
  pending_since: instant
    .nullable()
    .describe("When the oldest event that some connection lacks was accepted."),
  last_owed: owedSchema.nullable().describe("The last sync that was owed without an event."),
  subscription: subscriptionSchema
    .nullable()
    .describe("Null while Dixa has not been asked, and without a token to ask with."),
};

export const credentialSummarySchema = z
  .object({
    ...summary,
    connections: z
      .record(z.enum(PHASES), number)
      .describe("How many connections are in which state, without those that are gone."),
  })
  .describe("A Dixa account in short.");

export const credentialListSchema = z
  .object({ credentials: z.array(credentialSummarySchema) })
  .describe("All Dixa accounts.");

export const credentialSchema = z
  .object({
    ...summary,
    webhook_url: z.string().nullable().describe("Where Dixa sends its webhooks; null without public_url."),
    auth: z.enum(["signature", "basic", "bearer", "none"]),
    is_mapped: z
      .boolean()
      .describe("Whether this replica has learnt from Airbyte yet which connections there are."),
    connections: z
      .array(connectionSchema)
      .describe("Some of its connections: those that need a person first, then by name."),
    total_connections: number.describe("Of how many."),
    recent_events: z.array(eventSchema),
    account: accountSchema,
  })
  .describe("A Dixa account with some of its connections.");

export const acceptedSchema = z
  .object({ status: z.enum(["new", "duplicate", "filtered"]) })
  .describe("The webhook is kept, was kept before, or is of a kind that causes no sync.");

export const notedSchema = z
  .object({ status: z.enum(["noted", "unknown"]) })
  .describe("Whether the relay knows the connection.");

export const healthSchema = z
  .object({
    status: z.enum(["ok", "stopping", "unavailable"]),
    problems: z
      .array(z.string())
      .optional()
      .describe("What a person should see to, though webhooks are accepted; the log names it."),
  })
  .describe("How the relay is.");

export type AccountView = z.infer<typeof accountSchema>;
export type JobView = z.infer<typeof jobSchema>;
export type ConnectionView = z.infer<typeof connectionSchema>;
export type ConnectionPageView = z.infer<typeof connectionPageSchema>;
export type EventView = z.infer<typeof eventSchema>;
export type CredentialSummaryView = z.infer<typeof credentialSummarySchema>;
export type CredentialView = z.infer<typeof credentialSchema>;
