import { type Clock } from "../../http/clock.ts";
import { type Input } from "../coalescer/inputs.ts";
import { type TimingsOf } from "../coalescer/timings.ts";
import { ActivityTable } from "./activity-table.ts";
import { ConnectionSteps } from "./connection-steps.ts";
import { ConnectionTable } from "./connection-table.ts";
import { credentialSummaries } from "./credential-summaries.ts";
import { type Database } from "./database.ts";
import { DueConnections } from "./due-connections.ts";
import { EventLedger } from "./event-ledger.ts";
import { SharedBudget } from "./shared-budget.ts";
import {
  type Acceptance,
  type Activity,
  type Applied,
  type Connection,
  type ConnectionInfo,
  type CredentialSummary,
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
  /**
   * How long after an event some connection of its credential may be due, ms, at the earliest. Default: at once, so all
   * its connections are looked at after each batch of events.
   */
  soonestOf?: ((credentialId: string) => number) | undefined;
}

/** The store on a database of either kind. */
export class SqlStore implements Store {
  readonly #database: Database;
  readonly #ledger: EventLedger;
  readonly #connections: ConnectionTable;
  readonly #due: DueConnections;
  readonly #activity: ActivityTable;
  readonly #budget: SharedBudget;

  constructor(database: Database, { timingsOf, random = Math.random, soonestOf = () => 0 }: StoreOptions) {
    this.#database = database;
    this.#ledger = new EventLedger(database, soonestOf);
    const steps = new ConnectionSteps(timingsOf, random);
    this.#connections = new ConnectionTable(database, steps);
    this.#due = new DueConnections(database, steps);
    this.#activity = new ActivityTable(database);
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
    return this.#due.take(owner, limit);
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

  credentialSummaries(): Promise<CredentialSummary[]> {
    return credentialSummaries(this.#database);
  }

  async credentialSummary(credentialId: string): Promise<CredentialSummary | undefined> {
    const [summary] = await credentialSummaries(this.#database, credentialId);
    return summary;
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

  connectionIds(): Promise<string[]> {
    return this.#connections.ids();
  }

  recentEvents(credentialId: string, limit: number): Promise<StoredEvent[]> {
    return this.#ledger.recentEvents(credentialId, limit);
  }

  recentActivity(connectionId: string, limit: number): Promise<Activity[]> {
    return this.#activity.recent(connectionId, limit);
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
    await this.#activity.purge(instant);
    return await this.#ledger.purge(instant);
  }

  recover(): Promise<void> {
    return this.#due.recover();
  }

  ping(): Promise<void> {
    return this.#ledger.rehearse();
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
