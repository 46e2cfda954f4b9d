import { createHmac } from "node:crypto";

import fc from "fast-check";
import { z } from "zod";

import { toStreamSchema } from "../../../src/airbyte/protocol/json-schema.ts";
import { type FieldKind, kindsOf, ofKind, type PersonalKind } from "../../../src/dixa/personal.ts";
import { isRestricted, type Privacy, treatmentOf } from "../../../src/dixa/privacy.ts";
import { dateTime } from "../../../src/dixa/streams/fields.ts";
import { type DixaStream } from "../../../src/dixa/streams/stream.ts";
import { DROP_ALL, KEEP_ALL, privacyOf, PSEUDONYMIZE_ALL, SECRET } from "../../support/rows.ts";

type Schema = Record<string, unknown>;

const NAMES = ["id", "at", "a", "b", "ccc", "é"];
const ABSENT = Symbol("absent");

export const PRIVACIES: readonly Privacy[] = [
  KEEP_ALL,
  DROP_ALL,
  PSEUDONYMIZE_ALL,
  privacyOf({ notes: "drop", names: "pseudonymize" }),
];

const kinds = fc.constantFrom<FieldKind | undefined>(
  ...(["none", "none", "names", "notes", ["names", "notes"], undefined] as const),
);

/** A schema, of a kind or not. */
function perhapsOfKind(schema: fc.Arbitrary<z.ZodType>): fc.Arbitrary<z.ZodType> {
  return fc.tuple(schema, kinds).map(([own, kind]) => (kind === undefined ? own : ofKind(kind, own)));
}

const { value: anySchema } = fc.letrec<{ value: z.ZodType; object: z.ZodObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    perhapsOfKind(fc.constantFrom<z.ZodType>(z.string(), z.int(), z.looseObject({}), z.array(z.string()))),
    fc.constant(dateTime("When")),
    perhapsOfKind(fc.constant(z.union([z.string(), z.array(z.string())]))),
    tie("object"),
    perhapsOfKind(tie("value").map((element) => z.array(element))),
  ),
  object: fc
    .dictionary(fc.constantFrom(...NAMES), tie("value"), { minKeys: 1, maxKeys: 4 })
    .map((shape) => z.object(shape)),
}));

/** Schemas of rows, with kinds at every depth. */
export const schemas: fc.Arbitrary<z.ZodObject> = fc
  .dictionary(fc.constantFrom(...NAMES.slice(2)), anySchema, { maxKeys: 4 })
  .map((shape) => z.object({ id: ofKind("none", z.string()), at: ofKind("none", z.int()), ...shape }));

const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(
      null,
      true,
      7,
      -1.5,
      "",
      " Ada ",
      "ada",
      '"\\',
      "2026-11-21T12:46Z[GMT]",
      1704067200000,
      "é😀",
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES, "new"), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

/** Rows as JSON, with blanks between their tokens or without. */
export const rows: fc.Arbitrary<string[]> = fc.array(
  fc
    .tuple(
      fc.dictionary(fc.constantFrom(...NAMES, "new"), json, { noNullPrototype: true }),
      fc.constantFrom("", "\t"),
    )
    .map(([row, blank]) => JSON.stringify(row, undefined, blank).replaceAll("\n", " ")),
  { minLength: 1, maxLength: 3 },
);

/** The schema with some members left out at every depth. */
export function rulesOf(schema: Schema, seed: number): Schema {
  let random = seed;
  const isOut = () => (random = (random * 1_103_515_245 + 12_345) % 2_147_483_648) % 4 === 0;
  const thin = (own: Schema): Schema => ({
    ...own,
    ...(own["items"] === undefined ? {} : { items: thin(own["items"] as Schema) }),
    ...(own["properties"] === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(own["properties"] as Record<string, Schema>)
              .filter(() => !isOut())
              .map(([name, member]) => [name, thin(member)]),
          ),
        }),
  });
  return seed % 3 === 0 ? schema : thin(schema);
}

interface Place {
  schema: z.core.$ZodType;
  kinds: readonly PersonalKind[] | undefined;
  configured: Schema | undefined;
  discovered: Schema | undefined;
}

