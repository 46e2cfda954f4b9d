import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";

import { FIXED_ACCOUNT, UNEXPECTED } from "../acceptance/fixed-data.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { errorsOf, messagesOf, statusesOf } from "../support/messages.ts";
import { expectTruth } from "../support/truth.ts";
import { acceptance, configAt, repositoryFile } from "./acceptance-config.ts";
import { type DiscoveredStream } from "./catalog-rules.ts";
import { type Json } from "./json-walk.ts";
import { READ_RULES } from "./record-rules.ts";
import { type Outcome, targets } from "./target.ts";

const expectedSchema = z.object({ stream: z.string(), data: z.looseObject({}) });

/** A configured catalog as CAT makes one of what was discovered: with explicit nulls, as Python models are dumped. */
function configured(
  streams: readonly DiscoveredStream[],
  syncMode: string,
  destinationSyncMode = "append",
): { streams: Json[] } {
  return {
    streams: streams.map((stream) => ({
      stream: { namespace: null, is_file_based: null, ...stream },
      sync_mode: syncMode,
      destination_sync_mode: destinationSyncMode,
      cursor_field: stream.default_cursor_field ?? null,
      primary_key: stream.source_defined_primary_key ?? null,
      generation_id: null,
      minimum_generation_id: null,
      sync_id: null,
      include_files: null,
      destination_object_name: null,
    })),
  };
}

describe.each(targets())("basic read of $name", (target) => {
  const [
    { config_path: configPath, expect_records: expectRecords, empty_streams: emptyStreams } = {
      config_path: "",
      expect_records: undefined,
      empty_streams: undefined,
    },
  ] = acceptance.acceptance_tests.basic_read.tests;
  let simulator: DixaSimulator;
  let config: Json;
  let streams: readonly DiscoveredStream[];
  let outcome: Outcome;

  beforeAll(async () => {
    simulator = await startDixaSimulator(FIXED_ACCOUNT);
    config = configAt(configPath, simulator);
    const discovered = await target.run("discover", { config });
    streams = (messagesOf(discovered.messages, "CATALOG")[0]?.catalog.streams ??
      []) as readonly DiscoveredStream[];
    outcome = await target.run("read", { config, catalog: configured(streams, "full_refresh") });
  });

  afterAll(async () => {
    await simulator.close();
  });

  test("CAT, test_read; FAST, test_basic_read: it ends well", () => {
    expect(errorsOf(outcome.messages)).toEqual([]);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stderr).toBe("");
  });

  test.each(Object.entries(READ_RULES))("CAT, test_read: %s", (_name, rule) => {
    const empty = new Set(emptyStreams?.map(({ name }) => name));
    const filled = streams.filter(({ name }) => !empty.has(name));
    expect(rule({ messages: outcome.messages, streams: filled })).toEqual([]);
  });

  test("CAT, test_read, _validate_expected_records: they are there, value for value", () => {
    const expected = repositoryFile(expectRecords?.path ?? "")
      .trim()
      .split("\n")
      .map((line) => expectedSchema.parse(JSON.parse(line)));
    expect(expected.length).toBeGreaterThan(30);
    const keys = new Map(streams.map((stream) => [stream.name, stream.source_defined_primary_key ?? []]));
    const keyOf = (stream: string, data: Json) =>
      JSON.stringify([stream, ...(keys.get(stream) ?? []).map(([field = ""]) => data[field])]);
    const records = new Map(
      messagesOf(outcome.messages, "RECORD").map(({ record }) => [
        keyOf(record.stream, record.data),
        record.data,
      ]),
    );
    for (const { stream, data } of expected) expect(records.get(keyOf(stream, data))).toEqual(data);
    const names = streams.map(({ name }) => name).filter((name) => !(name in UNEXPECTED));
    expect(new Set(expected.map(({ stream }) => stream))).toEqual(new Set(names));
  });

  // The suites of others would not notice if every seventh record were lost, nor a token in the log of a read.
  test("what no suite asks: all rows of the account, each once, and the token nowhere", () => {
    expectTruth(outcome.messages, simulator);
    expect(outcome.stdout).not.toContain(FIXED_ACCOUNT.token);
  });

  test("CAT, _validate_schema, with strict integers: integers are written without a fraction", () => {
    const lines = outcome.stdout.split("\n").filter((line) => line.startsWith('{"type":"RECORD"'));
    expect(lines.length).toBeGreaterThan(0);
    expect(
      lines.filter((line) => /"(id|created_at|updated_at|csid|conversationId)":-?\d+[.eE]/.test(line)),
    ).toEqual([]);
  });

  test("CAT, test_airbyte_trace_message_on_failure; FAST, test_fail_read_with_bad_catalog", async () => {
    const catalog = {
      streams: [
        {
          stream: {
            name: "a_stream_that_does_not_exist",
            json_schema: { type: "object", properties: { f1: { type: "string" } } },
            supported_sync_modes: ["full_refresh"],
          },
          sync_mode: "INVALID",
          destination_sync_mode: "INVALID",
        },
      ],
    };
    const bad = await target.run("read", { config, catalog });
    expect(errorsOf(bad.messages).length).toBeGreaterThanOrEqual(1);
    expect(statusesOf(bad.messages, "a_stream_that_does_not_exist").at(-1)).toBe("INCOMPLETE");
    expect(bad.exitCode).not.toBe(0);
    expect(bad.stderr).toBe("");
  });
});
