import { type Mapping, type Refresh } from "../dispatch/mapping.ts";
import { type Logger } from "../telemetry/log.ts";

/** Learns from Airbyte which connections there are, and tells what has changed. */
export class DirectoryWatch {
  readonly #mapping: Mapping;
  readonly #logger: Logger;
  #contested = "";
  #isMapped = false;

  constructor(mapping: Mapping, logger: Logger) {
    this.#mapping = mapping;
    this.#logger = logger;
  }

  /** Whether Airbyte has told once. */
  get isMapped(): boolean {
    return this.#isMapped;
  }

  /** @returns whether there are new connections */
  async refresh(signal: AbortSignal): Promise<boolean> {
    const { added, lost, contested } = await this.#mapping.refresh(signal);
    this.#isMapped = true;
    if (added.length > 0) this.#logger.info({ connections: added }, "connections found");
    if (lost.length > 0) {
      this.#logger.warn({ connections: lost }, "connections no longer carry their credential, or are gone");
    }
    this.#tellOfContested(contested);
    return added.length > 0;
  }

  #tellOfContested(contested: Refresh["contested"]): void {
    const key = JSON.stringify(contested);
    if (contested.length > 0 && key !== this.#contested) {
      this.#logger.warn(
        { contested },
        "connections carry several credentials; each follows the first of them",
      );
    }
    this.#contested = key;
  }
}
