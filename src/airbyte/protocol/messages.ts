/**
 * The messages of the Airbyte protocol, version 0.18.0, after the platform's own schema (`airbyte_protocol.yaml`).
 *
 * The field's words, as this project uses them:
 * - stream: one kind of rows, with one schema, key and cursor
 * - slice: a part of a stream that is read with one request, or one run of pages
 * - cursor: the field by which rows are placed in time, and the instant up to which they have been read
 * - state: what the platform keeps for us between syncs and hands back
 * - checkpoint: a STATE message in the middle of a sync; what came before it need not be read again
 * - lookback: how far before the cursor an incremental sync reads again
 * - connection: a source and a destination with a choice of streams
 * - job: one run of a connection, with one or more attempts
 */
import { z } from "zod";

import { airbyteStreamSchema } from "./catalog.ts";
import { specificationSchema } from "./specification.ts";
import { stateSchema } from "./state.ts";
import { traceSchema } from "./trace.ts";

const json = z.record(z.string(), z.unknown());

export const recordSchema = z.looseObject({
  stream: z.string(),
  namespace: z.string().optional(),
  data: json,
  emitted_at: z.int(),
  meta: z
    .looseObject({
      changes: z
        .array(
          z.looseObject({ field: z.string(), change: z.enum(["NULLED", "TRUNCATED"]), reason: z.string() }),
        )
        .optional(),
    })
    .optional(),
});

export const logSchema = z.looseObject({
  level: z.enum(["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"]),
  message: z.string(),
  stack_trace: z.string().optional(),
});

export const connectionStatusSchema = z.looseObject({
  status: z.enum(["SUCCEEDED", "FAILED"]),
  message: z.string().optional(),
});

const catalogSchema = z.looseObject({ streams: z.array(airbyteStreamSchema) });

export const controlSchema = z.looseObject({
  type: z.literal("CONNECTOR_CONFIG"),
  emitted_at: z.number(),
  connectorConfig: z.looseObject({ config: json }),
});

const destinationCatalogSchema = z.looseObject({ operations: z.array(json) });

/** One line of stdout. */
export const airbyteMessageSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("RECORD"), record: recordSchema }),
  z.looseObject({ type: z.literal("STATE"), state: stateSchema }),
  z.looseObject({ type: z.literal("LOG"), log: logSchema }),
  z.looseObject({ type: z.literal("SPEC"), spec: specificationSchema }),
  z.looseObject({ type: z.literal("CONNECTION_STATUS"), connectionStatus: connectionStatusSchema }),
  z.looseObject({ type: z.literal("CATALOG"), catalog: catalogSchema }),
  z.looseObject({ type: z.literal("TRACE"), trace: traceSchema }),
  z.looseObject({ type: z.literal("CONTROL"), control: controlSchema }),
  z.looseObject({ type: z.literal("DESTINATION_CATALOG"), destination_catalog: destinationCatalogSchema }),
]);

export type AirbyteMessage = z.infer<typeof airbyteMessageSchema>;
