import { once } from "node:events";
import { createInterface } from "node:readline";

import { describe, expect, test } from "@jest/globals";

import { errorsOf, messagesOf, statesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { catalogOf, ConnectorBench, emptyDixa } from "../../support/connector.ts";
import { TOKEN } from "../../support/dixa.ts";
import { endOf, messagesIn, startProgram } from "../../support/program.ts";

const bench = ConnectorBench.perFile();

const START = Date.UTC(2024, 0, 1);
/** A row in the first slice. */
const row = (id: number) => JSON.stringify({ id: `m${id}`, created_at: START + id, text: "x".repeat(1000) });

async function readArgs(more: Record<string, unknown> = {}, ...streams: string[]): Promise<string[]> {
  const config = bench.config({ num_workers: 1, end_date: "2024-01-20", ...more });
  const catalog = catalogOf(...(streams.length === 0 ? ["messages"] : streams));
  return ["read", "--config", await bench.file(config), "--catalog", await bench.file(catalog)];
}

describe("read", () => {
  test("puts rows, a STATE and the statuses out, and ends with 0", async () => {
    bench.answer = (request, response) => {
      if (request.url?.startsWith("/v1/message_export")) response.end(`[${row(1)},${row(2)}]`);
      else emptyDixa(request, response);
    };
    const run = await bench.run(...(await readArgs()));
    expect(messagesOf(run.messages, "RECORD").map(({ record }) => record.data["id"])).toEqual(["m1", "m2"]);
    expect(statusesOf(run.messages, "messages")).toEqual(["STARTED", "RUNNING", "COMPLETE"]);
    expect(statesOf(run.messages, "messages").at(-1)).toMatchObject({
      stream: { stream_state: { created_at: Date.UTC(2024, 0, 20) } },
      sourceStats: { recordCount: 2 },
    });
    expect([run.code, run.stderr]).toEqual([0, ""]);
  });

  test("with a stream that fails ends with 1, and the other streams are complete", async () => {
    bench.answer = (request, response) => {
      if (request.url?.startsWith("/v1/message_export"))
        response.writeHead(403).end(`no rights for ${TOKEN}`);
      else emptyDixa(request, response);
    };
    const run = await bench.run(...(await readArgs({}, "messages", "conversations")), "--debug");
    expect(errorsOf(run.messages)).toEqual([
      expect.objectContaining({
        failure_type: "config_error",
        stream_descriptor: { name: "messages" },
        internal_message: expect.stringContaining("answered 403: no rights for ****") as unknown,
      }),
    ]);
    expect(statusesOf(run.messages, "messages").at(-1)).toBe("INCOMPLETE");
    expect(statusesOf(run.messages, "conversations").at(-1)).toBe("COMPLETE");
    expect(run.code).toBe(1);
  });
});

describe("a reader that goes away early", () => {
  test("ends the read quietly", async () => {
    bench.answer = (request, response) => {
      if (!request.url?.startsWith("/v1/message_export")) {
        emptyDixa(request, response);
        return;
      }
      response.write("[");
      let id = 0;
      const more = () => {
        while (!response.destroyed && response.write(`${row(id++)},`));
      };
      response.on("drain", more);
      more();
    };
    const child = startProgram("dist/source-dixa.js", await readArgs());
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect([code, signal, stderr]).toEqual([1, null, ""]);
  });
});

describe("a signal", () => {
  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s lets out what is finished with its STATE, and then the program dies by it",
    async (name) => {
      let stop: () => void = () => undefined;
      bench.answer = (request, response) => {
        const after = /created_after=(\d+)/.exec(request.url ?? "")?.[1];
        if (after === undefined) emptyDixa(request, response);
        else if (Number(after) < START) response.end(`[${row(1)}]`);
        else {
          // The second slice never ends.
          response.write("[");
          stop();
        }
      };
      const child = startProgram("dist/source-dixa.js", await readArgs({ batch_size: 5 }));
      stop = () => child.kill(name);
      const end = await endOf(child);
      expect([end.code, end.signal, end.stderr]).toEqual([null, name, ""]);
      const messages = messagesIn(end);
      expect(messagesOf(messages, "RECORD")).toHaveLength(1);
      expect(statesOf(messages, "messages").at(-1)?.stream?.stream_state).toMatchObject({
        created_at: START + 5 * 86_400_000,
      });
      expect(statusesOf(messages, "messages").at(-1)).toBe("INCOMPLETE");
    },
  );

  test("ends a check too", async () => {
    const child = startProgram("dist/source-dixa.js", [
      "check",
      "--config",
      await bench.file(bench.config()),
    ]);
    bench.answer = () => child.kill("SIGTERM");
    const end = await endOf(child);
    expect([end.code, end.signal, end.stdout, end.stderr]).toEqual([null, "SIGTERM", "", ""]);
  });
});

test("lines come while the read goes on, and not only at its end", async () => {
  let end: () => void = () => undefined;
  bench.answer = (request, response) => {
    if (!request.url?.startsWith("/v1/message_export")) {
      emptyDixa(request, response);
      return;
    }
    response.write(`[${row(1)},`);
    end = () => response.end(`${row(2)}]`);
  };
  const child = startProgram("dist/source-dixa.js", await readArgs());
  const ids: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as { record?: { data: { id: string } } };
    if (message.record === undefined) continue;
    ids.push(message.record.data.id);
    // The second row is served only once the first has come out.
    end();
  }
  expect(ids).toEqual(["m1", "m2"]);
});
