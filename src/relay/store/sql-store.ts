import { type Clock } from "../../http/clock.ts";
import { type Input } from "../coalescer/inputs.ts";
import { type TimingsOf } from "../coalescer/timings.ts";
import { ConnectionTable } from "./connection-table.ts";
import { type Database } from "./database.ts";
import { EventLedger } from "./event-ledger.ts";
import { SharedBudget } from "./shared-budget.ts";
import {
  type Acceptance,
  type Activity,
  type Applied,
  type Connection,
  type ConnectionInfo,
  type CredentialStatus,
  type SharedLimits,
  type Slot,
  type Store,
  type StoredEvent,
  type WebhookEvent,
} from "./store.ts";

export interface StoreOptions {
  /** Undefined: the database's own, so that replicas whose clocks differ agree; for a file, this machine's. */
  clock?: Clock | undefined;
  timingsOf: TimingsOf;
  /** In [0, 1), for the jitter of delays. */
  random?: (() => number) | undefined;
}

/** The store on a database of either kind. */
export class SqlStore implements Store {
  readonly #database: Database;
  readonly #ledger: EventLedger;
  readonly #connections: ConnectionTable;
  readonly #budget: SharedBudget;

  constructor(database: Database, { timingsOf, random = Math.random }: StoreOptions) {
    this.#database = database;
    this.#ledger = new EventLedger(database);
    this.#connections = new ConnectionTable(database, timingsOf, random);
    this.#budget = new SharedBudget(database);
  }

  accept(
    events: readonly WebhookEvent[],
    options?: { waitForLocks?: boolean },
  ): Promise<(Acceptance | "locked")[]> {
    return this.#ledger.accept(events, options);
  }

  requestSync(credentialId: string): Promise<number> {
    return this.#ledger.requestSync(credentialId);
  }

  take(owner: string, limit: number): Promise<Applied[]> {
    return this.#connections.take(owner, limit);
  }

  apply(connectionId: string, input: Input): Promise<Applied | undefined> {
    return this.#connections.apply(connectionId, input);
  }

  upsertConnections(
    credentialId: string,
    connections: readonly ConnectionInfo[],
    onDiscover: "sync" | "ignore",
  ): Promise<string[]> {
    return this.#connections.upsert(credentialId, connections, onDiscover);
  }

  ensureCredentials(credentialIds: readonly string[]): Promise<void> {
    return this.#ledger.ensureCredentials(credentialIds);
  }

  credentialStatuses(): Promise<CredentialStatus[]> {
    return this.#ledger.credentialStatuses();
  }

  async credentialStatus(credentialId: string): Promise<CredentialStatus | undefined> {
    const [status] = await this.#ledger.credentialStatuses(credentialId);
    return status;
  }

  connections(credentialId?: string): Promise<Connection[]> {
    return this.#connections.list({ credentialId });
  }

  async connection(connectionId: string): Promise<Connection | undefined> {
    const [connection] = await this.#connections.list({ connectionId });
    return connection;
  }

  forget(connectionId: string, mayForget: (connection: Connection) => boolean) {
    return this.#connections.forget(connectionId, mayForget);
  }

  recentEvents(credentialId: string, limit: number): Promise<StoredEvent[]> {
    return this.#ledger.recentEvents(credentialId, limit);
  }

  recentActivity(connectionId: string, limit: number): Promise<Activity[]> {
    return this.#connections.recentActivity(connectionId, limit);
  }

  takeRequest(limits: SharedLimits): Promise<number> {
    return this.#budget.takeRequest(limits);
  }

  acquireSlot(owner: string, limits: SharedLimits): Promise<Slot | undefined> {
    return this.#budget.acquireSlot(owner, limits);
  }

  releaseSlot(slot: Slot): Promise<void> {
    return this.#budget.releaseSlot(slot);
  }

  pauseUntil(instant: number): Promise<void> {
    return this.#budget.pauseUntil(instant);
  }

  pausedUntil(): Promise<number> {
    return this.#budget.pausedUntil();
  }

  async purge(instant: number): Promise<number> {
    await this.#connections.purgeActivity(instant);
    return await this.#ledger.purge(instant);
  }

  ping(): Promise<void> {
    return this.#ledger.rehearse();
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
