import { describe, expect, test } from "@jest/globals";

import { messagesOf } from "../../../integration_tests/support/messages.ts";
import { type Clock, systemClock } from "../../../src/http/clock.ts";
import { SecretFilter } from "../../../src/logging/secret-filter.ts";
import { check } from "../../../src/source/commands/check.ts";
import { type Runtime } from "../../../src/source/commands/runtime.ts";
import { createLogger } from "../../../src/source/output/logger.ts";
import { Output } from "../../../src/source/output/output.ts";
import { StdoutWriter } from "../../../src/source/output/stdout-writer.ts";
import { ConnectorBench, emptyDixa } from "../../support/connector.ts";
import { TOKEN } from "../../support/dixa.ts";
import { type Handler } from "../../support/loopback.ts";
import { KeepingSink } from "../../support/sinks.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";

const bench = ConnectorBench.perFile();

async function runCheck(...flags: string[]) {
  const run = await bench.run("check", "--config", await bench.file(bench.config()), ...flags);
  const statuses = messagesOf(run.messages, "CONNECTION_STATUS");
  expect(statuses).toHaveLength(1);
  expect([run.code, run.stderr]).toEqual([0, ""]);
  return { status: statuses[0]?.connectionStatus, run };
}

/** A runtime inside this process, for what would take minutes in a program. */
function runtimeOf(sink: KeepingSink, clock: Clock = systemClock): Runtime {
  const secrets = new SecretFilter();
  const output = new Output(new StdoutWriter(sink), secrets);
  const logger = createLogger((message) => {
    output.emit(message);
  }, "info");
  return { output, logger, secrets, clock, signal: new AbortController().signal };
}

describe("check", () => {
  test("says SUCCEEDED, and no more", async () => {
    const { status, run } = await runCheck();
    expect(status).toEqual({ status: "SUCCEEDED" });
    expect(run.messages).toHaveLength(1);
  });

  test("waits a minute for an API that is down, saying so, before it calls the configuration wrong", async () => {
    const messagesAfter = async (failures: number) => {
      let left = failures;
      bench.answer = (request, response) => {
        if (request.url?.startsWith("/v1/conversation_export") !== true || left-- <= 0)
          emptyDixa(request, response);
        else response.writeHead(503).end();
      };
      const clock = new SkippingClock(Date.UTC(2025, 0, 1));
      const sink = new KeepingSink();
      const runtime = runtimeOf(sink, clock);
      await check(await bench.file(bench.config()), runtime);
      await runtime.output.writer.flush();
      return { messages: sink.lines, waited: clock.slept.reduce((sum, ms) => sum + ms, 0) };
    };
    const healed = await messagesAfter(6);
    expect(healed.messages.at(-1)).toContain('"SUCCEEDED"');
    expect(healed.waited).toBeGreaterThanOrEqual(60_000);
    expect(healed.messages.filter((line) => /answered 503; trying again in \d+ s/.test(line))).toHaveLength(
      6,
    );
    expect((await messagesAfter(7)).messages.at(-1)).toContain("Dixa keeps answering with status 503");
  });

  test("says in plain words what is wrong, with status 0", async () => {
    bench.answer = (_, response) => response.writeHead(403).end();
    expect((await runCheck()).status).toMatchObject({
      status: "FAILED",
      message: expect.stringMatching(
        /gives it no right to read this \(403\)\. Ask a Dixa admin\./,
      ) as unknown,
    });
  });

  test.each<[string, Handler, string]>([
    ["an API that doesn't answer", () => undefined, "no answer came"],
    [
      "an API that limits its rate for longer",
      (_, response) => response.writeHead(429, { "retry-after": "120" }).end(),
      "GET .* answered 429; trying again in 1[23]\\d s",
    ],
  ])("does not wait for ever for %s", async (_, answer, last) => {
    bench.answer = answer;
    const sink = new KeepingSink();
    const runtime = runtimeOf(sink);
    await check(await bench.file(bench.config()), runtime, 500);
    await runtime.output.writer.flush();
    expect(JSON.parse(sink.lines.at(-1) ?? "")).toEqual({
      type: "CONNECTION_STATUS",
      connectionStatus: {
        status: "FAILED",
        message: expect.stringMatching(
          `^Dixa did not let itself be asked within 0.5 s \\(${last}\\)\\. Try again later\\.$`,
        ) as unknown,
      },
    });
  });

  test.each([[[]], [["--debug"]]])(
    "never shows the token, even when the answer quotes it (flags: %j)",
    async (flags) => {
      const basic = Buffer.from(`bearer:${TOKEN}`).toString("base64");
      bench.answer = (request, response) => {
        const { authorization } = request.headers;
        // As a proxy does that shows what it got; the second quotation is cut where bodies are.
        response
          .writeHead(401)
          .end(`${JSON.stringify({ authorization, basic })} ${"x".repeat(3900)} ${TOKEN.repeat(20)}`);
      };
      const { status, run } = await runCheck(...flags);
      expect(status).toMatchObject({ status: "FAILED" });
      const debug = messagesOf(run.messages, "LOG").filter(({ log }) => log.level === "DEBUG");
      expect(debug.length).toBe(flags.length);
      if (flags.length > 0) expect(debug[0]?.log.message).toContain('"basic":"****"');
    },
  );

  test("never shows the token that a page in place of an answer begins with", async () => {
    bench.answer = ({ headers }, response) => response.end(`denied: ${headers.authorization ?? ""}`);
    const { status } = await runCheck("--debug");
    expect(status?.message).toContain('it starts with "denied: Bearer ****');
  });
});
