import { z } from "zod";

import { ConnectorError } from "./failure.ts";
import { describeShape } from "./issues.ts";
import { streamKey } from "./stream-descriptor.ts";

/** A stream as `discover` lists it. */
export const airbyteStreamSchema = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  json_schema: z.record(z.string(), z.unknown()),
  supported_sync_modes: z.array(z.enum(["full_refresh", "incremental"])).min(1),
  source_defined_cursor: z.boolean().optional(),
  default_cursor_field: z.array(z.string()).optional(),
  source_defined_primary_key: z.array(z.array(z.string())).optional(),
  is_resumable: z.boolean().optional(),
  is_file_based: z.boolean().optional(),
});

/** What a source needs to know of a stream that a connection has chosen. */
export interface ConfiguredStream {
  name: string;
  namespace: string | undefined;
  /** As it came: whether it is one that we know is decided per stream, so that one odd entry spares the others. */
  syncMode: string;
  /** The stream's schema, which a user may have thinned out. */
  schema: Record<string, unknown> | undefined;
  /** Number of the stream's generation of rows, counted up by each refresh; undefined if the client counts none. */
  generationId: number | undefined;
  /** The destination deletes rows of earlier generations than this. */
  minimumGenerationId: number | undefined;
  /** Number of the job, the same in all its attempts. */
  syncId: number | undefined;
}

// Clients write nulls for what is missing and keys of their own (seen: test suites that dump pydantic models).
const configuredCatalogSchema = z.looseObject({
  streams: z.array(
    z.looseObject({
      stream: z.looseObject({
        name: z.string(),
        namespace: z.string().nullish(),
        json_schema: z.looseObject({ properties: z.record(z.string(), z.unknown()).nullish() }).nullish(),
      }),
      sync_mode: z.string().nullish(),
      generation_id: z.int().nullish(),
      minimum_generation_id: z.int().nullish(),
      sync_id: z.int().nullish(),
    }),
  ),
});

/**
 * Reads a configured catalog, tolerantly.
 *
 * @throws ConnectorError config_error if it is none
 */
export function parseConfiguredCatalog(json: unknown): ConfiguredStream[] {
  const parsed = configuredCatalogSchema.safeParse(json);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new ConnectorError(
      "config_error",
      `The catalog is not a configured catalog: ${path === "" ? "it" : path} ${wrongAt(json, parsed.error)}. ` +
        'It must look like {"streams": [{"stream": {"name": "…"}, "sync_mode": "incremental"}]}.',
    );
  }
  const streams = parsed.data.streams.map((configured): ConfiguredStream => {
    const { stream } = configured;
    return {
      name: stream.name,
      namespace: stream.namespace ?? undefined,
      syncMode: configured.sync_mode ?? "full_refresh",
      schema: stream.json_schema ?? undefined,
      generationId: configured.generation_id ?? undefined,
      minimumGenerationId: configured.minimum_generation_id ?? undefined,
      syncId: configured.sync_id ?? undefined,
    };
  });
  refuseDoubles(streams);
  return streams;
}

/** Both would write to one table, and each would put its STATE in the place of the other's. */
function refuseDoubles(streams: readonly ConfiguredStream[]): void {
  const seen = new Set<string>();
  for (const stream of streams) {
    const key = streamKey(stream);
    if (seen.has(key)) {
      const where = stream.namespace === undefined ? "" : ` of the namespace "${stream.namespace}"`;
      throw new ConnectorError(
        "config_error",
        `The catalog lists the stream "${stream.name}"${where} more than once. Keep one of its entries.`,
      );
    }
    seen.add(key);
  }
}

function wrongAt(json: unknown, error: z.ZodError): string {
  let value = json;
  for (const key of error.issues[0]?.path ?? []) {
    value =
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  return `is ${describeShape(value)}`;
}
