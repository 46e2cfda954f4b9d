import { Ajv } from "ajv";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { messagesOf, statesOf, statusesOf } from "../support/messages.ts";
import { type DiscoveredStream } from "./catalog-rules.ts";
import { isObject, type Json, valuePaths } from "./json-walk.ts";

/** What the rules look at: the messages of one read, and the streams that were read. */
export interface ReadUnderTest {
  messages: readonly AirbyteMessage[];
  streams: readonly DiscoveredStream[];
}

/** What a rule finds wrong with a read; empty when it keeps the rule. */
export type ReadRule = (read: ReadUnderTest) => string[];

/** CAT's pattern of a date-time; it also asks that the text can be parsed. */
const DATE_TIME = /^\d{4}-\d?\d-\d?\d[ T]\d?\d:\d?\d:\d?\d(\.\d+)?.*$/;

function dataOf(messages: readonly AirbyteMessage[], stream: string): Json[] {
  return messagesOf(messages, "RECORD")
    .filter(({ record }) => record.stream === stream)
    .map(({ record }) => record.data);
}

function eachStream(
  problemsOf: (stream: DiscoveredStream, records: Json[], read: ReadUnderTest) => string[],
): ReadRule {
  return (read) =>
    read.streams.flatMap((stream) =>
      problemsOf(stream, dataOf(read.messages, stream.name), read).map(
        (problem) => `${stream.name}: ${problem}`,
      ),
    );
}

/** Paths of the fields that a schema declares, in the form of {@link valuePaths}. */
export function schemaPaths(schema: unknown, path = ""): string[] {
  if (!isObject(schema)) return [];
  const properties = isObject(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  return [
    ...properties.flatMap(([name, property]) => [
      `${path}/${name}`,
      ...schemaPaths(property, `${path}/${name}`),
    ]),
    ...("items" in schema ? [`${path}/[]`, ...schemaPaths(schema["items"], `${path}/[]`)] : []),
  ];
}

function primaryKeys(stream: DiscoveredStream, record: Json): unknown[] {
  return (stream.source_defined_primary_key ?? []).map(([name = ""]) => record[name]);
}

/** The rules of CAT's `TestBasicRead.test_read`, one per assertion. */
export const READ_RULES: Readonly<Record<string, ReadRule>> = {
  "at least one record": ({ messages }) => (messagesOf(messages, "RECORD").length === 0 ? ["no record"] : []),

  _validate_empty_streams: eachStream((_stream, records) => (records.length === 0 ? ["no record"] : [])),

  _validate_schema: eachStream(({ json_schema: schema }, records) => {
    // Draft 7 with strict integers: 1.0 is 1 in JavaScript, so the text is looked at by "integers are written as such".
    const ajv = new Ajv({ strict: false, allErrors: true });
    ajv.addFormat("date-time", (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)));
    const validate = ajv.compile(schema);
    return records.flatMap((record) => (validate(record) ? [] : [ajv.errorsText(validate.errors)]));
  }),

  _validate_records_structure: eachStream(({ json_schema: schema }, records) => {
    const declared = new Set(schemaPaths(schema));
    return records.flatMap((record) =>
      Array.from(valuePaths(record)).some((path) => declared.has(path))
        ? []
        : ["shares no field with the schema"],
    );
  }),

  _validate_primary_keys_data_type: eachStream((stream, records) =>
    records.flatMap((record) => {
      const keys = primaryKeys(stream, record);
      if (keys.some((key) => typeof key === "object" && key !== null)) return ["a key is no scalar"];
      return keys.every((key) => key === null || key === undefined) ? ["all keys are null"] : [];
    }),
  ),

  _validate_stream_statuses: eachStream(({ name }, _records, { messages }) => {
    const statuses = statusesOf(messages, name).map((status) => status.replace(" RATE_LIMITED", ""));
    const problems = [];
    if (statuses.length < 3) problems.push(`only ${statuses.length} statuses`);
    if (statuses[0] !== "STARTED") problems.push("does not begin with STARTED");
    if (statuses.at(-1) !== "COMPLETE") problems.push("does not end with COMPLETE");
    if (statuses.slice(1, -1).some((status) => status !== "RUNNING"))
      problems.push("has something else than RUNNING in between");
    return problems;
  }),

  _validate_state_messages: ({ messages, streams }) => {
    const states = messagesOf(messages, "STATE").map(
      ({ state }) => state as { type: string; stream?: unknown; sourceStats?: { recordCount?: number } },
    );
    return [
      ...(states.length < streams.length ? [`${states.length} states for ${streams.length} streams`] : []),
      ...states.flatMap(({ type, stream, sourceStats }) => [
        ...(stream === undefined ? ["a state without a stream"] : []),
        ...(type === "LEGACY" ? ["a LEGACY state"] : []),
        ...(sourceStats?.recordCount === undefined ? ["a state without sourceStats"] : []),
      ]),
    ];
  },

  // What the platform does with the counts: a wrong one shows as records lost.
  "the counts of all states add up to the records": eachStream(({ name }, records, { messages }) => {
    const counted = statesOf(messages, name).reduce(
      (sum, { sourceStats }) => sum + (sourceStats?.recordCount ?? Number.NaN),
      0,
    );
    return counted === records.length ? [] : [`${counted} counted, ${records.length} read`];
  }),

  // The platform takes a repeated state for a mistake of the source.
  "no state repeats": eachStream(({ name }, _records, { messages }) => {
    const texts = statesOf(messages, name).map((state) => JSON.stringify(state.stream?.stream_state));
    return new Set(texts).size === texts.length ? [] : ["a state repeats"];
  }),
};
