import { type z } from "zod";

import { toStreamSchema } from "../../src/airbyte/protocol/json-schema.ts";
import { PERSONAL_KINDS } from "../../src/dixa/personal.ts";
import { type Privacy, toPrivacy } from "../../src/dixa/privacy.ts";
import { type DixaStream, type WindowedStream } from "../../src/dixa/streams/stream.ts";
import { valueBytes } from "../../src/http/json-element.ts";
import { createLogger } from "../../src/source/output/logger.ts";
import { type FieldChange, LEFT_OUT } from "../../src/source/output/replacements.ts";
import { streamRewriter } from "../../src/source/output/stream-rewriter.ts";
import { elementOf } from "./elements.ts";

export const SECRET = "a-secret-of-32-characters-0123456";

/** A configuration's `privacy`. */
export function privacyOf(treatments: Record<string, string> = {}): Privacy {
  return toPrivacy({ ...treatments, pseudonym_secret: SECRET } as Parameters<typeof toPrivacy>[0]);
}

export const KEEP_ALL = toPrivacy(undefined);
export const DROP_ALL = privacyOf(Object.fromEntries(PERSONAL_KINDS.map((kind) => [kind, "drop"])));
/** Texts that can't be pseudonymized are dropped. */
export const PSEUDONYMIZE_ALL = privacyOf({
  ...Object.fromEntries(PERSONAL_KINDS.map((kind) => [kind, "drop"])),
  ...{ names: "pseudonymize", email_addresses: "pseudonymize", phone_numbers: "pseudonymize" },
});

/** A stream of rows with this schema; nothing else of it is of interest. */
export function streamOf(schema: z.ZodObject, more: Partial<WindowedStream> = {}): WindowedStream {
  return {
    name: "things",
    description: "",
    schema,
    kind: "windowed",
    host: "exports",
    primaryKey: ["id"],
    cursorField: "at",
    cursor: { read: () => undefined, format: (ms) => ms },
    aliases: [],
    maxWindow: () => 1,
    readWindow: () => Promise.resolve(),
    ...more,
  };
}

/** The stream's schema as a user sees it, for picking fields from. */
export function schemaOf(stream: DixaStream): Record<string, unknown> {
  return structuredClone(toStreamSchema(stream.schema));
}

interface Rewritten {
  /** The row as it leaves, put together without blanks between its own members. */
  text: string;
  changes: FieldChange[];
  logs: string[];
}

/** Rows as they leave. */
export function rewriteAll(
  stream: DixaStream,
  rows: readonly string[],
  rules: { privacy?: Privacy; configured?: Record<string, unknown> } = {},
): Rewritten[] {
  const logs: string[] = [];
  const logger = createLogger((message) => {
    if (message.type === "LOG") logs.push(message.log.message);
  }, "info");
  const rewriter = streamRewriter(stream, rules.configured, rules.privacy ?? KEEP_ALL, logger);
  return rows.map((row) => {
    const element = elementOf(row);
    const changes: FieldChange[] = [];
    const replacements = rewriter?.rewrite(element, changes);
    if (replacements === undefined) return { text: row, changes, logs };
    const members = Array.from({ length: element.memberCount }, (_, member) => {
      const value = replacements.get(member) ?? valueBytes(element, member);
      const { buffer, start, members: at } = element;
      const key = buffer.toString("utf8", start + at[member * 4]!, start + at[member * 4 + 1]!);
      return value === LEFT_OUT ? [] : [`${key}:${value.toString()}`];
    });
    return { text: `{${members.flat().join(",")}}`, changes, logs };
  });
}

/** One row as it leaves. */
export function rewrite(
  ...[stream, row, rules]: [DixaStream, string, Parameters<typeof rewriteAll>[2]?]
): Rewritten {
  return rewriteAll(stream, [row], rules)[0]!;
}
