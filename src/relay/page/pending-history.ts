import { type ServicesStore } from "../http/services.ts";

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
  readonly #times: number[] = [];
  /** Plain numbers, since there may be a thousand credentials. They end at the newest time. */
  readonly #ages = new Map<string, number[]>();

  /** Takes a sample of each credential. Without an answer of the store there is a gap. */
  async sample(
    store: Pick<ServicesStore, "credentialSummaries">,
    credentialIds: readonly string[],
    now: number,
  ): Promise<void> {
    const since = new Map(
      (await store.credentialSummaries()).map(({ credentialId, pendingSince }) => [
        credentialId,
        pendingSince,
      ]),
    );
    this.#times.push(now);
    if (this.#times.length > SAMPLES) this.#times.shift();
    for (const id of credentialIds) {
      const ages = this.#ages.get(id) ?? [];
      const oldest = since.get(id) ?? null;
      ages.push(oldest === null ? 0 : Math.max(0, now - oldest));
      if (ages.length > SAMPLES) ages.shift();
      this.#ages.set(id, ages);
    }
  }

  of(credentialId: string): readonly Sample[] {
    const ages = this.#ages.get(credentialId) ?? [];
    const first = this.#times.length - ages.length;
    return ages.map((age, index) => ({ at: this.#times[first + index] ?? 0, age }));
  }
}
