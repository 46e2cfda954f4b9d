import { z } from "zod";

/**
 * What Airbyte's public API v1 answers, as far as it is used here. Airbyte adds fields and statuses in any release,
 * so objects are loose and every enumeration is an open string.
 */

/** Java's `OffsetDateTime.toString()` leaves out seconds that are zero (`2023-03-25T01:30Z`), so no strict ISO parser fits. */
const instant = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  context.issues.push({ code: "custom", message: "must be a date-time", input: text });
  return z.NEVER;
});

export const jobSchema = z
  .looseObject({
    jobId: z.int(),
    /** `pending`, `queued`, `running`, `incomplete` (between attempts), `failed`, `succeeded`, `cancelled`, or newer. */
    status: z.string(),
    /** `sync`, `reset`, `refresh`, `clear`, or newer. */
    jobType: z.string(),
    /** When the job was created, not when it began to read. ms UTC, to the second. */
    startTime: instant,
    connectionId: z.string(),
    /** ms UTC; only on jobs that have ended. */
    lastUpdatedAt: instant.nullish(),
    bytesSynced: z.number().nullish(),
    rowsSynced: z.number().nullish(),
  })
  .readonly();

export const sourceSchema = z
  .looseObject({
    sourceId: z.string(),
    name: z.string().catch(""),
    workspaceId: z.string().catch(""),
    definitionId: z.string().nullish(),
    /** Secrets in it read back as ten asterisks. */
    configuration: z.record(z.string(), z.unknown()).catch({}),
  })
  .readonly();

const tag = z.looseObject({ tagId: z.string(), name: z.string() }).readonly();

const configuredStream = z.looseObject({ name: z.string() }).readonly();

export const connectionSchema = z
  .looseObject({
    connectionId: z.string(),
    name: z.string().catch(""),
    sourceId: z.string(),
    workspaceId: z.string().catch(""),
    /** `active`; `inactive` (switched off), `locked` (payment, for example), `deprecated` (deleted for good), or newer. */
    status: z.string(),
    configurations: z
      .looseObject({ streams: z.array(configuredStream).readonly().nullish() })
      .readonly()
      .nullish(),
    /** Airbyte has them since 2025. */
    tags: z.array(tag).readonly().nullish(),
  })
  .readonly();

export type AirbyteJob = z.infer<typeof jobSchema>;
export type AirbyteSource = z.infer<typeof sourceSchema>;
export type AirbyteConnection = z.infer<typeof connectionSchema>;

/** A list's page. Its links to other pages are of no use. */
export const pageSchema = z.looseObject({ data: z.array(z.unknown()) });
