import { type ServicesStore } from "../http/services.ts";
import { pendingAges } from "../telemetry/metrics.ts";

export interface Sample {
  /** ms UTC */
  readonly at: number;
  /** Age of the oldest event that is not synced, ms; 0 if there is none. */
  readonly age: number;
}

/** How many samples a credential keeps; at one every 5 s that is half an hour. */
const SAMPLES = 360;

/** How old the pending events were lately, per credential, since this replica started. */
export class PendingHistory {
  readonly #samples = new Map<string, Sample[]>();

  /** Takes a sample of each credential. Without an answer of the store there is a gap. */
  async sample(
    store: Pick<ServicesStore, "connections">,
    credentialIds: readonly string[],
    now: number,
  ): Promise<void> {
    const ages = pendingAges(await store.connections(), now);
    for (const id of credentialIds) {
      const samples = this.#samples.get(id) ?? [];
      samples.push({ at: now, age: ages.get(id) ?? 0 });
      if (samples.length > SAMPLES) samples.shift();
      this.#samples.set(id, samples);
    }
  }

  of(credentialId: string): readonly Sample[] {
    return this.#samples.get(credentialId) ?? [];
  }
}
