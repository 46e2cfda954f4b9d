import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { freePort } from "../support/free-port.ts";
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

/**
 * Starts two replicas, each at a port that stays the same over all restarts.
 *
 * @param folder for their configurations
 * @param configOf the configuration of the one that listens there
 */
export async function startReplicas(
  folder: string,
  configOf: (listen: string) => string,
): Promise<{ replicas: Replica[]; urls: string[] }> {
  const replicas: Replica[] = [];
  const urls: string[] = [];
  for (const name of ["one", "two"]) {
    const listen = `127.0.0.1:${await freePort()}`;
    const config = join(folder, `${name}.yaml`);
    await writeFile(config, configOf(listen));
    replicas.push(new Replica(config));
    urls.push(`http://${listen}`);
  }
  await Promise.all(replicas.map((replica) => replica.up()));
  return { replicas, urls };
}
