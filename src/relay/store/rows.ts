import { z } from "zod";

import { type ConnectionState } from "../coalescer/connection-state.ts";
import { type Note } from "../coalescer/inputs.ts";
import { OWED_REASONS } from "./owed.ts";

/** What the databases give back, checked: a row that isn't what was written must not become a watermark. */

const instant = z.number();
const call = z.discriminatedUnion("name", [
  z.object({ name: z.literal("look") }),
  z.object({ name: z.literal("start") }),
  z.object({ name: z.literal("follow"), jobId: z.number() }),
  z.object({ name: z.literal("inspect") }),
]);

const phase = z.discriminatedUnion("name", [
  z.object({ name: z.literal("IDLE") }),
  z.object({ name: z.literal("BUSY"), since: instant, until: instant }),
  z.object({ name: z.literal("BACKOFF"), since: instant, until: instant }),
  z.object({
    name: z.literal("TRACKING"),
    jobId: z.number(),
    cover: z.number(),
    status: z.string(),
    since: instant,
    until: instant,
  }),
  z.object({
    name: z.literal("PARKED"),
    reason: z.enum(["inactive", "locked", "gone", "unmapped", "forbidden", "invalid", "poison", "held"]),
    since: instant,
    until: instant.nullable(),
  }),
]);

export const stateSchema: z.ZodType<ConnectionState> = z.object({
  syncedSeq: z.number(),
  fence: z.number(),
  phase,
  claim: z.object({ owner: z.string(), since: instant, until: instant, cover: z.number(), call }).nullable(),
  witness: z.object({ jobId: z.number(), cover: z.number(), posted: z.boolean() }).nullable(),
  errors: z.number(),
  failedJobs: z.number(),
  // States that an earlier version has written lack these.
  failedSeq: z.number().default(0),
  urgedSeq: z.number().default(0),
  isHinted: z.boolean().default(false),
  missingSince: instant.nullable(),
  lastTriggerAt: instant.nullable(),
  lastSuccessAt: instant.nullable(),
  lastError: z.string().nullable(),
});

export const noteSchema: z.ZodType<Note> = z.object({
  kind: z.enum([
    "triggered",
    "adopted",
    "covered",
    "busy",
    "succeeded",
    "failed",
    "cancelled",
    "error",
    "throttled",
    "unauthorized",
    "parked",
    "unparked",
    "retried",
  ]),
  jobId: z.number().optional(),
  detail: z.string().optional(),
  lagMs: z.number().optional(),
});

export const credentialRow = z.object({
  credential_id: z.string(),
  seq: z.number(),
  urgent_seq: z.number(),
  last_event_at: instant.nullable(),
});

export const owingRow = z.object({
  credential_id: z.string(),
  seq: z.number(),
  last_event_at: instant.nullable(),
  owed_at: instant.nullable(),
});

export const subscriptionRow = z.object({
  /** `unknown`: nobody has asked Dixa yet. */
  state: z.enum(["unknown", "on", "off", "missing"]),
  since: instant,
  checked_at: instant,
  failing: z.string().nullable(),
  failed_at: instant.nullable(),
});

export const connectionRow = z.object({
  connection_id: z.string(),
  credential_id: z.string(),
  name: z.string(),
  workspace_id: z.string(),
  source_id: z.string(),
  source_name: z.string(),
  status: z.string(),
  discovered_at: instant,
  state: z.string(),
  seq: z.number().nullable(),
  urgent_seq: z.number().nullable(),
  last_event_at: instant.nullable(),
  first_at: instant.nullable(),
});

export const eventRow = z.object({
  credential_id: z.string(),
  event_id: z.string(),
  event_type: z.string(),
  received_at: instant,
  seq: z.number(),
});

export const accountRow = z.object({
  credential_id: z.string(),
  settings: z.string(),
  secrets: z.string(),
  created_at: instant,
  changed_at: instant,
  removed_at: instant.nullable(),
});

export const summaryRow = z.object({
  credential_id: z.string(),
  seq: z.number(),
  last_event_at: instant.nullable(),
  owed_seq: z.number().nullable(),
  owed_at: instant.nullable(),
  owed_reason: z.enum(OWED_REASONS).nullable(),
  subscription_state: z.enum(["on", "off", "missing"]).nullable(),
  subscription_since: instant.nullable(),
  subscription_failing: z.string().nullable(),
});

export const phaseRow = z.object({
  credential_id: z.string(),
  phase: z.enum(["IDLE", "CLAIMED", "TRACKING", "BUSY", "BACKOFF", "PARKED"]),
  connections: z.number(),
  behind: z.number(),
  first_at: instant.nullable(),
});
