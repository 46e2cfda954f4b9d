import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

import { Dataset } from "../integration_tests/simulators/dixa/data/dataset.ts";

const DAY_MS = 86_400_000;
const PIECE_BYTES = 64 * 1024;

/** Serves one export from memory, so that making it costs nothing while it is measured. Runs as a process of its own. */
const [rowsText = "100000"] = process.argv.slice(2);
const hi = Math.floor(Date.now() / 1000) * 1000;
const span = { lo: hi - 30 * DAY_MS, hi };
const dataset = new Dataset({ span, conversations: Number(rowsText), messages: 0, activityLogs: 0 });
const rows = Buffer.concat([...dataset.streams.conversations.pieces(span, { isShuffled: true })]);
const body = Buffer.concat([Buffer.from("["), rows, Buffer.from("]")]);
const compressed = gzipSync(body, { level: 6 });

const server: Server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://bench.invalid");
  if (!url.pathname.endsWith("_export")) {
    response.writeHead(200, { "content-type": "application/json" }).end('{"data":{}}');
    return;
  }
  const isGzip = url.searchParams.has("gzip") || process.argv[3] === "gzip";
  const bytes = isGzip ? compressed : body;
  response.setHeader("content-type", "application/json");
  if (isGzip) response.setHeader("content-encoding", "gzip");
  let at = 0;
  const send = () => {
    while (at < bytes.length) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      at += piece.length;
      if (!response.write(piece)) {
        response.once("drain", send);
        return;
      }
    }
    response.end();
  };
  send();
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
process.stdout.write(
  `${JSON.stringify({ url: `http://127.0.0.1:${port}`, start: span.lo, bytes: body.length, compressedBytes: compressed.length })}\n`,
);
