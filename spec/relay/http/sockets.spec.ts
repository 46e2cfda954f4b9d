import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type FastifyInstance } from "fastify";

import { closeServer } from "../../../src/relay/http/close-server.ts";
import { createServer, type ServerTuning } from "../../../src/relay/http/server.ts";
import {
  ADMIN_TOKEN,
  CONNECTION,
  OPEN,
  TEST_TUNING,
  type TestServices,
  testServices,
} from "../support/services-fixture.ts";

const BODY = '{"event_id":"e1"}';
const HEAD = `POST /webhooks/dixa/${OPEN} HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\n`;

/** Cuts off whoever goes on too long, as all do who never end. */
const IMPATIENT = { ...TEST_TUNING, requestTimeoutMs: 400, headersTimeoutMs: 200, checkMs: 50 };

let services: TestServices;
let app: FastifyInstance;
let sockets: Socket[];
/** Their other ends. */
let peers: Socket[];

/** A server in place of the one that each test finds. */
async function listen(tuning: ServerTuning): Promise<void> {
  app = createServer(services, tuning);
  peers = [];
  app.server.on("connection", (peer) => peers.push(peer));
  await app.listen({ host: "127.0.0.1", port: 0 });
}

beforeEach(async () => {
  services = testServices();
  sockets = [];
  await listen(TEST_TUNING);
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await app.close();
});

async function open(): Promise<Socket> {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

/** All that the server says until it closes the connection. */
async function answerOn(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  // Not by `once`, which takes the refusal of what is still written for a failure of its own.
  await new Promise((resolve) => socket.on("close", resolve));
  return text;
}

async function rejections(reason: string): Promise<number> {
  const { body } = await app.inject("/metrics");
  return Number(new RegExp(`rejected_total{reason="${reason}"} (\\d+)`).exec(body)?.[1]);
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until the server has read so many bytes of its only connection. */
async function arrived(bytes: number): Promise<void> {
  await until(() => (peers[0]?.bytesRead ?? -1) >= bytes);
}

describe("over a real connection", () => {
  test("a webhook that arrives in pieces is put together", async () => {
    const socket = await open();
    socket.write(`${HEAD}Connection: close\r\nContent-Length: ${BODY.length}\r\n\r\n`);
    for (const character of BODY) {
      socket.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 202 /);
    expect(services.store.events).toHaveLength(1);
  });

  test("several webhooks on one connection are answered in their order", async () => {
    const socket = await open();
    const other = BODY.replace("e1", "e2");
    socket.write(`${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
    socket.write(`${HEAD}Connection: close\r\nContent-Length: ${other.length}\r\n\r\n${other}`);
    expect((await answerOn(socket)).match(/HTTP\/1\.1 202/g)).toHaveLength(2);
    expect(services.store.events.map(({ eventId }) => eventId)).toEqual(["e1", "e2"]);
  });

  test("whoever sends headers without end is cut off", async () => {
    await app.close();
    await listen(IMPATIENT);
    const socket = await open();
    socket.write("POST / HTTP/1.1\r\nHost: relay\r\n");
    const drip = setInterval(() => socket.write("X-Slow: 1\r\n"), 30);
    const answer = await answerOn(socket);
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("whoever sends a body without end is cut off, and nothing is kept", async () => {
    await app.close();
    await listen(IMPATIENT);
    const socket = await open();
    socket.write(`${HEAD}Content-Length: 1000\r\n\r\n{"event_id":"e1","x":"`);
    const drip = setInterval(() => socket.write("x"), 30);
    const answer = await answerOn(socket);
    clearInterval(drip);
    expect(answer === "" || answer.startsWith("HTTP/1.1 408 ")).toBe(true);
    expect(services.store.events).toEqual([]);
  });

  test("whoever hangs up in the middle is counted, and nothing is kept", async () => {
    const socket = await open();
    const half = `${HEAD}Content-Length: 1000\r\n\r\n{"event_id":"e1"`;
    socket.write(half);
    await arrived(half.length);
    socket.destroy();
    await until(async () => (await rejections("aborted")) === 1);
    expect(services.store.events).toEqual([]);
  });

  test("whoever hangs up before a request for a sync is written down is not waited for", async () => {
    const { store, clock } = services;
    store.addConnection(OPEN, CONNECTION);
    const written = Promise.withResolvers<number>();
    const request = jest.spyOn(store, "requestSync").mockReturnValue(written.promise);
    const look = jest.spyOn(store, "syncProgress");
    const sleep = jest.spyOn(clock, "sleep").mockImplementation(() => {
      services.stop();
      return Promise.resolve();
    });
    await store.accept({ credentialId: OPEN, eventId: "e1", eventType: "CONVERSATION_CLOSED" });
    const socket = await open();
    const path = `/v1/credentials/${OPEN}/sync?wait=10m`;
    socket.write(`POST ${path} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`);
    await until(() => request.mock.calls.length > 0);
    const left = once(peers[0]!, "close");
    socket.destroy();
    await left;
    written.resolve(1);
    await until(() => look.mock.calls.length > 0);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(sleep).not.toHaveBeenCalled();
  });

  test("a body that turns out too large is refused while it comes", async () => {
    const socket = await open();
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const piece = "x".repeat(64 * 1024);
    for (let i = 0; i < 8; i++) socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test("what is not HTTP is refused", async () => {
    const socket = await open();
    socket.write("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("headers beyond all measure are refused", async () => {
    const socket = await open();
    socket.write(`${HEAD}X-Large: ${"x".repeat(40_000)}\r\n\r\n`);
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });

  test("a request with two lengths is refused", async () => {
    const socket = await open();
    socket.write(`${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("closing", () => {
  const never = new AbortController().signal;

  test.each([
    ["nothing", ""],
    ["half a header", "POST / HTTP/1.1\r\nHost: rel"],
    ["half a body", `${HEAD}Content-Length: 1000\r\n\r\n{`],
  ])("is not held up by whoever has sent %s", async (_, text) => {
    const socket = await open();
    socket.write(text);
    const closed = once(socket, "close");
    await arrived(text.length);
    // Whoever has begun a request gets a little time to end it, and nobody else any.
    const startedAt = performance.now();
    await closeServer(app, text.startsWith(HEAD) ? 100 : 60_000, never);
    await closed;
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });

  test("lets requests under way end", async () => {
    const socket = await open();
    const begun = `${HEAD}Connection: close\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 5)}`;
    socket.write(begun);
    await arrived(begun.length);
    const closed = closeServer(app, 60_000, never);
    socket.write(BODY.slice(5));
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 202 /);
    await closed;
  });

  test("waits for nobody in a hurry", async () => {
    await open();
    const hurry = new AbortController();
    const closed = closeServer(app, 60_000, hurry.signal);
    hurry.abort();
    await closed;
  });
});
