import { z } from "zod";

type Schema = Record<string, unknown>;

const DRAFT = "http://json-schema.org/draft-07/schema#";
/** zod bounds integers by what JavaScript can hold; a JSON integer has no such bounds. */
const SAFE_BOUNDS: ReadonlySet<unknown> = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);

/**
 * The connection specification of a configuration, by the rules of Airbyte's form: draft-07, no references and no
 * combinations, unknown fields allowed, annotations such as `order` and `airbyte_secret` beside the keyword.
 */
export function toConnectionSpecification(schema: z.ZodObject): Schema {
  const emitted = emit(schema, "input");
  const properties = Object.fromEntries(
    Object.entries(emitted["properties"] as Record<string, Schema>).map(([name, property]) => [
      name,
      specified(property),
    ]),
  );
  return {
    $schema: DRAFT,
    title: "Dixa",
    type: "object",
    additionalProperties: true,
    required: emitted["required"] ?? [],
    properties,
  };
}

/**
 * The schema of a stream's rows: every field at every depth may be null, none is required, and unknown fields are
 * allowed, so that what the API adds or leaves out never breaks a sync.
 */
export function toStreamSchema(schema: z.ZodObject): Schema {
  return { $schema: DRAFT, ...nullable(emit(schema, "input")), type: "object" };
}

function emit(schema: z.ZodObject, io: "input"): Schema {
  return z.toJSONSchema(schema, { target: "draft-07", io, reused: "inline", unrepresentable: "throw" });
}

/** An object of the configuration may have members that the form does not show; both suites refuse anything but true. */
function specified(schema: Schema): Schema {
  const { properties, ...rest } = withoutZodsOwn(schema);
  if (properties === undefined) return rest;
  const members = Object.entries(properties as Record<string, Schema>);
  return {
    ...rest,
    additionalProperties: true,
    properties: Object.fromEntries(members.map(([name, member]) => [name, specified(member)])),
  };
}

/** Drops what zod adds for itself: bounds of safe integers, the pattern behind a format, and the format `uuid`'s. */
function withoutZodsOwn(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(([key, value]) => {
    if ((key === "minimum" || key === "maximum") && SAFE_BOUNDS.has(value)) return false;
    return !(key === "pattern" && "format" in schema);
  });
  return Object.fromEntries(kept);
}

function nullable(schema: Schema): Schema {
  const alternatives = schema["anyOf"] as Schema[] | undefined;
  if (alternatives !== undefined) return unionOf(schema, alternatives.map(nullable));
  const { $schema, required, additionalProperties, ...rest } = withoutZodsOwn(schema);
  const emitted: Schema = { ...rest, type: ["null", ...typesOf(rest)] };
  if (rest["items"] !== undefined) emitted["items"] = nullable(rest["items"] as Schema);
  if (rest["type"] === "object") {
    emitted["additionalProperties"] = true;
    emitted["properties"] = Object.fromEntries(
      Object.entries((rest["properties"] ?? {}) as Record<string, Schema>).map(([name, property]) => [
        name,
        nullable(property),
      ]),
    );
  }
  return emitted;
}

/** A union as one list of types: destinations know no combinations. */
function unionOf({ anyOf, ...annotations }: Schema, alternatives: Schema[]): Schema {
  return { ...alternatives.reduce(both), ...annotations };
}

/** What fits either of two schemas: an object has the members of both, a list the elements of both. */
function both(one: Schema, other: Schema): Schema {
  const merged: Schema = { ...one, ...other, type: [...new Set([...typesOf(one), ...typesOf(other)])] };
  // Texts of which only some are dates are texts.
  if (isText(one) && isText(other) && one["format"] !== other["format"]) {
    delete merged["format"];
    delete merged["airbyte_type"];
  }
  if (one["items"] !== undefined && other["items"] !== undefined) {
    merged["items"] = both(one["items"] as Schema, other["items"] as Schema);
  }
  const members = [one, other].flatMap(({ properties = {} }) => Object.entries(properties as Schema));
  if (members.length === 0) return merged;
  const properties: Record<string, Schema> = {};
  for (const [name, member] of members as [string, Schema][]) {
    const known = properties[name];
    properties[name] = known === undefined ? member : both(known, member);
  }
  return { ...merged, properties };
}

function isText(schema: Schema): boolean {
  return typesOf(schema).includes("string");
}

function typesOf({ type }: Schema): unknown[] {
  return Array.isArray(type) ? (type as unknown[]) : [type];
}