/** The same rules, carried out on parsed values: slow, simple, and without a line of the code under test. */
export function referenceOf(
  stream: DixaStream,
  configured: Schema,
  privacy: Privacy,
): (row: unknown) => unknown {
  const isStrict = isRestricted(privacy);

  const asked = (own: readonly PersonalKind[] | undefined) =>
    own === undefined ? undefined : treatmentOf(privacy, own);

  function pseudonym(value: unknown): unknown {
    if (value === null || typeof value === "boolean") return value;
    if (Array.isArray(value)) return value.map(pseudonym);
    if (typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, pseudonym(own)]));
    const text = (typeof value === "string" ? value : JSON.stringify(value)).trim();
    if (text === "") return value;
    return createHmac("sha256", SECRET).update(`names:${text}`).digest("hex").slice(0, 32);
  }

  function object(value: object, place: Place, isRow: boolean): unknown {
    const shape = place.schema instanceof z.ZodObject ? place.schema.shape : undefined;
    const isMap = shape !== undefined && Object.keys(shape).length === 0;
    const listed = place.configured?.["properties"] as Schema | undefined;
    const known = (place.discovered?.["properties"] ?? {}) as Schema;
    const isThinned =
      shape !== undefined &&
      listed !== undefined &&
      Object.keys(known).some((name) => !Object.hasOwn(listed, name));
    const members = Object.entries(value).flatMap(([name, own]): [string, unknown][] => {
      const isAlways = isRow && (name === "id" || name === "at");
      if (isThinned && !isAlways && !Object.hasOwn(listed, name)) return [];
      const schema = shape?.[name] as z.core.$ZodType | undefined;
      if (schema === undefined) {
        const treatment = isMap ? asked(place.kinds) : undefined;
        if (treatment === "drop" || (treatment === undefined && isStrict)) return [];
        return [[name, treatment === "pseudonymize" ? pseudonym(own) : own]];
      }
      const left = leave(own, {
        schema,
        kinds: place.kinds,
        configured: listed?.[name] as Schema | undefined,
        discovered: known[name] as Schema | undefined,
      });
      return left === ABSENT ? [] : [[name, left]];
    });
    return Object.fromEntries(members);
  }

  function leave(value: unknown, given: Place, isRow = false): unknown {
    let place: Place = { ...given, kinds: given.kinds ?? kindsOf(given.schema) };
    let isList = false;
    while (place.schema instanceof z.ZodArray) {
      isList = true;
      const { schema, configured: c, discovered: d } = place as Place & { schema: z.ZodArray };
      const kindsHere = place.kinds ?? kindsOf(schema.element);
      place = {
        schema: schema.element,
        kinds: kindsHere,
        configured: c?.["items"] as Schema | undefined,
        discovered: d?.["items"] as Schema | undefined,
      };
    }
    if (!isRow && asked(place.kinds) === "drop") return ABSENT;
    const isInstant =
      asked(place.kinds) !== "pseudonymize" &&
      z.globalRegistry.get(place.schema)?.["airbyte_type"] !== undefined;
    const inner = (own: unknown): unknown => {
      if (own === null) return null;
      if (isInstant && ((Array.isArray(own) && !isList) || (typeof own === "object" && !Array.isArray(own))))
        return null;
      if (Array.isArray(own)) return own.map(inner).filter((element) => element !== ABSENT);
      if (typeof own === "object") return object(own, place, isRow);
      if (place.kinds === undefined && isStrict) return ABSENT;
      if (isInstant) {
        if (own === "2026-11-21T12:46Z[GMT]") return "2026-11-21T12:46:00.000Z";
        return own === 1704067200000 ? "2024-01-01T00:00:00.000Z" : null;
      }
      return asked(place.kinds) === "pseudonymize" ? pseudonym(own) : own;
    };
    return inner(value);
  }

  const root = {
    schema: stream.schema,
    kinds: undefined,
    configured: Object.keys(configured["properties"] ?? {}).length === 0 ? undefined : configured,
    discovered: toStreamSchema(stream.schema),
  };
  return (row) => leave(row, root, true);
}
