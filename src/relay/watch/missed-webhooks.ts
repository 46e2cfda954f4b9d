import { type Ingest } from "../http/services.ts";
import { type Acceptance, type WebhookEvent } from "../store/event.ts";
import { type Missed, type OwedSync } from "../store/owed.ts";
import { type Store } from "../store/store.ts";

/**
 * Remembers of which credentials webhooks were refused that may well have been genuine, because the store could not keep
 * them or they could not be checked yet: Dixa may never send them again. It can do so in memory only; a relay that dies
 * meanwhile leaves it to the beat to tell.
 */
export class MissedWebhooks implements Ingest {
  readonly #ingest: Ingest;
  readonly #stopwatch: () => number;
  /** When a webhook of a credential was refused last, by the stopwatch. */
  readonly #refusedAt = new Map<string, number>();

  /** @param stopwatch ms since whenever, that no change of the clock moves */
  constructor(ingest: Ingest, stopwatch: () => number) {
    this.#ingest = ingest;
    this.#stopwatch = stopwatch;
  }

  async accept(event: WebhookEvent): Promise<Acceptance> {
    try {
      return await this.#ingest.accept(event);
    } catch (error) {
      this.note(event.credentialId);
      throw error;
    }
  }

  /** Remembers that a webhook of the credential has just been refused. */
  note(credentialId: string): void {
    this.#refusedAt.set(credentialId, this.#stopwatch());
  }

  probe(): Promise<void> {
    return this.#ingest.probe();
  }

  /**
   * Has the credentials owe a sync.
   *
   * @param isHeldBack credentials that are left for later
   * @throws what the store throws; nothing is forgotten then
   */
  async owe(store: Pick<Store, "owe">, isHeldBack: (credentialId: string) => boolean): Promise<OwedSync[]> {
    const told = new Map([...this.#refusedAt].filter(([id]) => !isHeldBack(id)));
    if (told.size === 0) return [];
    const now = this.#stopwatch();
    const missed = [...told].map(([credentialId, at]): Missed => ({
      credentialId,
      reason: "refused",
      agoMs: now - at,
    }));
    const { owed, locked } = await store.owe(missed);
    for (const [id, at] of told) {
      if (!locked.includes(id) && this.#refusedAt.get(id) === at) this.#refusedAt.delete(id);
    }
    return owed;
  }
}
