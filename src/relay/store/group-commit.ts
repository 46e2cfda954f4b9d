import { type Acceptance, type WebhookEvent } from "./event.ts";
import { type Store } from "./store.ts";
import { StoreUnavailableError } from "./store-unavailable.ts";

export interface GroupCommitOptions {
  store: Pick<Store, "accept" | "ping">;
  /** Transactions at a time. Default 1; a second one pays where the database is across a network. */
  maxInFlight?: number | undefined;
  /** Events that may wait. Default 10,000. */
  maxPending?: number | undefined;
  /** Events in one transaction. Default 1000. */
  maxBatch?: number | undefined;
  /** How long events wait for their credential while another transaction holds it, ms. Default 3000. */
  lockPatience?: number | undefined;
}

interface Pending {
  /** Undefined: somebody only wants to know whether an event would be kept. */
  readonly event: WebhookEvent | undefined;
  readonly resolve: (acceptance: Acceptance) => void;
  readonly reject: (error: unknown) => void;
  /** When to stop waiting for a locked credential, by `performance.now()`. */
  giveUpAt: number;
}

const MAX_PENDING = 10_000;
const MAX_BATCH = 1000;
const LOCK_PATIENCE = 3000;
/** Between two looks whether locked credentials are free, ms. */
const LOCK_POLL = 50;

/** More events wait than the store can write in good time; the sender should come again. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
  readonly code = "ERR_OVERLOADED";
}

/**
 * Makes the events of one turn of the event loop durable in one transaction, since a commit costs the same for one
 * event and for a hundred. Under load the batches grow by themselves: what arrives during a commit goes into the next.
 *
 * A credential that another transaction holds on to – of a replica that was frozen in it, say – is put aside with its
 * events, so that the other credentials don't wait for it.
 */
export class GroupCommit {
  readonly #store: Pick<Store, "accept" | "ping">;
  readonly #maxInFlight: number;
  readonly #maxPending: number;
  readonly #maxBatch: number;
  readonly #lockPatience: number;
  #pending: Pending[] = [];
  /** Events of locked credentials, by credential, in their order. */
  readonly #aside = new Map<string, Pending[]>();
  #isAsideScheduled = false;
  #inFlight = 0;
  #isScheduled = false;

  constructor({
    store,
    maxInFlight = 1,
    maxPending = MAX_PENDING,
    maxBatch = MAX_BATCH,
    lockPatience = LOCK_PATIENCE,
  }: GroupCommitOptions) {
    this.#store = store;
    this.#maxInFlight = maxInFlight;
    this.#maxPending = maxPending;
    this.#maxBatch = maxBatch;
    this.#lockPatience = lockPatience;
  }

  /**
   * Resolves when the event is on disk.
   *
   * @throws OverloadedError when too many events wait already; StoreUnavailableError when its credential stays locked;
   *   what the store throws
   */
  accept(event: WebhookEvent): Promise<Acceptance> {
    return this.#enqueue(event);
  }

  /**
   * Resolves when an event would be on disk: with the next events, or by a rehearsal if there are none.
   *
   * @throws as {@link accept}
   */
  async probe(): Promise<void> {
    await this.#enqueue(undefined);
  }

  #enqueue(event: WebhookEvent | undefined): Promise<Acceptance> {
    const isAside = event !== undefined && this.#aside.has(event.credentialId);
    const waiting = isAside ? (this.#aside.get(event.credentialId) ?? []) : this.#pending;
    if (waiting.length >= this.#maxPending) {
      return Promise.reject(new OverloadedError(`${this.#maxPending} events wait for the store already`));
    }
    return new Promise((resolve, reject) => {
      waiting.push({ event, resolve, reject, giveUpAt: performance.now() + this.#lockPatience });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#pending.length === 0 || this.#inFlight >= this.#maxInFlight) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#commitNext();
      this.#schedule();
    });
  }

  async #commitNext(): Promise<void> {
    this.#inFlight++;
    try {
      await this.#commit(this.#pending.splice(0, this.#maxBatch), true);
    } finally {
      this.#inFlight--;
      this.#schedule();
    }
  }

  async #commit(batch: readonly Pending[], waitForLocks: boolean): Promise<void> {
    const events = batch.map(({ event }) => event).filter((event) => event !== undefined);
    try {
      if (events.length === 0) await this.#store.ping();
      const answers = events.length === 0 ? [] : await this.#store.accept(events, { waitForLocks });
      let next = 0;
      for (const pending of batch) {
        const answer = pending.event === undefined ? "duplicate" : answers[next++];
        if (answer === undefined) pending.reject(new Error("the store gave too few answers"));
        else if (answer === "locked") this.#putAside(pending);
        else pending.resolve(answer);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  #putAside(pending: Pending): void {
    if (performance.now() >= pending.giveUpAt) {
      pending.reject(new StoreUnavailableError("another transaction holds the credential, and does not end"));
      return;
    }
    const { credentialId = "" } = pending.event ?? {};
    const waiting = this.#aside.get(credentialId);
    if (waiting === undefined) this.#aside.set(credentialId, [pending]);
    else waiting.push(pending);
    this.#scheduleAside();
  }

  #scheduleAside(): void {
    if (this.#isAsideScheduled) return;
    this.#isAsideScheduled = true;
    setTimeout(() => {
      const batch = [...this.#aside.values()].flatMap((waiting) => waiting.splice(0, this.#maxBatch));
      void this.#commit(batch, false).then(() => {
        this.#isAsideScheduled = false;
        for (const [credentialId, waiting] of this.#aside) {
          if (waiting.length === 0) this.#aside.delete(credentialId);
        }
        if (this.#aside.size > 0) this.#scheduleAside();
      });
    }, LOCK_POLL);
  }
}
