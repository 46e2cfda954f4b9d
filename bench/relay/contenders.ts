import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type PostgresServer, startPostgres } from "../../integration_tests/postgres/server.ts";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  startAirbyteSimulator,
} from "../../integration_tests/simulators/airbyte/index.ts";
import { linesOf } from "../../integration_tests/support/lines.ts";
import { RelayServer } from "../../integration_tests/support/relay-server.ts";

export const CREDENTIAL = "7f0c3f0e-6a0e-4d1c-9a54-0a4f5c1b2d3e";
export const SECRET = "7365637265742d6f662d7468652d62656e63686d61726b";

/** A server that takes webhooks. */
export interface Contender {
  name: string;
  url: string;
  pid: number;
  stop: () => Promise<unknown>;
}

/** Starts what is to be compared; each is idle while another is measured. */
export class Contenders {
  readonly #folder: string;
  readonly #stops: (() => Promise<unknown>)[] = [];
  #postgres: PostgresServer | undefined;

  /** @param folder where SQLite's file lies: on a disk, or there is nothing to measure */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async acceptingOnly(): Promise<Contender> {
    const config = await this.#writeConfig("accepting", { store: ":memory:" });
    const program = fileURLToPath(new URL("./accepting-server.ts", import.meta.url));
    const child = spawn(process.execPath, [program, config], { stdio: ["ignore", "pipe", "inherit"] });
    const stop = () => Promise.resolve(child.kill());
    this.#stops.push(stop);
    for await (const line of linesOf(child.stdout as AsyncIterable<Buffer>)) {
      const text = line.toString("utf8");
      if (/^\d+$/.test(text))
        return {
          name: "a store that keeps nothing",
          url: `http://127.0.0.1:${text}`,
          pid: child.pid ?? 0,
          stop,
        };
    }
    throw new Error("the server of the benchmark did not start");
  }

  /** @param program of another revision; undefined: of this one */
  async sqlite(program?: string): Promise<Contender> {
    const store = join(this.#folder, `relay-${this.#stops.length}.db`);
    return this.#serve(program === undefined ? "SQLite" : "SQLite, before", store, program);
  }

  /**
   * @param program of another revision; undefined: of this one
   * @throws Error when no PostgreSQL is installed
   */
  async postgres(program?: string): Promise<Contender> {
    this.#postgres ??= await startPostgres();
    const store = await this.#postgres.createDatabase();
    return await this.#serve(program === undefined ? "PostgreSQL" : "PostgreSQL, before", store, program);
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop();
    await this.#postgres?.stop();
  }

  /** The program that is shipped, or was, with an Airbyte behind it that has one connection of the credential. */
  async #serve(name: string, store: string, program: string | undefined): Promise<Contender> {
    const airbyte = await startAirbyteSimulator();
    this.#stops.push(() => airbyte.close());
    const { sourceId } = airbyte.addSource({ configuration: { credential_id: CREDENTIAL } });
    airbyte.addConnection({ sourceId });
    const config = await this.#writeConfig(name, {
      store,
      airbyte: { url: airbyte.url, client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
    });
    const env = { ...process.env, DATABASE_URL: "" };
    const relay = new RelayServer(config, {
      bundled: true,
      env,
      ...(program === undefined ? {} : { program }),
    });
    const stop = () => relay.stop();
    this.#stops.push(stop);
    return { name, url: await relay.listening, pid: relay.pid, stop };
  }

  async #writeConfig(name: string, more: Record<string, unknown>): Promise<string> {
    const path = join(this.#folder, `${name}-${this.#stops.length}.yaml`);
    const config = {
      listen: "127.0.0.1:0",
      admin_token: "token-of-the-benchmark",
      airbyte: { url: "http://127.0.0.1:9", auth: "none" },
      credentials: [{ id: CREDENTIAL, name: "Dixa", webhook_secrets: [SECRET] }],
      shutdown_delay: "0s",
      ...more,
    };
    // JSON is YAML.
    await writeFile(path, JSON.stringify(config));
    return path;
  }
}
