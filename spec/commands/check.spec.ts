import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";

import { messagesOf } from "../../integration_tests/support/messages.ts";
import { ConnectorBench, emptyDixa } from "../support/connector.ts";
import { TOKEN } from "../support/dixa.ts";

let bench: ConnectorBench;

beforeAll(async () => {
  bench = await ConnectorBench.open();
});

afterAll(() => bench.close());

afterEach(() => {
  bench.answer = emptyDixa;
});

async function check(...flags: string[]) {
  const run = await bench.run("check", "--config", await bench.file(bench.config()), ...flags);
  const statuses = messagesOf(run.messages, "CONNECTION_STATUS");
  expect(statuses).toHaveLength(1);
  expect([run.code, run.stderr]).toEqual([0, ""]);
  return { status: statuses[0]?.connectionStatus, run };
}

describe("check", () => {
  test("says SUCCEEDED, and no more", async () => {
    const { status, run } = await check();
    expect(status).toEqual({ status: "SUCCEEDED" });
    expect(run.messages).toHaveLength(1);
  });

  test("says in plain words what is wrong, with status 0", async () => {
    bench.answer = (_, response) => response.writeHead(403).end();
    expect((await check()).status).toMatchObject({
      status: "FAILED",
      message: expect.stringMatching(
        /gives it no right to read this \(403\)\. Ask a Dixa admin\./,
      ) as unknown,
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
      const { status, run } = await check(...flags);
      expect(status).toMatchObject({ status: "FAILED" });
      const debug = messagesOf(run.messages, "LOG").filter(({ log }) => log.level === "DEBUG");
      expect(debug.length).toBe(flags.length);
      if (flags.length > 0) expect(debug[0]?.log.message).toContain('"basic":"****"');
    },
  );

  test("never shows the token that a page in place of an answer begins with", async () => {
    bench.answer = ({ headers }, response) => response.end(`denied: ${headers.authorization ?? ""}`);
    const { status } = await check("--debug");
    expect(status?.message).toContain('it starts with "denied: Bearer ****');
  });
});
