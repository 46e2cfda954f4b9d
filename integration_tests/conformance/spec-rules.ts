import { isObject, type Json, objectsIn, propertiesIn, type Property, typesOf } from "./json-walk.ts";

/** What a rule finds wrong; empty when the specification keeps it. */
export type Rule = (schema: Json) => string[];

/** Names that both suites take for secrets. */
const SECRET_NAMES =
  /^(access_token|api_token|certificate|client_secret|client_token|credentials|jwt|key|password|refresh_token|secret|service_account|service_account_info|tenant_id|app_id|appid|token)$|(_token|_secret|password|api_key|apikey|secret_key|private_key|access_key)$/;
const FORBIDDEN = [
  "not",
  "anyOf",
  "patternProperties",
  "prefixItems",
  "allOf",
  "if",
  "then",
  "else",
  "dependentSchemas",
  "dependentRequired",
];

/** Properties for which `isWrong` gives a text. */
function eachProperty(isWrong: (property: Property) => string | false): Rule {
  return (schema) =>
    Array.from(propertiesIn(schema), (property) => {
      const problem = isWrong(property);
      return problem === false ? [] : [`${property.path}: ${problem}`];
    }).flat();
}

/** The rules of CAT's `TestSpec`, by the name of the test, on a `connectionSpecification`. */
export const SPEC_RULES: Readonly<Record<string, Rule>> = {
  test_enum_usage: eachProperty(({ schema }) => {
    const values = schema["enum"];
    return Array.isArray(values) && new Set(values).size < values.length && "values of the enum repeat";
  }),

  test_oneof_usage: eachProperty(({ schema }) => {
    const variants = schema["oneOf"];
    if (!Array.isArray(variants)) return false;
    if (schema["type"] !== "object") return "a oneOf needs the type object";
    const properties = variants.map((variant) =>
      isObject(variant) && isObject(variant["properties"]) ? variant["properties"] : undefined,
    );
    if (properties.includes(undefined)) return "a variant has no properties";
    const constants = properties.map((members) =>
      Object.entries(members ?? {}).flatMap(([name, member]) =>
        isObject(member) && "const" in member ? [name] : [],
      ),
    );
    const shared = (constants[0] ?? []).filter((name) => constants.every((names) => names.includes(name)));
    if (shared.length !== 1) return "variants must share exactly one constant";
    const [name = ""] = shared;
    for (const members of properties) {
      const member = members?.[name] as Json;
      if ("default" in member && member["default"] !== member["const"])
        return `the default of ${name} is not its constant`;
      if (
        Array.isArray(member["enum"]) &&
        (member["enum"].length !== 1 || member["enum"][0] !== member["const"])
      )
        return `the enum of ${name} is not its constant`;
    }
    return false;
  }),

  test_secret_is_properly_marked: eachProperty(({ name, schema }) => {
    const isText =
      typesOf(schema).some((type) => ["string", "integer", "number"].includes(type)) && !("const" in schema);
    const isMarked = schema["airbyte_secret"] === true;
    if (isText && SECRET_NAMES.test(name) && !isMarked) return "looks like a secret and is not marked as one";
    return isMarked && !isText && "only texts and numbers can be secrets";
  }),

  test_property_type_is_not_array: eachProperty(({ schema }) => {
    const type = schema["type"];
    return Array.isArray(type) && !(type.length === 2 && type[1] === "null") && "has several types";
  }),

  test_object_not_empty: eachProperty(
    ({ schema }) =>
      schema["type"] === "object" &&
      !isObject(schema["properties"]) &&
      !Array.isArray(schema["oneOf"]) &&
      "is an object without properties",
  ),

  test_array_type: eachProperty(({ schema }) => {
    if (schema["type"] !== "array") return false;
    const items = schema["items"];
    if (!isObject(items)) return "has no single schema of its items";
    const isSimple = typesOf(items).every((type) => ["object", "string", "number", "integer"].includes(type));
    return !(isSimple || "enum" in items) && "has items of another type";
  }),

  test_forbidden_complex_types: (schema) =>
    Array.from(objectsIn(schema), ([path, object]) =>
      // A property may have any name.
      path.split(".").at(-1) === "properties"
        ? []
        : FORBIDDEN.filter((word) => word in object).map((word) => `${path}: ${word}`),
    ).flat(),

  test_date_format: eachProperty(({ schema }) => {
    const pattern = typeof schema["pattern"] === "string" ? schema["pattern"] : "";
    const format = schema["format"];
    if (
      /^\^?\[0-9\]\{4\}.*\[0-9\]\{2\}Z\$$/.test(pattern) &&
      !pattern.includes("?") &&
      format !== "date-time"
    )
      return "has the pattern of a date-time and another format";
    return false;
  }),

  test_date_pattern: eachProperty(
    ({ schema }) =>
      (schema["format"] === "date" || schema["format"] === "date-time") &&
      !("pattern" in schema) &&
      "is a date without a pattern",
  ),

  test_duplicate_order: (schema) => {
    const seen = new Map<Json, Set<string>>();
    const problems: string[] = [];
    for (const { path, schema: property, siblings } of propertiesIn(schema)) {
      if (!("order" in property)) continue;
      const orders = seen.get(siblings) ?? new Set();
      seen.set(siblings, orders);
      const place = JSON.stringify([property["group"], property["order"]]);
      if (orders.has(place)) problems.push(`${path}: the order ${place} is taken`);
      orders.add(place);
    }
    return problems;
  },

  test_nested_group: eachProperty(
    ({ schema, depth }) => depth > 0 && "group" in schema && "has a group below the top level",
  ),

  test_display_type: eachProperty(({ schema }) => {
    if (!("display_type" in schema)) return false;
    if (!("oneOf" in schema)) return "has a display_type without a oneOf";
    return (
      schema["display_type"] !== "dropdown" &&
      schema["display_type"] !== "radio" &&
      "has an unknown display_type"
    );
  }),

  test_defined_refs_exist_in_json_spec_file: (schema) =>
    Array.from(objectsIn(schema), ([path, object]) => ("$ref" in object ? [`${path}: $ref`] : [])).flat(),

  test_additional_properties_is_true: (schema) =>
    Array.from(objectsIn(schema), ([path, object]) =>
      object["additionalProperties"] === false ? [`${path}: additionalProperties is false`] : [],
    ).flat(),
};
