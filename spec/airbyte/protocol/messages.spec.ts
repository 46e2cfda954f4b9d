import { describe, expect, test } from "@jest/globals";

import {
  connectionStatus,
  errorTrace,
  estimate,
  logMessage,
  stateMessage,
  streamStatus,
} from "../../../src/airbyte/protocol/construct.ts";
import { ConnectorError, isConnectorError } from "../../../src/airbyte/protocol/failure.ts";
import { airbyteMessageSchema } from "../../../src/airbyte/protocol/messages.ts";

const STREAM = { name: "messages" };
const IN_SPACE = { name: "messages", namespace: "dixa" };
const NOW = 1704067200000;

describe("a message", () => {
  test.each<[string, unknown, unknown]>([
    ["LOG", logMessage("INFO", "hello"), { type: "LOG", log: { level: "INFO", message: "hello" } }],
    [
      "LOG with a stack",
      logMessage("ERROR", "ouch", "at x"),
      { type: "LOG", log: { level: "ERROR", message: "ouch", stack_trace: "at x" } },
    ],
    [
      "CONNECTION_STATUS",
      connectionStatus("SUCCEEDED"),
      { type: "CONNECTION_STATUS", connectionStatus: { status: "SUCCEEDED" } },
    ],
    [
      "CONNECTION_STATUS that failed",
      connectionStatus("FAILED", "why"),
      { type: "CONNECTION_STATUS", connectionStatus: { status: "FAILED", message: "why" } },
    ],
    [
      "STATE",
      stateMessage(IN_SPACE, { created_at: 5 }, 12),
      {
        type: "STATE",
        state: {
          type: "STREAM",
          stream: { stream_descriptor: IN_SPACE, stream_state: { created_at: 5 } },
          sourceStats: { recordCount: 12 },
        },
      },
    ],
    [
      "TRACE of a status",
      streamStatus(STREAM, "COMPLETE", NOW),
      {
        type: "TRACE",
        trace: {
          type: "STREAM_STATUS",
          emitted_at: NOW,
          stream_status: { stream_descriptor: STREAM, status: "COMPLETE" },
        },
      },
    ],
    [
      "TRACE of a rate limit, as the only reason",
      streamStatus(STREAM, "RUNNING", NOW, NOW + 5),
      {
        type: "TRACE",
        trace: {
          type: "STREAM_STATUS",
          emitted_at: NOW,
          stream_status: {
            stream_descriptor: STREAM,
            status: "RUNNING",
            reasons: [{ type: "RATE_LIMITED", rate_limited: { quota_reset: NOW + 5 } }],
          },
        },
      },
    ],
    [
      "TRACE of an estimate",
      estimate(IN_SPACE, 10, 2000, NOW),
      {
        type: "TRACE",
        trace: {
          type: "ESTIMATE",
          emitted_at: NOW,
          estimate: {
            name: "messages",
            namespace: "dixa",
            type: "STREAM",
            row_estimate: 10,
            byte_estimate: 2000,
          },
        },
      },
    ],
    [
      "TRACE of an error",
      errorTrace(new ConnectorError("config_error", "wrong", { internalMessage: "401" }), NOW, STREAM),
      {
        type: "TRACE",
        trace: {
          type: "ERROR",
          emitted_at: NOW,
          error: {
            message: "wrong",
            internal_message: "401",
            failure_type: "config_error",
            stream_descriptor: STREAM,
          },
        },
      },
    ],
  ])("%s has the platform's form, and no member without a value", (_, message, wanted) => {
    const printed: unknown = JSON.parse(JSON.stringify(message));
    expect(printed).toEqual(wanted);
    expect(airbyteMessageSchema.parse(printed)).toEqual(wanted);
  });

  test.each<[string, unknown]>([
    ["RECORD", { type: "RECORD", record: { stream: "x", data: { a: 1 }, emitted_at: NOW, namespace: "n" } }],
    [
      "RECORD with changes",
      {
        type: "RECORD",
        record: {
          stream: "x",
          data: {},
          emitted_at: NOW,
          meta: { changes: [{ field: "a", change: "NULLED", reason: "SOURCE_SERIALIZATION_ERROR" }] },
        },
      },
    ],
    [
      "STATE that is global",
      { type: "STATE", state: { type: "GLOBAL", global: { shared_state: {}, stream_states: [] } } },
    ],
    ["SPEC", { type: "SPEC", spec: { connectionSpecification: {}, documentationUrl: "https://x.test" } }],
    [
      "CATALOG",
      {
        type: "CATALOG",
        catalog: { streams: [{ name: "x", json_schema: {}, supported_sync_modes: ["full_refresh"] }] },
      },
    ],
    [
      "CONTROL",
      {
        type: "CONTROL",
        control: { type: "CONNECTOR_CONFIG", emitted_at: 1.5, connectorConfig: { config: {} } },
      },
    ],
    [
      "TRACE of analytics",
      { type: "TRACE", trace: { type: "ANALYTICS", emitted_at: 1, analytics: { type: "a", value: "b" } } },
    ],
    ["DESTINATION_CATALOG", { type: "DESTINATION_CATALOG", destination_catalog: { operations: [{}] } }],
  ])("%s is read, unknown members included", (_, message) => {
    expect(airbyteMessageSchema.parse(message)).toEqual(message);
    const more = { ...(message as object), later: { added: true } };
    expect(airbyteMessageSchema.parse(more)).toEqual(more);
  });

  test.each<[string, unknown]>([
    ["no object", "text"],
    ["of no type", { record: {} }],
    ["of an unknown type", { type: "HELLO" }],
    ["a RECORD without payload", { type: "RECORD" }],
    [
      "a RECORD with a fraction of a millisecond",
      { type: "RECORD", record: { stream: "x", data: {}, emitted_at: 1.5 } },
    ],
    ["a RECORD whose data is a list", { type: "RECORD", record: { stream: "x", data: [], emitted_at: 1 } }],
    ["a STATE of the deprecated kind", { type: "STATE", state: { type: "LEGACY", data: {} } }],
    ["a LOG of an unknown level", { type: "LOG", log: { level: "NOTICE", message: "" } }],
    ["a TRACE of an unknown type", { type: "TRACE", trace: { type: "X", emitted_at: 1 } }],
    [
      "a status of an unknown word",
      {
        type: "TRACE",
        trace: {
          type: "STREAM_STATUS",
          emitted_at: 1,
          stream_status: { stream_descriptor: STREAM, status: "DONE" },
        },
      },
    ],
    [
      "a CATALOG with a stream without modes",
      { type: "CATALOG", catalog: { streams: [{ name: "x", json_schema: {}, supported_sync_modes: [] }] } },
    ],
  ])("is not what is %s", (_, message) => {
    expect(airbyteMessageSchema.safeParse(message).success).toBe(false);
  });
});

