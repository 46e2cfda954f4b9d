import { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import pg from "pg";

import { messageOf } from "./error-message.ts";

/** Time for a connection to be made, ms. */
const CONNECT_TIMEOUT = 3000;
/** Time for connections to end in good order, ms; then they are cut. */
const FAREWELL = 1000;

export interface PoolOptions {
  url: string;
  /** Connections at most. */
  size: number;
  /** Told of connections that break while nobody uses them. */
  onConnectionError: ((error: Error) => void) | undefined;
}

/** Connections and the sockets under them: pg waits without end for a server that has fallen silent to say goodbye. */
interface Generation {
  readonly pool: pg.Pool;
  readonly sockets: ReadonlySet<Socket>;
}

/** Connections to PostgreSQL that are given up all together when the server falls silent without closing them. */
export class PostgresPool {
  readonly #options: PoolOptions;
  #current: Generation;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#current = this.#open();
  }

  /** Runs `work` with a connection, which is not used again if `work` throws: nobody knows in which state it is. */
  async use<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const generation = this.#current;
    const client = await generation.pool.connect();
    // An error between two queries reaches the next query as well, and would otherwise end the process.
    const ignore = () => undefined;
    client.on("error", ignore);
    let hasFailed = true;
    try {
      const result = await work(client);
      hasFailed = false;
      return result;
    } catch (error) {
      // The other connections were made to the same server, so they won't answer either.
      if (isSilence(error)) this.#renew(generation);
      throw error;
    } finally {
      client.off("error", ignore);
      client.release(hasFailed);
    }
  }

  async close(): Promise<void> {
    await close(this.#current);
  }

  #renew(silent: Generation): void {
    if (this.#current !== silent) return;
    this.#current = this.#open();
    void close(silent);
  }

  #open(): Generation {
    const { url, size, onConnectionError } = this.#options;
    const types = new pg.TypeOverrides();
    // Times and numbers of events stay far below 2^53.
    types.setTypeParser(pg.types.builtins.INT8, Number);
    const sockets = new Set<Socket>();
    const pool = new pg.Pool({
      connectionString: url,
      max: size,
      application_name: "dixa-relay",
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      keepAlive: true,
      types,
      stream: () => {
        const socket = new Socket();
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        return socket;
      },
    });
    // Without a listener, a server that restarts would end the process.
    pool.on("error", (error) => {
      onConnectionError?.(error);
    });
    return { pool, sockets };
  }
}

async function close({ pool, sockets }: Generation): Promise<void> {
  const timer = new AbortController();
  const late = delay(FAREWELL, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([pool.end(), late]);
  timer.abort();
  for (const socket of sockets) socket.destroy();
}

/** pg's own error for a statement whose answer didn't come. */
function isSilence(error: unknown): boolean {
  return messageOf(error) === "Query read timeout";
}
