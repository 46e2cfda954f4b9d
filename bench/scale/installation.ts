import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import {
  type AirbyteSimulator,
  CLIENT_ID,
  CLIENT_SECRET,
  startAirbyteSimulator,
} from "../../integration_tests/simulators/airbyte/index.ts";
import { RelayServer } from "../../integration_tests/support/relay-server.ts";
import { SECRET } from "../relay/contenders.ts";
import { type LoadResult, runLoad } from "../relay/load-client.ts";

export interface Size {
  readonly credentials: number;
  readonly connectionsEach: number;
}

const ADMIN_TOKEN = "token-of-the-benchmark";
const SENDERS = 32;
const MAPPING_PATIENCE_MS = 120_000;
/** Metrics are given out for a second. */
const ANSWER_AGE_MS = 1100;
/** Between two samples of the event loop's delay, which count as delay. prom-client's. ms */
const LOOP_RESOLUTION_MS = 10;

/** A relay with its Airbyte, in which each credential has so many connections. */
export class Installation {
  readonly relay: RelayServer;
  readonly url: string;
  readonly ids: readonly string[];
  readonly #airbyte: AirbyteSimulator;
  readonly #startedAt: number;

  private constructor(
    relay: RelayServer,
    url: string,
    ids: readonly string[],
    airbyte: AirbyteSimulator,
    startedAt: number,
  ) {
    this.relay = relay;
    this.url = url;
    this.ids = ids;
    this.#airbyte = airbyte;
    this.#startedAt = startedAt;
  }

  /** @param store a database's URL or a file; what is in it stays */
  static async start(store: string, size: Size, folder: string): Promise<Installation> {
    const ids = Array.from({ length: size.credentials }, () => randomUUID());
    const airbyte = await startAirbyteSimulator();
    for (const id of ids) {
      const { sourceId } = airbyte.addSource({ configuration: { credential_id: id } });
      for (let index = 0; index < size.connectionsEach; index++) airbyte.addConnection({ sourceId });
    }
    const config = join(folder, "relay.yaml");
    // JSON is YAML.
    await writeFile(config, JSON.stringify(configOf(store, airbyte, ids)));
    const startedAt = performance.now();
    const relay = new RelayServer(config, { bundled: true, env: { ...process.env, DATABASE_URL: "" } });
    return new Installation(relay, await relay.listening, ids, airbyte, startedAt);
  }

  async stop(): Promise<void> {
    await this.relay.stop();
    await this.#airbyte.close();
  }

  /** Sends webhooks at that pace, to the credentials in turn. */
  send(perSecond: number, seconds: number): Promise<LoadResult> {
    return runLoad({
      port: Number(new URL(this.url).port),
      paths: this.ids.map((id) => `/webhooks/dixa/${id}`),
      secret: SECRET,
      connections: SENDERS,
      requests: perSecond * seconds,
      perSecond,
    });
  }

  /** @returns after how many seconds the relay had learnt its connections */
  async mapped(): Promise<number> {
    while (!this.relay.log.includes("connections found")) {
      if (performance.now() - this.#startedAt > MAPPING_PATIENCE_MS)
        throw new Error("the connections were not found");
      await delay(50);
    }
    return (performance.now() - this.#startedAt) / 1000;
  }

  get bearer(): Record<string, string> {
    return { authorization: `Bearer ${ADMIN_TOKEN}` };
  }

  async cookie(): Promise<Record<string, string>> {
    const response = await fetch(`${this.url}/login`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ token: ADMIN_TOKEN }),
    });
    return { cookie: response.headers.get("set-cookie")?.split(";")[0] ?? "" };
  }

  /** @throws Error when the answer isn't 200 */
  async get(path: string, headers: Record<string, string>): Promise<string> {
    const response = await fetch(`${this.url}${path}`, { headers, redirect: "manual" });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
    return text;
  }

  /** For how long the event loop was held up at most while something went on, ms, as the relay's own metrics tell. */
  async stallDuring<T>(work: () => Promise<T>): Promise<{ result: T; stallMs: number }> {
    // They begin anew with each answer.
    await this.get("/metrics", {});
    const [result] = await Promise.all([work(), delay(ANSWER_AGE_MS)]);
    const metrics = await this.get("/metrics", {});
    const seconds = Number(/^dixa_relay_nodejs_eventloop_lag_max_seconds ([\d.e+-]+)/m.exec(metrics)?.[1]);
    return { result, stallMs: Math.max(0, seconds * 1000 - LOOP_RESOLUTION_MS) };
  }
}

function configOf(store: string, { url }: AirbyteSimulator, ids: readonly string[]): unknown {
  return {
    listen: "127.0.0.1:0",
    store,
    admin_token: ADMIN_TOKEN,
    shutdown_delay: "0s",
    airbyte: {
      url,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      requests_per_second: 1000,
      burst: 1000,
    },
    credentials: ids.map((id) => ({ id, webhook_secrets: [SECRET] })),
    // Nothing is to become due while it is measured how all of it waits.
    timings: { debounce: "1h", max_wait: "2h" },
  };
}
