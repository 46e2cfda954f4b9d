import { type Acceptance, type Store, type WebhookEvent } from "./store.ts";

export interface GroupCommitOptions {
  store: Pick<Store, "accept">;
  /** Transactions at a time. Default 1; a second one pays where the database is across a network. */
  maxInFlight?: number | undefined;
  /** Events that may wait. Default 10,000. */
  maxPending?: number | undefined;
  /** Events in one transaction. Default 1000. */
  maxBatch?: number | undefined;
}

interface Pending {
  readonly event: WebhookEvent;
  readonly resolve: (acceptance: Acceptance) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_PENDING = 10_000;
const MAX_BATCH = 1000;

/** More events wait than the store can write in good time; the sender should come again. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
  readonly code = "ERR_OVERLOADED";
}

/**
 * Makes the events of one turn of the event loop durable in one transaction, since a commit costs the same for one
 * event and for a hundred. Under load the batches grow by themselves: what arrives during a commit goes into the next.
 */
export class GroupCommit {
  readonly #store: Pick<Store, "accept">;
  readonly #maxInFlight: number;
  readonly #maxPending: number;
  readonly #maxBatch: number;
  #pending: Pending[] = [];
  #inFlight = 0;
  #isScheduled = false;

  constructor({
    store,
    maxInFlight = 1,
    maxPending = MAX_PENDING,
    maxBatch = MAX_BATCH,
  }: GroupCommitOptions) {
    this.#store = store;
    this.#maxInFlight = maxInFlight;
    this.#maxPending = maxPending;
    this.#maxBatch = maxBatch;
  }

  /**
   * Resolves when the event is on disk.
   *
   * @throws OverloadedError when too many events wait already; what the store throws
   */
  accept(event: WebhookEvent): Promise<Acceptance> {
    if (this.#pending.length >= this.#maxPending) {
      return Promise.reject(new OverloadedError(`${this.#maxPending} events wait for the store already`));
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ event, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#pending.length === 0 || this.#inFlight >= this.#maxInFlight) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#commit(this.#pending.splice(0, this.#maxBatch));
      this.#schedule();
    });
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    this.#inFlight++;
    try {
      const answers = await this.#store.accept(batch.map(({ event }) => event));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index];
        if (answer === undefined) reject(new Error("the store gave too few answers"));
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#inFlight--;
      this.#schedule();
    }
  }
}
