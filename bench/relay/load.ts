import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";

import { sign } from "../../src/dixa/webhooks/signature.ts";
import { type Load, type LoadResult } from "./load-client.ts";

/**
 * Sends webhooks, each new and signed, as a process of its own. Everything is made before the clock starts, and answers
 * are read by hand, so that the sender takes as little as it can of the machine it shares with what it measures.
 */
const load = JSON.parse(process.argv[2] ?? "{}") as Load;
const BODY_BYTES = 1024;
const HEAD_END = Buffer.from("\r\n\r\n");
const ACCEPTED = Buffer.from("HTTP/1.1 202 ");

function makeRequests(): Buffer[] {
  const run = randomUUID().slice(0, 24);
  return Array.from({ length: load.requests }, (_, index) => {
    const event = {
      event_id: `${run}${index.toString(16).padStart(12, "0")}`,
      event_fqn: "CONVERSATION_MESSAGE_ADDED",
      event_version: "1",
      event_timestamp: new Date().toISOString(),
      organization: { id: "1f40ae9a-6e20-4a4a-9fb8-0c2c0a3b8b8d", name: "Example" },
      data: { text: "" },
    };
    event.data.text = "x".repeat(BODY_BYTES - Buffer.byteLength(JSON.stringify(event)));
    const body = Buffer.from(JSON.stringify(event));
    const head =
      `POST ${load.paths[index % load.paths.length] ?? ""} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
      `X-DIXA-SIGNATURE: ${sign(load.secret, body, Date.now())}\r\nContent-Length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  });
}

/** One connection, on which one request is under way at most. */
class Sender {
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);
  #done: ((isAccepted: boolean) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      this.#take(chunk);
    });
    socket.on("error", fail);
    socket.on("close", () => {
      if (this.#done !== undefined) fail(new Error("the relay closed a connection that waits for an answer"));
    });
  }

  static async open(): Promise<Sender> {
    const socket = connect(load.port, "127.0.0.1");
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    return new Sender(socket);
  }

  send(request: Buffer, done: (isAccepted: boolean) => void): void {
    this.#done = done;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const headEnd = this.#rest.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#rest.toString("latin1", 0, headEnd);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#rest.length < headEnd + HEAD_END.length + length) return;
    const isAccepted = this.#rest.subarray(0, ACCEPTED.length).equals(ACCEPTED);
    this.#rest = Buffer.alloc(0);
    const done = this.#done;
    this.#done = undefined;
    done?.(isAccepted);
  }
}

function fail(error: Error): never {
  process.stderr.write(`the load broke off: ${error.message}\n`);
  process.exit(1);
}

const requests = makeRequests();
const senders = await Promise.all(Array.from({ length: load.connections }, () => Sender.open()));
const latencies = new Float64Array(requests.length);
let next = 0;
let answered = 0;
let accepted = 0;
const finished = Promise.withResolvers<undefined>();
const idle = [...senders];
/** Requests that may have left by now; all of them, if there is no pace. */
let allowed = load.perSecond === undefined ? requests.length : 0;
const started = performance.now();

/** When a request should have left: a sender that is held up must not make the relay look fast. ms */
function dueAt(index: number): number {
  return load.perSecond === undefined ? performance.now() : started + (index * 1000) / load.perSecond;
}

function pump(): void {
  while (next < allowed) {
    const sender = idle.pop();
    if (sender === undefined) return;
    const index = next++;
    const request = requests[index];
    if (request === undefined) return;
    const from = dueAt(index);
    sender.send(request, (isAccepted) => {
      latencies[index] = performance.now() - from;
      if (isAccepted) accepted++;
      idle.push(sender);
      if (++answered === requests.length) finished.resolve(undefined);
      else pump();
    });
  }
}

pump();
const { perSecond } = load;
const pace =
  perSecond === undefined
    ? undefined
    : setInterval(() => {
        allowed = Math.min(
          requests.length,
          Math.floor(((performance.now() - started) * perSecond) / 1000) + 1,
        );
        pump();
      }, 1);
await finished.promise;
clearInterval(pace);
const seconds = (performance.now() - started) / 1000;
for (const sender of senders) sender.close();
latencies.sort();
const percentile = (share: number) => latencies[Math.ceil(latencies.length * share) - 1] ?? Number.NaN;
const result: LoadResult = {
  accepted,
  refused: answered - accepted,
  seconds,
  p50: percentile(0.5),
  p99: percentile(0.99),
  max: percentile(1),
};
process.stdout.write(JSON.stringify(result));
