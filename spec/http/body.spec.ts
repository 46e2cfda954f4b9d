import { gzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";

import { HttpClient } from "../../src/http/client.ts";
import { type Handler, Loopback } from "../support/loopback.ts";
import { withManualTimers } from "../support/manual-timers.ts";
import { SkippingClock } from "../support/skipping-clock.ts";

let server: Loopback;
let handler: Handler;
let client: HttpClient;

/** Longer than any machine lets a body wait that comes. */
const IDLE_TIMEOUT_MS = 15_000;

function clientWith(idleTimeoutMs: number): HttpClient {
  return new HttpClient({
    clock: new SkippingClock(),
    userAgent: "spec",
    maxSockets: 1,
    idleTimeoutMs,
    random: () => 0,
  });
}

beforeEach(async () => {
  server = await Loopback.start((request, response) => {
    handler(request, response);
  });
  client = clientWith(IDLE_TIMEOUT_MS);
});

afterEach(async () => {
  client.close();
  await server.close();
});

/** Reads the whole body in pieces; `onPiece` is called after each. */
async function read(onPiece?: () => void): Promise<Buffer[]> {
  return client.send({ url: server.url, headers: {} }, async ({ body }) => {
    const pieces: Buffer[] = [];
    for await (const piece of body) {
      pieces.push(piece);
      onPiece?.();
    }
    return pieces;
  });
}

const failure = ({ reason, message }: { reason: string; message: string }) =>
  expect.objectContaining({
    name: "BodyError",
    reason,
    message: expect.stringContaining(message) as unknown,
  });

/** 3 MB that gzip can't do much with. */
const rows = Buffer.from(
  JSON.stringify(Array.from({ length: 40_000 }, (_, id) => ({ id, text: Math.sin(id).toString(36) }))),
);
const zipped = gzipSync(rows);

describe("a body", () => {
  test("is handed over as it arrives", async () => {
    const got = Promise.withResolvers<undefined>();
    handler = (_, response) => {
      response.write("[1,");
      // The rest comes only once the first piece has been seen.
      void got.promise.then(() => response.end("2]"));
    };
    const pieces = await read(() => {
      got.resolve(undefined);
    });
    expect(pieces.map(String)).toEqual(["[1,", "2]"]);
  });

  test("may be empty", async () => {
    handler = (_, response) => response.writeHead(204).end();
    expect(await read()).toEqual([]);
  });

  test("that is zipped comes in pieces of 256 KiB, which is faster than the usual 16", async () => {
    const dense = gzipSync(Buffer.alloc(1024 * 1024, "abc"));
    handler = (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(dense);
    expect((await read()).map((piece) => piece.length)).toEqual(Array(4).fill(256 * 1024));
  });

  test.each(["gzip", "x-gzip", " GZIP "])("in the encoding %j is unzipped", async (encoding) => {
    handler = (_, response) => response.writeHead(200, { "content-encoding": encoding }).end(zipped);
    expect(Buffer.concat(await read()).equals(rows)).toBe(true);
  });

  test.each(["identity", ""])("in the encoding %j is left as it is", async (encoding) => {
    handler = (_, response) => response.writeHead(200, { "content-encoding": encoding }).end("plain");
    expect(Buffer.concat(await read()).toString()).toBe("plain");
  });

  test("of several gzip members is unzipped to its end", async () => {
    handler = (_, response) =>
      response
        .writeHead(200, { "content-encoding": "gzip" })
        .end(Buffer.concat([gzipSync("[1,"), gzipSync("2]")]));
    expect(Buffer.concat(await read()).toString()).toBe("[1,2]");
  });
});

describe("a body that can't be used is asked for once more, and then told", () => {
  afterEach(() => {
    expect(server.requests).toHaveLength(2);
  });

  test("when it is zipped and ends early, however politely", async () => {
    const cut = zipped.subarray(0, zipped.length - 20_000);
    handler = (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(cut);
    await expect(read()).rejects.toEqual(
      failure({ reason: "truncated", message: "broke off (Z_BUF_ERROR)" }),
    );
  });

  test("when it is zipped and lacks only its checksum", async () => {
    handler = (_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(zipped.subarray(0, zipped.length - 4));
    await expect(read()).rejects.toEqual(failure({ reason: "truncated", message: "broke off" }));
  });

  test("when it is cut between chunks", async () => {
    handler = (request, response) => {
      response.write("[1,", () => {
        request.socket.destroySoon();
      });
    };
    await expect(read()).rejects.toEqual(failure({ reason: "truncated", message: "broke off" }));
  });

  test("when it is shorter than announced", async () => {
    handler = (request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("[1,", () => {
        request.socket.destroySoon();
      });
    };
    await expect(read()).rejects.toEqual(failure({ reason: "truncated", message: "broke off" }));
  });

  test("when the connection is reset", async () => {
    handler = (request, response) => {
      response.write("[1,", () => request.socket.resetAndDestroy());
    };
    await expect(read()).rejects.toEqual(failure({ reason: "truncated", message: "broke off" }));
  });

  test("when it is zipped and the connection breaks", async () => {
    handler = (request, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.write(zipped.subarray(0, 50_000), () => {
        request.socket.destroySoon();
      });
    };
    await expect(read()).rejects.toEqual(failure({ reason: "truncated", message: "broke off" }));
  });

  test("when it stalls", async () => {
    client = clientWith(40);
    handler = (_, response) => void response.write("[1,");
    await expect(read()).rejects.toEqual(failure({ reason: "stalled", message: "sent no byte for 0.04 s" }));
  });

  test("when it is zipped and stalls", async () => {
    client = clientWith(40);
    handler = (_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.write(zipped.subarray(0, 50_000));
    };
    await expect(read()).rejects.toEqual(failure({ reason: "stalled", message: "sent no byte for 0.04 s" }));
  });

  test("when it is damaged", async () => {
    const damaged = Buffer.from(zipped);
    damaged.fill(0xff, 1000, 1100);
    handler = (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(damaged);
    await expect(read()).rejects.toEqual(
      failure({ reason: "malformed", message: "sent a damaged body (Z_DATA_ERROR)" }),
    );
  });

  test("when it is said to be zipped and is not", async () => {
    handler = (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("[1,2]");
    await expect(read()).rejects.toEqual(failure({ reason: "malformed", message: "sent a damaged body" }));
  });

  test("when it is in an encoding that was not asked for", async () => {
    handler = (_, response) => response.writeHead(200, { "content-encoding": "br" }).end("[1,2]");
    await expect(read()).rejects.toEqual(failure({ reason: "malformed", message: 'unknown encoding "br"' }));
  });
});

test("a reader that takes its time does not make a body stall", async () => {
  handler = (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(zipped);
  await withManualTimers(async (pass) => {
    const pieces = await read(() => {
      pass(2 * IDLE_TIMEOUT_MS);
    });
    expect(pieces.length).toBeGreaterThan(4);
    expect(Buffer.concat(pieces).equals(rows)).toBe(true);
  });
  expect(server.requests).toHaveLength(1);
});
