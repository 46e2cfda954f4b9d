import { expect, test } from "@jest/globals";

import { errorsOf, messagesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { catalogOf, ConnectorBench, emptyDixa } from "../../support/connector.ts";

const MIB = 1024 * 1024;
const PIECE = Buffer.alloc(MIB, "ø");

const bench = ConnectorBench.perFile();

/** Reads conversations of which one has a text of so many MiB, with half of 256 MiB for the heap, as the image gives it. */
async function readWithText(mebibytes: number) {
  const updated_at = Date.UTC(2025, 0, 3);
  bench.answer = (request, response) => {
    if (request.url?.startsWith("/v1/conversation_export") !== true) {
      emptyDixa(request, response);
      return;
    }
    response.write(`[{"id":1,"updated_at":${updated_at},"subject":"`);
    let left = mebibytes;
    const send = () => {
      while (left > 0) {
        left--;
        if (!response.write(PIECE)) {
          response.once("drain", send);
          return;
        }
      }
      response.end('"}]');
    };
    send();
  };
  const dates = { start_date: "2025-01-01", end_date: "2025-01-05" };
  const config = await bench.file(bench.config(dates));
  const catalog = await bench.file(catalogOf("conversations"));
  const env = { NODE_OPTIONS: "--max-old-space-size=128" };
  return bench.runWith(env, "read", "--config", config, "--catalog", catalog);
}

test("a row of 120 MiB ends its stream with an error, not the process", async () => {
  const { code, signal, messages } = await readWithText(120);
  expect(signal).toBeNull();
  expect(code).toBe(1);
  expect(statusesOf(messages, "conversations").at(-1)).toBe("INCOMPLETE");
  expect(errorsOf(messages)[0]?.message).toBe(
    "Dixa's answer can't be read: 2025-01-01T00:00:00Z to 2025-01-05T00:00:00Z: " +
      "one row is larger than 33554432 bytes, the most that can be held",
  );
});

test("a row of 31 MiB of letters that take two bytes is cut", async () => {
  const { code, messages } = await readWithText(31);
  expect(code).toBe(0);
  expect(messagesOf(messages, "RECORD")[0]?.record.meta?.changes).toEqual([
    { field: "subject", change: "TRUNCATED", reason: "SOURCE_RECORD_SIZE_LIMITATION" },
  ]);
});
