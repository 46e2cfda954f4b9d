import { z } from "zod";

/** The kinds of personal data that `privacy` of the configuration knows. */
export const PERSONAL_KINDS = [
  "names",
  "email_addresses",
  "phone_numbers",
  "message_text",
  "notes",
  "rating_comments",
] as const;

export type PersonalKind = (typeof PERSONAL_KINDS)[number];

/** `none` is said, never assumed: a field about which nobody thought has no kind at all, and a test fails for it. */
export type FieldKind = PersonalKind | "none";

/** A registry of our own, since what stands in zod's is printed by `discover`. */
const kinds = z.registry<{ kind: FieldKind }>();

/**
 * The schema as one of the kind. The kind of a list or an object counts for everything in it.
 *
 * `.describe` and `.meta` may follow; a wrapper such as `.optional` loses the kind.
 */
export function ofKind<T extends z.ZodType>(kind: FieldKind, schema: T): T {
  const own = schema.clone();
  kinds.add(own, { kind });
  return own;
}

/** The kind that was given to this very schema; undefined if none was, as for objects whose members have their own. */
export function kindOf(schema: z.core.$ZodType): FieldKind | undefined {
  return kinds.get(schema)?.kind;
}

/** A member of a stream's rows that has a kind, or that has none and nothing in it that could have one. */
export interface Field {
  /** From the row, with `[]` for the elements of a list: `ratings[].rating_message`. */
  path: string;
  kind: FieldKind | undefined;
}

/**
 * All such members of a schema, in its order; what lies below a member with a kind is not listed. A member that comes
 * in several shapes, each with kinds of its own, is a union, and its shapes are listed one after the other.
 */
export function* fieldsOf(schema: z.core.$ZodType, path = ""): Generator<Field, void, undefined> {
  const kind = kindOf(schema);
  const members = schema instanceof z.ZodObject ? Object.entries<z.core.$ZodType>(schema.shape) : [];
  if (kind === undefined && schema instanceof z.ZodArray) yield* fieldsOf(schema.element, `${path}[]`);
  else if (kind === undefined && schema instanceof z.ZodUnion) {
    for (const option of schema.options) yield* fieldsOf(option, path);
  } else if (kind !== undefined || members.length === 0) yield { path, kind };
  else {
    for (const [name, member] of members) yield* fieldsOf(member, path === "" ? name : `${path}.${name}`);
  }
}
