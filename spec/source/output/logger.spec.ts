import { describe, expect, test } from "@jest/globals";

import { type AirbyteMessage } from "../../../src/airbyte/protocol/messages.ts";
import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { createLogger } from "../../../src/source/output/logger.ts";
import { Output } from "../../../src/source/output/output.ts";
import { StdoutWriter } from "../../../src/source/output/stdout-writer.ts";
import { KeepingSink } from "../../support/sinks.ts";

function logged(level: "debug" | "info") {
  const messages: AirbyteMessage[] = [];
  return { messages, logger: createLogger((message) => messages.push(message), level) };
}

describe("a log line", () => {
  test("becomes a LOG message of its level", () => {
    const { messages, logger } = logged("debug");
    logger.debug("a");
    logger.info("b");
    logger.warn("c");
    logger.error("d");
    logger.fatal("e");
    expect(messages).toEqual(
      ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"].map((level, i) => ({
        type: "LOG",
        log: { level, message: "abcde"[i] },
      })),
    );
  });

  test("of level debug comes only where it is asked for", () => {
    const { messages, logger } = logged("info");
    logger.debug("hidden");
    logger.trace("hidden");
    expect(messages).toEqual([]);
  });

  test("may hold line breaks, quotes and an error with its stack", () => {
    const { messages, logger } = logged("info");
    const error = new Error("ouch");
    logger.error(error, 'it "broke"\nhere');
    expect(messages).toEqual([
      { type: "LOG", log: { level: "ERROR", message: 'it "broke"\nhere', stack_trace: error.stack } },
    ]);
  });
});

test("secrets are hidden in every free text of a message, and the message stays one line", async () => {
  const sink = new KeepingSink();
  const secrets = new SecretFilter();
  secrets.hide(["t0k3n-value"]);
  const output = new Output(new StdoutWriter(sink), secrets);
  output.emit({
    type: "LOG",
    log: { level: "INFO", message: "t0k3n-value\nx", stack_trace: "at t0k3n-value" },
  });
  output.emit({
    type: "CONNECTION_STATUS",
    connectionStatus: { status: "FAILED", message: "no t0k3n-value" },
  });
  output.emit({
    type: "TRACE",
    trace: {
      type: "ERROR",
      emitted_at: 1,
      error: { message: "t0k3n-value", internal_message: "t0k3n-value" },
    },
  });
  await output.writer.flush();
  expect(sink.lines).toHaveLength(3);
  expect(sink.text).not.toContain("t0k3n");
  expect(sink.text.match(/\*\*\*\*/g)).toHaveLength(5);
});
