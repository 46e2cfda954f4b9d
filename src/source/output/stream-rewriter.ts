import { type z } from "zod";

import { ConnectorError } from "../../airbyte/protocol/failure.ts";
import { toStreamSchema } from "../../airbyte/protocol/json-schema.ts";
import { kindsOf } from "../../dixa/personal.ts";
import { type Privacy, treatmentOf } from "../../dixa/privacy.ts";
import { CONVERSATION_UPDATED_AT } from "../../dixa/streams/followed.ts";
import { type DixaStream } from "../../dixa/streams/stream.ts";
import { compilePlan } from "./compile-plan.ts";
import { FieldSelection } from "./field-selection.ts";
import { type Logger } from "./logger.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import { RowRewriter } from "./row-rewriter.ts";
import { UnknownMembers } from "./unknown-members.ts";

/**
 * What rewrites a stream's rows: one plan, made when the stream starts, of what the connection ticked, of what
 * `privacy` asks for, and of the date-times that are brought into one form.
 *
 * @param configured the stream's schema in the configured catalog
 * @returns undefined if rows leave as they came
 * @throws ConnectorError config_error if the stream's key or cursor would have to be left out
 */
export function streamRewriter(
  stream: DixaStream,
  configured: Readonly<Record<string, unknown>> | undefined,
  privacy: Privacy,
  logger: Logger,
): RowRewriter | undefined {
  const { name, schema } = stream;
  const cursor = cursorFieldOf(stream);
  const always = [
    ...stream.primaryKey,
    ...(cursor === undefined || stream.primaryKey.includes(cursor) ? [] : [cursor]),
  ];
  for (const field of always) refuseWithoutKey(stream, field, privacy);
  const selection = FieldSelection.of(configured, toStreamSchema(schema));
  for (const field of always) {
    if (selection.leaves(field)) continue;
    logger.warn(
      `${name}: the connection does not tick "${field}", but it leaves all the same: it is ` +
        `${field === cursor ? "the cursor" : "part of the primary key"}, without which no destination can place a ` +
        "row. Tick it, or untick the stream",
    );
  }
  const missing = [...selection.missing()].filter((field) => !always.includes(field));
  if (missing.length > 0) {
    logger.info(
      `${name}: not ticked in the connection, so left out: ${missing.join(", ")}. If you did not untick it, refresh ` +
        "the connection's schema",
    );
  }
  const unknown = new UnknownMembers(name, logger);
  const plan = compilePlan({ schema, selection, privacy, always, bareLists: stream.bareLists ?? [] });
  if (plan.isIdle) return undefined;
  return new RowRewriter(plan, new Pseudonyms(privacy.secret), (path) => {
    unknown.leftOut(path);
  });
}

function cursorFieldOf(stream: DixaStream): string | undefined {
  if (stream.kind === "windowed") return stream.cursorField;
  return stream.kind === "followed" ? CONVERSATION_UPDATED_AT : undefined;
}

function refuseWithoutKey({ name, schema }: DixaStream, field: string, privacy: Privacy): void {
  const kinds = kindsOf(schema.shape[field] as z.core.$ZodType) ?? [];
  const dropped = kinds.filter((kind) => treatmentOf(privacy, [kind]) === "drop");
  if (dropped.length === 0) return;
  throw new ConnectorError(
    "config_error",
    `The stream "${name}" can't be read: privacy drops ${dropped.join(" and ")}, and its key "${field}" may ` +
      "hold one. Untick the stream, or pseudonymize them instead.",
  );
}
