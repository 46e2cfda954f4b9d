import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A stretch of network between a client and a server that can fall silent without closing anything. */
export class Cable {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isSilent = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param target a port of 127.0.0.1, or the path of a Unix socket */
  static async to(target: number | string): Promise<Cable> {
    const server = createServer();
    const cable = new Cable(server);
    server.on("connection", (near) => {
      cable.#join(near, typeof target === "number" ? connect(target, "127.0.0.1") : connect(target));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Nothing gets through any more, on old connections and, unless `newOnes` says so, on new ones. */
  fallSilent({ newOnes = true }: { newOnes?: boolean } = {}): void {
    this.#isSilent = newOnes;
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.pause();
    }
  }

  /** New connections get through again; what was silent stays so. */
  mend(): void {
    this.#isSilent = false;
  }

  async cut(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const [one, other] of [pair, [far, near] as const]) {
      one.on("error", () => undefined);
      one.once("close", () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
    if (this.#isSilent) return;
    near.pipe(far);
    far.pipe(near);
  }
}
