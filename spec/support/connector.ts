import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll } from "@jest/globals";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { TOKEN } from "./dixa.ts";
import { Loopback } from "./loopback.ts";
import { endOf, messagesIn, type ProgramEnd, startProgram } from "./program.ts";

export interface ConnectorRun extends ProgramEnd {
  messages: AirbyteMessage[];
}

/** Every form of the token that could leave, and starts of it as they are left when a text is cut. */
const TOKEN_FORMS = [
  TOKEN.slice(0, 12),
  TOKEN.slice(-8),
  Buffer.from(`bearer:${TOKEN}`).toString("base64").slice(-16, -4),
  Buffer.from(TOKEN).toString("base64").slice(0, 12),
];

/** A folder for the connector's files, and a server in Dixa's place for both of its hosts. */
export class ConnectorBench {
  /** Answers a request to either host; set by the test. */
  answer: (request: IncomingMessage, response: ServerResponse) => void = emptyDixa;
  /** Where the files lie; there from the first test on. */
  folder = "";
  #server: Loopback | undefined;
  #files = 0;

  /** One for all tests of a file; each finds both hosts without any rows. */
  static perFile(): ConnectorBench {
    const bench = new ConnectorBench();
    beforeAll(async () => {
      bench.folder = await mkdtemp(join(tmpdir(), "source-dixa-spec-"));
      bench.#server = await Loopback.start((request, response) => {
        bench.answer(request, response);
      });
    });
    afterEach(() => {
      bench.answer = emptyDixa;
    });
    afterAll(async () => {
      await bench.#server?.close();
      await rm(bench.folder, { recursive: true });
    });
    return bench;
  }

  get server(): Loopback {
    if (this.#server === undefined) throw new Error("the server starts before the first test, not before");
    return this.#server;
  }

  /** Writes a file, as text or as JSON, and gives its path. */
  async file(content: unknown): Promise<string> {
    const path = join(this.folder, `${this.#files++}.txt`);
    await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  /** A configuration that works, but for what is given. */
  config(more: Record<string, unknown> = {}): Record<string, unknown> {
    const { origin } = this.server.url;
    // Budgets that no test uses up.
    const budgets = { exports_requests_per_minute: 6000, api_requests_per_second: 1000 };
    return {
      ...{ api_token: TOKEN, start_date: "2024-01-01", exports_url: origin, api_url: origin },
      ...budgets,
      ...more,
    };
  }

  /** Runs the connector; it must never show the token, and stacks only for faults of its own. */
  async run(...args: string[]): Promise<ConnectorRun> {
    return this.runWith({}, ...args);
  }

  /** As {@link run}, in an environment with more variables. */
  async runWith(env: Record<string, string>, ...args: string[]): Promise<ConnectorRun> {
    const end = await endOf(startProgram("dist/source-dixa.js", args, { env: { ...process.env, ...env } }));
    const all = end.stdout + end.stderr;
    for (const form of TOKEN_FORMS)
      if (all.includes(form)) throw new Error(`the token is in the output:\n${all}`);
    if (/stack_trace|\n {4}at /.test(all)) throw new Error(`a stack is in the output:\n${all}`);
    return { ...end, messages: messagesIn(end) };
  }
}

/** Both of Dixa's APIs without any rows. */
export function emptyDixa({ url = "" }: IncomingMessage, response: ServerResponse): void {
  if (url.startsWith("/v1/conversations/activitylog")) response.end('{"data":[],"meta":{}}');
  else if (url.startsWith("/v1/organization")) response.end('{"data":{"name":"Acme"}}');
  else response.end("[]");
}

/** A configured catalog of these streams. */
export function catalogOf(...streams: (string | [name: string, mode: string | null])[]): unknown {
  return {
    streams: streams.map((stream) => {
      const [name, mode] = typeof stream === "string" ? [stream, "incremental"] : stream;
      return { stream: { name, json_schema: {} }, sync_mode: mode, destination_sync_mode: "append" };
    }),
  };
}
