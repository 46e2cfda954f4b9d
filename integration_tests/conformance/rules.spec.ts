import { describe, expect, test } from "@jest/globals";

import { estimate, stateMessage, streamStatus } from "../../src/airbyte/protocol/construct.ts";
import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { CATALOG_RULES, type DiscoveredStream } from "./catalog-rules.ts";
import { type Json } from "./json-walk.ts";
import { READ_RULES } from "./record-rules.ts";
import { SPEC_RULES } from "./spec-rules.ts";

const properties = (members: Record<string, Json>): Json => ({ type: "object", properties: members });
const variant = (members: Record<string, Json>): Json => ({ type: "object", properties: members });

/** Specifications that each break one rule. */
const BAD_SPECS: Readonly<Record<string, Json[]>> = {
  test_enum_usage: [properties({ a: { type: "string", enum: ["x", "x"] } })],
  test_oneof_usage: [
    properties({ a: { oneOf: [variant({ kind: { const: "x" } })] } }),
    properties({ a: { type: "object", oneOf: [{ type: "object" }] } }),
    properties({
      a: { type: "object", oneOf: [variant({ kind: { const: "x" } }), variant({ other: { const: "y" } })] },
    }),
    properties({ a: { type: "object", oneOf: [variant({ kind: { const: "x", default: "y" } })] } }),
    properties({ a: { type: "object", oneOf: [variant({ kind: { const: "x", enum: ["x", "y"] } })] } }),
  ],
  test_secret_is_properly_marked: [
    properties({ api_token: { type: "string" } }),
    properties({ deep: properties({ my_api_key: { type: "string" } }) }),
    properties({ a: { type: "boolean", airbyte_secret: true } }),
    properties({ a: { type: "string", const: "x", airbyte_secret: true } }),
  ],
  test_property_type_is_not_array: [
    properties({ a: { type: ["string", "integer"] } }),
    properties({ a: { type: ["null", "string"] } }),
  ],
  test_object_not_empty: [properties({ a: { type: "object" } })],
  test_array_type: [
    properties({ a: { type: "array" } }),
    properties({ a: { type: "array", items: [{ type: "string" }] } }),
    properties({ a: { type: "array", items: { type: "boolean" } } }),
  ],
  test_forbidden_complex_types: [
    { ...properties({}), allOf: [] },
    properties({ a: { type: "string", not: {} } }),
    properties({ a: { anyOf: [] } }),
  ],
  test_date_format: [
    properties({
      a: { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" },
    }),
  ],
  test_date_pattern: [properties({ a: { type: "string", format: "date" } })],
  test_duplicate_order: [
    properties({ a: { order: 1 }, b: { order: 1 } }),
    properties({ deep: properties({ a: { order: 0 }, b: { order: 0 } }) }),
  ],
  test_nested_group: [properties({ deep: properties({ a: { group: "x" } }) })],
  test_display_type: [
    properties({ a: { type: "string", display_type: "radio" } }),
    properties({ a: { type: "object", oneOf: [], display_type: "knob" } }),
  ],
  test_defined_refs_exist_in_json_spec_file: [properties({ a: { $ref: "#/definitions/a" } })],
  test_additional_properties_is_true: [properties({ a: { ...properties({}), additionalProperties: false } })],
};

const stream = (more: Partial<DiscoveredStream>): DiscoveredStream => ({
  name: "rows",
  json_schema: properties({ id: { type: ["null", "integer"] }, at: { type: ["null", "string"] } }),
  supported_sync_modes: ["full_refresh", "incremental"],
  default_cursor_field: ["at"],
  source_defined_primary_key: [["id"]],
  ...more,
});
const schema = (id: Json): Partial<DiscoveredStream> => ({
  json_schema: properties({ id, at: { type: ["null", "string"] } }),
});

/** Catalogs that each break one rule. */
const BAD_CATALOGS: Readonly<Record<string, DiscoveredStream[][]>> = {
  test_discover: [[]],
  test_streams_have_valid_json_schemas: [[stream({ json_schema: { type: "strange" } })]],
  test_defined_cursors_exist_in_schema: [[stream({ default_cursor_field: ["missing"] })]],
  test_defined_refs_exist_in_schema: [[stream(schema({ $ref: "#/x" }))]],
  test_defined_keyword_exist_in_schema: [[stream(schema({ allOf: [] }))], [stream(schema({ not: {} }))]],
  test_primary_keys_exist_in_schema: [[stream({ source_defined_primary_key: [["id"], ["missing"]] })]],
  test_streams_has_sync_modes: [[stream({ supported_sync_modes: [] })]],
  test_additional_properties_is_true: [[stream(schema({ type: "object", additionalProperties: false }))]],
  test_unsupported_keywords_and_types: [
    [stream(schema({ type: ["null", "strange"] }))],
    [stream(schema({ type: "string", format: "uuid" }))],
    [stream(schema({ type: "string", airbyte_type: "big_integer" }))],
  ],
  test_primary_keys_data_type: [[stream(schema({ type: ["null", "object"] }))]],
  "test_discover: names are unique": [[stream({}), stream({})]],
  test_incremental_streams_have_a_cursor: [[stream({ default_cursor_field: [] })]],
  test_streams_define_primary_key: [[stream({ source_defined_primary_key: [] })]],
  "every field is nullable and none is required": [
    [stream(schema({ type: "integer" }))],
    [stream({ json_schema: { ...stream({}).json_schema, required: ["id"] } })],
  ],
};

const rows = { name: "rows" };
const status = (name: "STARTED" | "RUNNING" | "COMPLETE" | "INCOMPLETE") => streamStatus(rows, name, 1);
const record = (data: Json): AirbyteMessage => ({
  type: "RECORD",
  record: { stream: "rows", data, emitted_at: 1 },
});
const state = (at: string, count: number) => stateMessage(rows, { at }, count);
const read = (...between: AirbyteMessage[]) => [
  status("STARTED"),
  status("RUNNING"),
  ...between,
  status("COMPLETE"),
];
const GOOD_READ = read(
  record({ id: 1, at: "2026-01-01T00:00:00.000Z" }),
  state("2026", 1),
  estimate(rows, 1, 1, 1),
);

/** Reads of a stream with a key `id` and a date-time `at` that each break one rule. */
const BAD_READS: Readonly<Record<string, AirbyteMessage[][]>> = {
  "at least one record": [read(state("2026", 0))],
  _validate_empty_streams: [read(state("2026", 0))],
  _validate_schema: [
    read(record({ id: "one" }), state("2026", 1)),
    read(record({ id: 1.5 }), state("2026", 1)),
    read(record({ id: 1, at: "2026-01-01" }), state("2026", 1)),
    read(record({ id: 1, at: "2026-01-01T00:00:00Z[GMT]" }), state("2026", 1)),
  ],
  _validate_records_structure: [read(record({ other: 1 }), state("2026", 1))],
  _validate_primary_keys_data_type: [
    read(record({ id: null }), state("2026", 1)),
    read(record({ id: [1] }), state("2026", 1)),
  ],
  _validate_stream_statuses: [
    [status("STARTED"), status("COMPLETE")],
    [status("RUNNING"), status("RUNNING"), status("COMPLETE")],
    [status("STARTED"), status("RUNNING"), status("INCOMPLETE")],
    [status("STARTED"), status("COMPLETE"), status("COMPLETE")],
  ],
  _validate_state_messages: [
    read(record({ id: 1 })),
    read({ type: "STATE", state: { type: "STREAM", sourceStats: { recordCount: 1 } } }),
    read({ type: "STATE", state: { type: "STREAM", stream: { stream_descriptor: rows } } }),
  ],
  "the counts of all states add up to the records": [read(record({ id: 1 }), state("2026", 2))],
  "no state repeats": [read(record({ id: 1 }), state("2026", 1), state("2026", 0))],
};

// The connector keeps all rules, so only broken toys show that a rule finds anything.
describe("the rules find what they are for", () => {
  test("and each has its broken toys", () => {
    expect(Object.keys(BAD_SPECS)).toEqual(Object.keys(SPEC_RULES));
    expect(Object.keys(BAD_READS)).toEqual(Object.keys(READ_RULES));
    expect(Object.keys(BAD_CATALOGS).sort()).toEqual(Object.keys(CATALOG_RULES).sort());
  });

  test.each(Object.entries(BAD_READS))("%s of a read", (name, reads) => {
    const streams = [stream(schema({ type: ["null", "integer"] }))];
    (streams[0]!.json_schema["properties"] as Json)["at"] = { type: ["null", "string"], format: "date-time" };
    for (const messages of reads) expect(READ_RULES[name]!({ messages, streams })).not.toEqual([]);
    expect(READ_RULES[name]!({ messages: GOOD_READ, streams })).toEqual([]);
  });

  test.each(Object.entries(BAD_SPECS))("%s", (name, specs) => {
    for (const spec of specs) expect(SPEC_RULES[name]!(spec)).not.toEqual([]);
  });

  test.each(Object.entries(BAD_CATALOGS))("%s of a catalog", (name, catalogs) => {
    for (const catalog of catalogs) expect(CATALOG_RULES[name]!(catalog)).not.toEqual([]);
    expect(CATALOG_RULES[name]!([stream({})])).toEqual([]);
  });
});
