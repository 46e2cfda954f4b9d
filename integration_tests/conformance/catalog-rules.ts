import { Ajv } from "ajv";

import { isObject, type Json, objectsIn, propertiesIn, typesOf } from "./json-walk.ts";

/** A stream of a catalog, as it came. */
export interface DiscoveredStream {
  name: string;
  json_schema: Json;
  supported_sync_modes: string[];
  default_cursor_field?: string[];
  source_defined_primary_key?: string[][];
  [more: string]: unknown;
}

/** What a rule finds wrong with a catalog; empty when it keeps the rule. */
export type CatalogRule = (streams: readonly DiscoveredStream[]) => string[];

const TYPES = new Set<unknown>(["null", "string", "number", "integer", "boolean", "object", "array"]);
const AIRBYTE_TYPES = new Set<unknown>(["timestamp_with_timezone", "timestamp_without_timezone", "integer"]);
const FORMATS = new Set<unknown>(["date", "date-time"]);

function eachStream(problemsOf: (stream: DiscoveredStream) => string[]): CatalogRule {
  return (streams) =>
    streams.flatMap((stream) => problemsOf(stream).map((problem) => `${stream.name}: ${problem}`));
}

/** The schema of a field given by its path; undefined if there is none. */
function fieldAt({ json_schema: schema }: DiscoveredStream, path: readonly string[]): Json | undefined {
  let at: unknown = schema;
  for (const name of path)
    at = isObject(at) && isObject(at["properties"]) ? at["properties"][name] : undefined;
  return isObject(at) ? at : undefined;
}

function withKeyword(schema: Json, isWrong: (object: Json) => string | false): string[] {
  return Array.from(objectsIn(schema), ([path, object]) => {
    const isMap = path.split(".").at(-1) === "properties";
    const problem = isMap ? false : isWrong(object);
    return problem === false ? [] : [`${path}: ${problem}`];
  }).flat();
}

/** The rules of CAT's `TestDiscovery`, by the name of the test. */
export const CATALOG_RULES: Readonly<Record<string, CatalogRule>> = {
  test_discover: (streams) => (streams.length === 0 ? ["the catalog is empty"] : []),

  test_streams_have_valid_json_schemas: eachStream(({ json_schema: schema }) => {
    const ajv = new Ajv({ strict: false });
    return ajv.validateSchema(schema) === true ? [] : [ajv.errorsText()];
  }),

  test_defined_cursors_exist_in_schema: eachStream((stream) => {
    const path = stream.default_cursor_field ?? [];
    return path.length > 0 && fieldAt(stream, path) === undefined ? [`no field ${path.join(".")}`] : [];
  }),

  test_defined_refs_exist_in_schema: eachStream(({ json_schema: schema }) =>
    withKeyword(schema, (object) => "$ref" in object && "$ref"),
  ),

  test_defined_keyword_exist_in_schema: eachStream(({ json_schema: schema }) =>
    withKeyword(schema, (object) => ("allOf" in object || "not" in object) && "allOf or not"),
  ),

  test_primary_keys_exist_in_schema: eachStream((stream) =>
    (stream.source_defined_primary_key ?? []).flatMap((path) =>
      fieldAt(stream, path) === undefined ? [`no field ${path.join(".")}`] : [],
    ),
  ),

  test_streams_has_sync_modes: eachStream(({ supported_sync_modes: modes }) =>
    modes.length === 0 ? ["no sync mode"] : [],
  ),

  test_additional_properties_is_true: eachStream(({ json_schema: schema }) =>
    withKeyword(
      schema,
      (object) => object["additionalProperties"] === false && "additionalProperties is false",
    ),
  ),

  test_unsupported_keywords_and_types: eachStream(({ json_schema: schema }) =>
    Array.from(propertiesIn(schema), ({ path, schema: property }) => {
      const { type, airbyte_type: airbyteType, format } = property;
      const isKnown =
        [type ?? []].flat().every((name) => TYPES.has(name)) &&
        (airbyteType === undefined || AIRBYTE_TYPES.has(airbyteType)) &&
        (format === undefined || FORMATS.has(format));
      return isKnown ? [] : [`${path}: ${JSON.stringify({ type, airbyteType, format })}`];
    }).flat(),
  ),

  test_primary_keys_data_type: eachStream((stream) =>
    (stream.source_defined_primary_key ?? []).flatMap((path) => {
      const types = typesOf(fieldAt(stream, path) ?? {});
      return types.some((type) => type === "object" || type === "array")
        ? [`${path.join(".")} is ${types.join()}`]
        : [];
    }),
  ),

  "test_discover: names are unique": (streams) => {
    const names = streams.map(({ name }) => name);
    return names.filter((name, index) => names.indexOf(name) !== index);
  },

  // Of TestIncremental.
  test_incremental_streams_have_a_cursor: eachStream((stream) =>
    stream.supported_sync_modes.includes("incremental") && (stream.default_cursor_field ?? []).length === 0
      ? ["no cursor field"]
      : [],
  ),

  // Of TestConnectorAttributes.
  test_streams_define_primary_key: eachStream(({ source_defined_primary_key: key = [] }) =>
    key.length === 0 ? ["no primary key"] : [],
  ),

  // Supported data types: what is not nullable may trouble platform and destination.
  "every field is nullable and none is required": eachStream(({ json_schema: schema }) => [
    ...Array.from(propertiesIn(schema), ({ path, schema: property }) =>
      [property["type"] ?? []].flat().includes("null") ? [] : [path],
    ).flat(),
    ...withKeyword(schema, (object) => "required" in object && "required"),
  ]),
};
