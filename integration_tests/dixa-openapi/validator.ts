import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";

import { namesOf, type OpenApiDocument, refName, resolve, type Schema, variantsOf } from "./document.ts";

/**
 * Where the document's examples contradict its schemas, the examples win. Each entry is a schema by its name in the
 * document, with what the examples show besides.
 */
const SHOWN_BY_EXAMPLES: Readonly<Record<string, readonly Schema[]>> = {
  // A form's values are texts and lists of texts, without an object around them.
  FormAttributeValue: [{ type: "string" }, { type: "array", items: { type: "string" } }],
};
/** Members, by the schema and their name, likewise: the example of a call has its number as a number. */
const MEMBERS_SHOWN_BY_EXAMPLES: Readonly<Record<string, readonly Schema[]>> = {
  "PhoneAttributes.to": [{ type: "integer" }],
};

/**
 * Compiles the answer of an operation as a schema for ajv: references become definitions, a union is the variant that
 * `_type` names, values listed in a description are an enumeration, and members that need not be there may be null,
 * since the document does not say which of the two an empty one is.
 */
export function validator(document: OpenApiDocument, answer: Schema): ValidateFunction {
  const definitions: Record<string, Schema> = {};
  for (const name of Object.keys(document.components.schemas)) {
    definitions[name] = named(document, name);
  }
  const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true });
  (formats as unknown as { default: (ajv: Ajv) => Ajv }).default(ajv);
  // As Dixa's examples write it, with the name of the zone and without a zone, beside RFC 3339.
  ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z(\[GMT\])?|[+-]\d\d:\d\d)?$/);
  for (const name of ["int32", "int64"]) ajv.addFormat(name, true);
  return ajv.compile({ ...convert(document, answer), definitions });
}

function named(document: OpenApiDocument, name: string): Schema {
  const converted = convert(document, resolve(document, { $ref: name }), name);
  const shown = SHOWN_BY_EXAMPLES[name];
  return shown === undefined ? converted : { anyOf: [converted, ...shown] };
}

function convert(document: OpenApiDocument, schema: Schema, name = ""): Schema {
  const reference = refName(schema);
  if (reference !== undefined) return { $ref: `#/definitions/${reference}` };
  const names = namesOf(document, schema);
  if (names !== undefined) return { enum: names };
  const variants = variantsOf(document, schema);
  if (variants !== undefined) return union(document, schema);
  const converted: Schema = { ...schema };
  delete converted["description"];
  const { description, type } = schema;
  const values = typeof description === "string" ? /^values: \[(.*)\]$/.exec(description)?.[1] : undefined;
  if (values !== undefined && type === "string") converted["enum"] = values.split(", ");
  if (schema["items"] !== undefined) converted["items"] = convert(document, schema["items"] as Schema);
  if (typeof schema["additionalProperties"] === "object") {
    converted["additionalProperties"] = convert(document, schema["additionalProperties"] as Schema);
  }
  if (schema["properties"] !== undefined) {
    const required = new Set((schema["required"] ?? []) as string[]);
    converted["properties"] = Object.fromEntries(
      Object.entries(schema["properties"] as Record<string, Schema>).map(([member, own]) => {
        const shapes = [
          convert(document, own),
          ...(MEMBERS_SHOWN_BY_EXAMPLES[`${name}.${member}`] ?? []),
          ...(required.has(member) ? [] : [{ type: "null" }]),
        ];
        return [member, shapes.length === 1 ? shapes[0] : { anyOf: shapes }];
      }),
    );
  }
  return converted;
}

/** Of objects, the variant that `_type` names, and no unknown one; of others, any. */
function union(document: OpenApiDocument, { oneOf }: Schema): Schema {
  const variants = (oneOf as Schema[]).map((variant) => ({
    schema: convert(document, variant),
    resolved: resolve(document, variant),
  }));
  if (variants.length === 1 || variants.some(({ resolved }) => resolved["type"] !== "object")) {
    return { anyOf: variants.map(({ schema }) => schema) };
  }
  return {
    type: "object",
    required: ["_type"],
    properties: { _type: { enum: variants.map(({ resolved }) => resolved["title"]) } },
    allOf: variants.map(({ schema, resolved }) => ({
      if: { properties: { _type: { const: resolved["title"] } } },
      then: schema,
    })),
  };
}

/** What is wrong with a value, in one line; undefined if nothing is. */
export function problemWith(validate: ValidateFunction, value: unknown): string | undefined {
  if (validate(value)) return undefined;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath ?? ""} ${error?.message ?? ""} ${JSON.stringify(error?.params)}`;
}
