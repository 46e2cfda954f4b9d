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

/**
 * What a field is said to be. `none` is said, never assumed: a field about which nobody thought has no kind at all, and
 * a test fails for it. A list is for a field that holds now one kind, now another, with nothing to tell them apart:
 * what is asked for any of them holds for the field, and dropping comes before a pseudonym.
 */
export type FieldKind = PersonalKind | "none" | readonly PersonalKind[];

/** A registry of our own, since what stands in zod's is printed by `discover`. */
const registry = z.registry<{ kinds: readonly PersonalKind[] }>();

/**
 * The schema as one of the kind. The kind of a list or an object counts for everything in it.
 *
 * `.describe` and `.meta` may follow; a wrapper such as `.optional` loses the kind.
 */
export function ofKind<T extends z.ZodType>(kind: FieldKind, schema: T): T {
  const own = schema.clone();
  const kinds = kind === "none" ? [] : typeof kind === "string" ? [kind] : kind;
  registry.add(own, { kinds });
  return own;
}

/**
 * The kinds that were given to this very schema, none of them for what is not personal; undefined if nothing was said,
 * as for objects whose members have kinds of their own.
 */
export function kindsOf(schema: z.core.$ZodType): readonly PersonalKind[] | undefined {
  return registry.get(schema)?.kinds;
}

/** A member of a stream's rows that has kinds, or that has none and nothing in it that could have any. */
export interface Field {
  /** From the row, with `[]` for the elements of a list: `ratings[].rating_message`. */
  path: string;
  /** As {@link kindsOf}. */
  kinds: readonly PersonalKind[] | undefined;
}

/**
 * All such members of a schema, in its order; what lies below a member with kinds is not listed. A member that comes
 * in several shapes, each with kinds of its own, is a union, and its shapes are listed one after the other.
 */
export function* fieldsOf(schema: z.core.$ZodType, path = ""): Generator<Field, void, undefined> {
  const kinds = kindsOf(schema);
  const members = schema instanceof z.ZodObject ? Object.entries<z.core.$ZodType>(schema.shape) : [];
  if (kinds === undefined && schema instanceof z.ZodArray) yield* fieldsOf(schema.element, `${path}[]`);
  else if (kinds === undefined && schema instanceof z.ZodUnion) {
    for (const option of schema.options) yield* fieldsOf(option, path);
  } else if (kinds !== undefined || members.length === 0) yield { path, kinds };
  else {
    for (const [name, member] of members) yield* fieldsOf(member, path === "" ? name : `${path}.${name}`);
  }
}
