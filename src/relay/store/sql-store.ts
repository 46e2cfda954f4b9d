import { type Clock } from "../../http/clock.ts";
import { type Input } from "../coalescer/inputs.ts";
import { type TimingsOf } from "../coalescer/timings.ts";
import { AccountTable } from "./account-table.ts";
import { ActivityTable } from "./activity-table.ts";
import { ConnectionSteps } from "./connection-steps.ts";
import { ConnectionTable } from "./connection-table.ts";
import { credentialSummaries } from "./credential-summaries.ts";
import { CredentialTable } from "./credential-table.ts";
import { type Database } from "./database.ts";
import { DueConnections } from "./due-connections.ts";
import { ACCEPT_TIMEOUT, EventLedger } from "./event-ledger.ts";
import { EventTable } from "./event-table.ts";
import { HistoryTable } from "./history-table.ts";
import { OwedSyncs } from "./owed-syncs.ts";
import { SharedBudget } from "./shared-budget.ts";
import {
  type Acceptance,
  type AccountContent,
  type AccountRecord,
  type AccountSet,
  type Activity,
  type Applied,
  type Beat,
  type Connection,
  type ConnectionInfo,
  type CredentialSummary,
  type HistoryEntry,
  type Missed,
  type OwedSync,
  type SharedLimits,
  type Slot,
  type Store,
  type StoredEvent,
  type SubscriptionReport,
  type WebhookEvent,
} from "./store.ts";
import { SubscriptionTable } from "./subscription-table.ts";

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
  /** Whether an older schema may be brought up to date; if not, it is an error. Default true. */
  mayMigrate?: boolean | undefined;
}

/** The store on a database of either kind. */
export class SqlStore implements Store {
  readonly #database: Database;
  readonly #credentials: CredentialTable;
  readonly #events: EventTable;
  readonly #ledger: EventLedger;
  readonly #owed: OwedSyncs;
  readonly #subscriptions: SubscriptionTable;
  readonly #connections: ConnectionTable;
  readonly #due: DueConnections;
  readonly #activity: ActivityTable;
  readonly #history: HistoryTable;
  readonly #accounts: AccountTable;
  readonly #budget: SharedBudget;

  constructor(database: Database, { timingsOf, random = Math.random, soonestOf = () => 0 }: StoreOptions) {
    this.#database = database;
    const credentials = new CredentialTable(database);
    const events = new EventTable(database);
    this.#credentials = credentials;
    this.#events = events;
    this.#ledger = new EventLedger({ database, credentials, events, soonest: soonestOf });
    this.#owed = new OwedSyncs(database, credentials, events);
    this.#subscriptions = new SubscriptionTable(database, this.#owed);
    const steps = new ConnectionSteps(timingsOf, random);
    this.#connections = new ConnectionTable(database, steps);
    this.#due = new DueConnections(database, steps);
    this.#activity = new ActivityTable(database);
    this.#history = new HistoryTable(database);
    this.#accounts = new AccountTable(database);
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

  beat(credentialIds: readonly string[], bound: number): Promise<Beat> {
    return this.#owed.beat(credentialIds, bound);
  }

  owe(missed: readonly Missed[]): Promise<{ owed: OwedSync[]; locked: string[] }> {
    return this.#owed.owe(missed);
  }

  oweStale(limits: ReadonlyMap<string, number>): Promise<OwedSync[]> {
    return this.#owed.oweStale(limits);
  }

  subscriptionsDue(credentialIds: readonly string[], every: number): Promise<string[]> {
    return this.#subscriptions.due(credentialIds, every);
  }

  reportSubscription(credentialId: string, report: SubscriptionReport, agoMs: number) {
    return this.#subscriptions.report(credentialId, report, agoMs);
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
    return this.#credentials.ensure(credentialIds);
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

  connectionPage(credentialId: string, page: { limit: number; offset: number }) {
    return this.#connections.page(credentialId, page);
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
    return this.#events.recent(credentialId, limit);
  }

  recentActivity(connectionId: string, limit: number): Promise<Activity[]> {
    return this.#activity.recent(connectionId, limit);
  }

  keepHistory(): Promise<void> {
    return this.#history.keep();
  }

  history(credentialId: string, since: number): Promise<HistoryEntry[]> {
    return this.#history.read(credentialId, since);
  }

  accountsVersion(): Promise<number> {
    return this.#accounts.version();
  }

  accounts(): Promise<AccountSet> {
    return this.#accounts.all();
  }

  writeAccount(
    credentialId: string,
    change: (known: AccountRecord | undefined) => AccountContent | undefined,
  ): Promise<AccountRecord | undefined> {
    return this.#accounts.write(credentialId, change);
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
    await this.#history.purge();
    return await this.#events.purge(instant);
  }

  recover(): Promise<void> {
    return this.#due.recover();
  }

  ping(): Promise<void> {
    return this.#events.rehearse(ACCEPT_TIMEOUT);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
