import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import fetch from "node-fetch";

import { sign } from "../../src/dixa/webhooks/signature.ts";
import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  startAirbyteSimulator,
} from "../simulators/airbyte/index.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { freePort } from "../support/free-port.ts";
import { type CommandResult, RelayServer, tryRelayCommand } from "../support/relay-server.ts";

export const ADMIN_TOKEN = "admin-token-of-accounts-0123456789";

/** Dixa, Airbyte, and a relay as a process of its own between them. */
export class AccountWorld {
  readonly folder: string;
  readonly dixa: DixaSimulator;
  readonly airbyte: AirbyteSimulator;
  readonly url: string;
  readonly secretKey = randomBytes(32).toString("hex");
  readonly #store: string;
  #events = 0;

  private constructor(
    parts: Pick<AccountWorld, "airbyte" | "dixa" | "folder" | "url"> & { store: string | undefined },
  ) {
    this.folder = parts.folder;
    this.dixa = parts.dixa;
    this.airbyte = parts.airbyte;
    this.url = parts.url;
    this.#store = parts.store ?? join(parts.folder, "relay.db");
  }

  /** @param store default: a file */
  static async open(store?: string): Promise<AccountWorld> {
    const folder = await mkdtemp(join(tmpdir(), "relay-accounts-"));
    const [dixa, airbyte] = await Promise.all([
      startDixaSimulator({ conversations: 3, limits: false }),
      startAirbyteSimulator({ pendingMs: 10, runningMs: 30 }),
    ]);
    return new AccountWorld({ folder, dixa, airbyte, store, url: `http://127.0.0.1:${await freePort()}` });
  }

  get config(): string {
    return join(this.folder, "relay.yaml");
  }

  /**
   * Writes the relay's configuration, with other values at its top level.
   *
   * @param path default: the one that the relay is started with
   */
  async configure(more: Record<string, unknown> = {}, path = this.config): Promise<void> {
    const config = {
      listen: new URL(this.url).host,
      public_url: this.url,
      store: this.#store,
      admin_token: ADMIN_TOKEN,
      secret_key: this.secretKey,
      dixa_api_url: this.dixa.apiUrl,
      shutdown_delay: "0s",
      log_level: "trace",
      airbyte: {
        url: this.airbyte.url,
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        requests_per_second: 100,
        burst: 100,
      },
      timings: {
        debounce: "50ms",
        max_wait: "200ms",
        min_interval: "10ms",
        job_poll: "50ms",
        refresh: "300ms",
        watch: "1s",
      },
      ...more,
    };
    // JSON is YAML.
    await writeFile(path, JSON.stringify(config));
  }

  /** Starts a relay on what is configured, and waits until it listens. */
  async serve(): Promise<RelayServer> {
    const relay = new RelayServer(this.config, { bundled: true, env: this.#environment() });
    await relay.listening;
    return relay;
  }

  /** Runs a command to its end. */
  run(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
    return tryRelayCommand(args, { bundled: true, env: { ...this.#environment(), ...env } });
  }

  /** Asks the running relay. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; headers: string }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      redirect: "manual",
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, headers: JSON.stringify([...response.headers]) };
  }

  /** Sends a webhook with an event that there has not been. @returns the status */
  async deliver(credentialId: string, secret: string): Promise<number> {
    const body = Buffer.from(
      JSON.stringify({ event_id: `event-${++this.#events}`, event_fqn: "CONVERSATION_CLOSED" }),
    );
    const response = await fetch(`${this.url}/webhooks/dixa/${credentialId}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-dixa-signature": sign(secret, body, Date.now()) },
      body,
    });
    await response.text();
    return response.status;
  }

  /** A connection in Airbyte that carries the credential. @returns its id */
  addConnection(credentialId: string): string {
    const { sourceId } = this.airbyte.addSource({ configuration: { credential_id: credentialId } });
    return this.airbyte.addConnection({ sourceId }).connectionId;
  }

  async close(): Promise<void> {
    await Promise.all([this.dixa.close(), this.airbyte.close()]);
    await rm(this.folder, { recursive: true });
  }

  #environment(): NodeJS.ProcessEnv {
    return { PATH: process.env["PATH"] ?? "", RELAY_URL: this.url, RELAY_ADMIN_TOKEN: ADMIN_TOKEN };
  }
}

/** @throws Error when it has not come to pass within half a minute */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`in half a minute it did not come to pass that ${what}`);
    await delay(50);
  }
}