describe("an error", () => {
  const trace = (error: ConnectorError) => {
    const message = errorTrace(error, NOW);
    if (message.type !== "TRACE" || message.trace.type !== "ERROR") throw new Error("no error trace");
    return message.trace.error;
  };

  test("has a stack only where the program itself is at fault, and then the one of its cause", () => {
    const cause = new TypeError("deep down");
    expect(trace(new ConnectorError("config_error", "x", { cause })).stack_trace).toBeUndefined();
    expect(trace(new ConnectorError("transient_error", "x", { cause })).stack_trace).toBeUndefined();
    expect(trace(new ConnectorError("system_error", "x", { cause })).stack_trace).toBe(cause.stack);
    expect(trace(new ConnectorError("system_error", "x")).stack_trace).toContain("messages.spec");
  });

  test("tells engineers its cause where nothing else is said", () => {
    const cause = new TypeError("deep down");
    expect(trace(new ConnectorError("transient_error", "x", { cause })).internal_message).toBe("deep down");
    expect(
      trace(new ConnectorError("transient_error", "x", { cause: "no error" })).internal_message,
    ).toBeUndefined();
    expect(
      trace(new ConnectorError("transient_error", "x", { cause, internalMessage: "raw" })).internal_message,
    ).toBe("raw");
  });

  test("is cut at the lengths at which the platform cuts it", () => {
    const long = "x".repeat(200_000);
    const error = new ConnectorError("system_error", long, { internalMessage: long });
    error.stack = long;
    const { message, internal_message, stack_trace } = trace(error);
    expect([message.length, internal_message?.length, stack_trace?.length]).toEqual([
      50_000, 50_000, 100_000,
    ]);
  });

  test("is known by its name, also across realms", () => {
    expect(isConnectorError(new ConnectorError("config_error", "x"))).toBe(true);
    expect(isConnectorError(Object.assign(new Error("x"), { name: "ConnectorError" }))).toBe(false);
    expect(isConnectorError(new Error("x"))).toBe(false);
    expect(isConnectorError({ name: "ConnectorError", failureType: "config_error" })).toBe(false);
  });
});
