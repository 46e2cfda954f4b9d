import { ConfigError, isConfigError } from "../config/config-error.ts";
import { FileWatch } from "../config/file-watch.ts";
import { type LoadedConfig } from "../config/load.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { restartNeeded } from "../config/restart-needed.ts";
import { messageOf } from "../store/error-message.ts";
import { type Logger } from "../telemetry/log.ts";
import { type Metrics } from "../telemetry/metrics.ts";

export interface ReloadsOptions {
  /** Reads the configuration anew. Throws ConfigError. */
  load: () => LoadedConfig;
  /** What counts until then. */
  loaded: LoadedConfig;
  /** Takes a configuration that is known to be right. */
  take: (config: RelayConfig) => void;
  logger: Logger;
  metrics: Metrics;
}

/** Takes up changes of the configuration and of the files it names: as a whole, or not at all. */
export class Reloads {
  readonly #options: ReloadsOptions;
  readonly #watch = new FileWatch();
  #loaded: LoadedConfig;
  #files: readonly string[];
  #fault: string | undefined;

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#loaded = options.loaded;
    this.#files = options.loaded.files;
  }

  /** Why the configuration that lies there now is not the one that counts; undefined: it is. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** To be called when the configuration has just been read. */
  async watch(): Promise<void> {
    await this.#watch.take(this.#files);
  }

  /** Takes up what has changed since, once it has settled. To be called every other second. */
  async look(): Promise<void> {
    if (await this.#watch.hasSettledChange()) await this.reload("its files have changed");
  }

  /** @param why for the log */
  async reload(why: string): Promise<void> {
    const { load, take, logger, metrics } = this.#options;
    // Before it is read: what changes meanwhile is seen at the next look.
    await this.#watch.take(this.#files);
    try {
      const loaded = load();
      const fixed = restartNeeded(this.#loaded.config, loaded.config);
      if (fixed.length > 0) {
        throw new ConfigError([`a change of ${fixed.join(", ")} needs a restart, so nothing is taken up.`]);
      }
      take(loaded.config);
      this.#loaded = loaded;
      this.#files = loaded.files;
      this.#fault = undefined;
      for (const warning of loaded.warnings) logger.warn(warning);
      logger.info(`the configuration is read anew, since ${why}`);
    } catch (error) {
      // A file that is missing may yet come.
      if (isConfigError(error)) this.#files = [...new Set([...this.#loaded.files, ...error.files])];
      else logger.error({ err: error }, "the configuration can't be read anew");
      this.#fault = messageOf(error);
      logger.error(`the configuration of before goes on, although ${why}: ${this.#fault}`);
    }
    await this.#watch.turnTo(this.#files);
    metrics.reloaded(this.#fault === undefined);
  }
}
