import { AirbyteApi, type AirbyteApiOptions } from "../../airbyte/api/client.ts";
import { type AirbyteConfig } from "../config/relay-config.ts";

/** Airbyte's API by the configuration of now: another address, or other credentials, count from the next request on. */
export class CurrentAirbyte {
  readonly #options: Omit<AirbyteApiOptions, "auth" | "url">;
  #config: AirbyteConfig;
  #api: AirbyteApi;
  /** Requests to them may be under way. */
  readonly #retired: AirbyteApi[] = [];

  constructor(config: AirbyteConfig, options: Omit<AirbyteApiOptions, "auth" | "url">) {
    this.#options = options;
    this.#config = config;
    this.#api = new AirbyteApi({ ...options, ...config });
  }

  take(config: AirbyteConfig): void {
    if (JSON.stringify(config) === JSON.stringify(this.#config)) return;
    this.#retired.push(this.#api);
    this.#config = config;
    this.#api = new AirbyteApi({ ...this.#options, ...config });
  }

  readonly listSources: AirbyteApi["listSources"] = (...args) => this.#api.listSources(...args);
  readonly listConnections: AirbyteApi["listConnections"] = (...args) => this.#api.listConnections(...args);
  readonly getConnection: AirbyteApi["getConnection"] = (...args) => this.#api.getConnection(...args);
  readonly startSync: AirbyteApi["startSync"] = (...args) => this.#api.startSync(...args);
  readonly getJob: AirbyteApi["getJob"] = (...args) => this.#api.getJob(...args);
  readonly latestSyncJob: AirbyteApi["latestSyncJob"] = (...args) => this.#api.latestSyncJob(...args);

  close(): void {
    for (const api of [...this.#retired, this.#api]) api.close();
  }
}
