import { z } from "zod";

import { streamDescriptorSchema } from "./stream-descriptor.ts";

const emittedAt = z.number();

/** Something that went wrong; the first one of an attempt decides whether the platform tries again. */
export const errorTraceSchema = z.looseObject({
  type: z.literal("ERROR"),
  emitted_at: emittedAt,
  error: z.looseObject({
    message: z.string(),
    internal_message: z.string().optional(),
    stack_trace: z.string().optional(),
    failure_type: z.enum(["system_error", "config_error", "transient_error"]).optional(),
    stream_descriptor: streamDescriptorSchema.optional(),
  }),
});

/** How much a stream (or, never mixed with it, the whole sync) will probably bring; the last one counts. */
export const estimateTraceSchema = z.looseObject({
  type: z.literal("ESTIMATE"),
  emitted_at: emittedAt,
  estimate: z.looseObject({
    name: z.string(),
    type: z.enum(["STREAM", "SYNC"]),
    namespace: z.string().optional(),
    row_estimate: z.int().optional(),
    byte_estimate: z.int().optional(),
  }),
});

/** Where a stream stands. STARTED, RUNNING (once or more), then COMPLETE or INCOMPLETE after the last STATE. */
export const streamStatusTraceSchema = z.looseObject({
  type: z.literal("STREAM_STATUS"),
  emitted_at: emittedAt,
  stream_status: z.looseObject({
    stream_descriptor: streamDescriptorSchema,
    status: z.enum(["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"]),
    reasons: z
      .array(
        z.looseObject({
          type: z.literal("RATE_LIMITED"),
          rate_limited: z.looseObject({ quota_reset: z.int().optional() }).optional(),
        }),
      )
      .optional(),
  }),
});

export const analyticsTraceSchema = z.looseObject({
  type: z.literal("ANALYTICS"),
  emitted_at: emittedAt,
  analytics: z.looseObject({ type: z.string(), value: z.string().optional() }),
});

export const traceSchema = z.discriminatedUnion("type", [
  errorTraceSchema,
  estimateTraceSchema,
  streamStatusTraceSchema,
  analyticsTraceSchema,
]);
