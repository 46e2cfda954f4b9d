import { isAirbyteFailure } from "../coalescer/airbyte.ts";
import { type Mapping, type Refresh } from "../dispatch/mapping.ts";
import { type Logger } from "../telemetry/log.ts";
import { type Metrics, type RefreshOutcome } from "../telemetry/metrics.ts";

/** Learns from Airbyte which connections there are, and tells what has changed. */
export class DirectoryWatch {
  readonly #mapping: Pick<Mapping, "refresh">;
  readonly #logger: Logger;
  readonly #metrics: Pick<Metrics, "refreshed">;
  #contested = "";
  #isMapped = false;

  constructor(mapping: Pick<Mapping, "refresh">, logger: Logger, metrics: Pick<Metrics, "refreshed">) {
    this.#mapping = mapping;
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /** Whether Airbyte has told once. */
  get isMapped(): boolean {
    return this.#isMapped;
  }

  /**
   * @returns whether there are new connections
   * @throws what the mapping throws
   */
  async refresh(signal: AbortSignal): Promise<boolean> {
    const { added, lost, contested } = await this.#read(signal);
    this.#isMapped = true;
    if (added.length > 0) this.#logger.info({ connections: added }, "connections found");
    if (lost.length > 0) {
      this.#logger.warn({ connections: lost }, "connections no longer carry their credential, or are gone");
    }
    this.#tellOfContested(contested);
    return added.length > 0;
  }

  async #read(signal: AbortSignal): Promise<Refresh> {
    try {
      const refresh = await this.#mapping.refresh(signal);
      this.#metrics.refreshed("done");
      return refresh;
    } catch (error) {
      // A relay that is told to stop has not failed.
      if (!signal.aborted) this.#metrics.refreshed(outcomeOf(error));
      throw error;
    }
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

function outcomeOf(error: unknown): RefreshOutcome {
  const isRefused = isAirbyteFailure(error) && (error.kind === "unauthorized" || error.kind === "forbidden");
  return isRefused ? "unauthorized" : "failed";
}
