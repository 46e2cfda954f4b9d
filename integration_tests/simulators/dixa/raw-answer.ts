import { type IncomingHttpHeaders, type IncomingMessage, request as send } from "node:http";

/** An answer as it came over the socket, with nothing decoded. */
export interface RawAnswer {
  /** 0 if the connection closed before anything was said. */
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Whether HTTP says that this was all, or the connection broke. */
  end: "complete" | "broken";
}

/** An answer that may not have ended yet. */
export interface AnswerUnderWay {
  /** Resolves when its first bytes are here. */
  begun: Promise<void>;
  ended: Promise<RawAnswer>;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  json?: unknown;
}

/** Sends one request over a connection of its own. */
export function startRequest(
  url: string,
  { method = "GET", headers = {}, json }: RequestOptions = {},
): AnswerUnderWay {
  const begun = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<RawAnswer>();
  const outgoing = send(url, { method, headers, agent: false });
  outgoing.on("error", () => {
    begun.resolve(undefined);
    ended.resolve({ status: 0, headers: {}, body: Buffer.alloc(0), end: "broken" });
  });
  outgoing.on("response", (incoming: IncomingMessage) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      begun.resolve(undefined);
    });
    incoming.on("error", () => undefined);
    incoming.on("close", () => {
      begun.resolve(undefined);
      const { statusCode: status = 0, headers, complete } = incoming;
      ended.resolve({ status, headers, body: Buffer.concat(chunks), end: complete ? "complete" : "broken" });
    });
  });
  outgoing.end(json === undefined ? undefined : JSON.stringify(json));
  return { begun: begun.promise, ended: ended.promise };
}

export async function request(url: string, options?: RequestOptions): Promise<RawAnswer> {
  return startRequest(url, options).ended;
}
