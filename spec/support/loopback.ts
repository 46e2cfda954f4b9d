import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, type Socket } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server on an ephemeral port of the loopback interface. */
export class Loopback {
  readonly url: URL;
  /** Method, path and query of every request, in the order in which they came. */
  readonly requests: string[] = [];
  /** All connections that were ever opened. */
  readonly sockets: Socket[] = [];
  readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    const { port } = server.address() as AddressInfo;
    this.url = new URL(`http://127.0.0.1:${port}/`);
    server.on("connection", (socket) => this.sockets.push(socket));
    server.prependListener("request", ({ method = "", url = "" }: IncomingMessage) =>
      this.requests.push(`${method} ${url}`),
    );
  }

  static async start(handler: Handler): Promise<Loopback> {
    const server = createServer(handler);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Loopback(server);
  }

  get openSockets(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

/** Collects all of a request's body. */
export async function bodyText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
