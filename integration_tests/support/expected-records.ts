import { z } from "zod";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { CONVERSATION_UPDATED_AT } from "../../src/dixa/streams/followed.ts";
import { streams } from "../../src/dixa/streams/index.ts";
import { type DixaStream } from "../../src/dixa/streams/stream.ts";
import { normalizeTimestamp } from "../../src/dixa/timestamps.ts";
import { type DixaSimulator } from "../simulators/dixa/index.ts";

type Row = Record<string, unknown>;

/** Streams without slices: lists, and children of conversations. */
export const unslicedStreams: readonly DixaStream[] = streams.filter(({ kind }) => kind !== "windowed");

/** The records of a stream, by their key. Throws at a key that comes twice. */
export function recordsByKey(messages: readonly AirbyteMessage[], stream: DixaStream): Map<string, Row> {
  const rows = messages.flatMap((message) =>
    message.type === "RECORD" && message.record.stream === stream.name ? [message.record.data as Row] : [],
  );
  return byKey(rows, stream);
}

/** What must have come of a stream, by its key, in the form in which rows leave. */
export function expectedByKey(simulator: DixaSimulator, stream: DixaStream): Map<string, Row> {
  const rows = Array.from(
    simulator.expectedRows(stream.name),
    (row) => withInstants(stream.schema, row) as Row,
  );
  return byKey(stream.name === "webhooks" ? rows.map(withoutSecrets) : rows, stream);
}

function byKey(rows: readonly Row[], { name, primaryKey }: DixaStream): Map<string, Row> {
  // Each look at who is there has a time of its own.
  const fields = primaryKey.filter((field) => field !== "requestTime");
  const found = new Map<string, Row>();
  for (const row of rows) {
    const key = fields.map((field) => String(row[field])).join(" ");
    if (found.has(key)) throw new Error(`${name} has ${key} twice`);
    found.set(key, withoutLook(row));
  }
  return found;
}

/** The row without what depends on when it was read. */
function withoutLook(row: Row): Row {
  const moving = ["requestTime", "lastSeen", CONVERSATION_UPDATED_AT];
  return Object.fromEntries(Object.entries(row).filter(([name]) => !moving.includes(name)));
}

function withoutSecrets({ secretKey: _, ...row }: Row): Row {
  const headers = Object.keys(row["headers"] as Row).map((name) => [name, null]);
  const { origin, pathname } = new URL(String(row["url"]));
  return { ...row, url: `${origin}${pathname}`, headers: Object.fromEntries(headers) as Row };
}

/** The value with its instants as RFC 3339, at every depth. */
function withInstants(schema: z.core.$ZodType | undefined, value: unknown): unknown {
  if (Array.isArray(value)) {
    const element = schema instanceof z.ZodArray ? schema.element : undefined;
    return value.map((item) => withInstants(element, item));
  }
  if (typeof value === "object" && value !== null) {
    const shape = schema instanceof z.ZodObject ? (schema.shape as Record<string, z.core.$ZodType>) : {};
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, withInstants(shape[name], member)]),
    );
  }
  const isInstant = schema instanceof z.ZodISODateTime && typeof value === "string";
  return isInstant ? (normalizeTimestamp(value) ?? value) : value;
}
