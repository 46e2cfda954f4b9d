import { describe, expect, test } from "@jest/globals";

import { parseConfiguredCatalog } from "../../../src/airbyte/protocol/catalog.ts";

describe("a configured catalog", () => {
  test("says which streams are read, how, and with which fields", () => {
    const catalog = {
      streams: [
        {
          stream: {
            name: "messages",
            namespace: "dixa",
            json_schema: { type: "object", properties: { id: {}, text: {} } },
            supported_sync_modes: ["full_refresh", "incremental"],
          },
          sync_mode: "incremental",
          destination_sync_mode: "append_dedup",
          cursor_field: ["created_at"],
          primary_key: [["id"]],
          generation_id: 3,
          minimum_generation_id: 2,
          sync_id: 17,
        },
      ],
    };
    expect(parseConfiguredCatalog(catalog)).toEqual([
      {
        ...{ name: "messages", namespace: "dixa", syncMode: "incremental" },
        schema: { type: "object", properties: { id: {}, text: {} } },
        ...{ generationId: 3, minimumGenerationId: 2, syncId: 17 },
      },
    ]);
  });

  test("may have nulls for all that a Python model doesn't know, and keys of its own", () => {
    const catalog = {
      streams: [
        {
          stream: {
            name: "messages",
            namespace: null,
            json_schema: null,
            supported_sync_modes: null,
            default_cursor_field: null,
            is_file_based: null,
            extra: 1,
          },
          sync_mode: null,
          destination_sync_mode: null,
          cursor_field: null,
          primary_key: null,
          generation_id: null,
          minimum_generation_id: null,
          sync_id: null,
          include_files: null,
        },
      ],
      extra: {},
    };
    expect(parseConfiguredCatalog(catalog)).toEqual([
      {
        ...{ name: "messages", namespace: undefined, syncMode: "full_refresh", schema: undefined },
        ...{ generationId: undefined, minimumGenerationId: undefined, syncId: undefined },
      },
    ]);
  });

  test.each([
    ["no schema", {}, undefined],
    ["null for a schema", { json_schema: null }, undefined],
    ["null for its fields", { json_schema: { properties: null } }, { properties: null }],
  ])("may have %s", (_, stream, schema) => {
    expect(parseConfiguredCatalog({ streams: [{ stream: { name: "x", ...stream } }] })[0]?.schema).toEqual(
      schema,
    );
  });

  test("keeps modes and names that are not known, so that one odd entry spares the others", () => {
    const catalog = { streams: [{ stream: { name: "unknown" }, sync_mode: "INVALID" }] };
    expect(parseConfiguredCatalog(catalog)[0]).toMatchObject({ name: "unknown", syncMode: "INVALID" });
  });

  test.each([
    ["", undefined, null],
    [' of the namespace "eu"', "eu", "eu"],
  ])("lists no stream%s twice", (where, first, second) => {
    const catalog = {
      streams: [first, second].map((namespace) => ({ stream: { name: "messages", namespace } })),
    };
    expect(() => parseConfiguredCatalog(catalog)).toThrow(
      expect.objectContaining({
        failureType: "config_error",
        message: `The catalog lists the stream "messages"${where} more than once. Keep one of its entries.`,
      }),
    );
  });

  test("may list one name in several namespaces", () => {
    const catalog = {
      streams: ["eu", "us", undefined].map((namespace) => ({ stream: { name: "messages", namespace } })),
    };
    expect(parseConfiguredCatalog(catalog)).toHaveLength(3);
  });

  test("may be empty", () => {
    expect(parseConfiguredCatalog({ streams: [] })).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ["a list", [], "it is a list of 0"],
    ["null", null, "it is null"],
    ["a text", "x", "it is a string of 1 characters"],
    ["an object without streams", { catalog: {} }, "streams is missing"],
    ["an object with an object for its streams", { streams: {} }, "streams is an empty object"],
    ["a discovered catalog", { streams: [{ name: "x", json_schema: {} }] }, "streams.0.stream is missing"],
    ["a stream without name", { streams: [{ stream: {} }] }, "streams.0.stream.name is missing"],
    [
      "a mode that is no text",
      { streams: [{ stream: { name: "x" }, sync_mode: 1 }] },
      "streams.0.sync_mode is an integer",
    ],
    [
      "fields that are a list",
      { streams: [{ stream: { name: "x", json_schema: { properties: ["id"] } } }] },
      "streams.0.stream.json_schema.properties is a list of 1",
    ],
  ])("is not %s", (_, json, found) => {
    expect(() => parseConfiguredCatalog(json)).toThrow(
      expect.objectContaining({
        failureType: "config_error",
        message:
          `The catalog is not a configured catalog: ${found}. ` +
          'It must look like {"streams": [{"stream": {"name": "…"}, "sync_mode": "incremental"}]}.',
      }),
    );
  });
});
