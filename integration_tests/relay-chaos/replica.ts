import { type Ending, RelayServer } from "../support/relay-server.ts";

/** One replica of the relay that is killed again and again, and started anew each time. */
export class Replica {
  readonly #config: string;
  #server: RelayServer;
  kills = 0;

  constructor(config: string) {
    this.#config = config;
    this.#server = this.#start();
  }

  /** Resolves when it listens. */
  async up(): Promise<void> {
    await this.#server.listening;
  }

  /**
   * Ends it as a crash does, wherever it is, and starts the next.
   *
   * @throws Error if it had ended by itself
   */
  async kill(): Promise<void> {
    const { signal } = await this.#server.kill();
    if (signal !== "SIGKILL") throw new Error(`a replica ended by itself: ${this.#server.log}`);
    this.kills++;
    this.#server = this.#start();
  }

  async stop(): Promise<Ending & { log: string }> {
    const { log } = this.#server;
    return { ...(await this.#server.stop()), log };
  }

  #start(): RelayServer {
    return new RelayServer(this.#config, { bundled: true });
  }
}
