import { type Input } from "../coalescer/inputs.ts";
import { type AccountContent, type AccountRecord, type AccountSet } from "./account.ts";
import {
  type Activity,
  type Applied,
  type Connection,
  type ConnectionInfo,
  type SyncProgress,
} from "./connection.ts";
import { type CredentialSummary } from "./credential.ts";
import { credentialSummaries } from "./credential-summaries.ts";
import { type Database } from "./database.ts";
import { type Acceptance, type StoredEvent, type WebhookEvent } from "./event.ts";
import { ACCEPT_TIMEOUT } from "./event-ledger.ts";
import { type HistoryEntry } from "./history.ts";
import { type Beat, type Missed, type OwedSync } from "./owed.ts";
import { type SharedLimits, type Slot } from "./shared-limits.ts";
import { type SqlTables, sqlTables } from "./sql-tables.ts";
import { type Store } from "./store.ts";
import { type StoreOptions } from "./store-options.ts";
import { type SubscriptionReport } from "./subscription.ts";

/** The store on a database of either kind. */
export class SqlStore implements Store {
  readonly #database: Database;
  readonly #tables: SqlTables;

  constructor(database: Database, options: StoreOptions) {
    this.#database = database;
    this.#tables = sqlTables(database, options);
  }

  accept(
    events: readonly WebhookEvent[],
    options?: { waitForLocks?: boolean },
  ): Promise<(Acceptance | "locked")[]> {
    return this.#tables.ledger.accept(events, options);
  }

  requestSync(credentialId: string): Promise<number> {
    return this.#tables.ledger.requestSync(credentialId);
  }

  beat(credentialIds: readonly string[], bound: number): Promise<Beat> {
    return this.#tables.owed.beat(credentialIds, bound);
  }

  owe(missed: readonly Missed[]): Promise<{ owed: OwedSync[]; locked: string[] }> {
    return this.#tables.owed.owe(missed);
  }

  oweStale(limits: ReadonlyMap<string, number>): Promise<OwedSync[]> {
    return this.#tables.owed.oweStale(limits);
  }

  subscriptionsDue(credentialIds: readonly string[], every: number): Promise<string[]> {
    return this.#tables.subscriptions.due(credentialIds, every);
  }

  reportSubscription(credentialId: string, report: SubscriptionReport, agoMs: number) {
    return this.#tables.subscriptions.report(credentialId, report, agoMs);
  }

  take(owner: string, limit: number): Promise<Applied[]> {
    return this.#tables.due.take(owner, limit);
  }

  apply(connectionId: string, input: Input): Promise<Applied | undefined> {
    return this.#tables.connections.apply(connectionId, input);
  }

  upsertConnections(
    credentialId: string,
    connections: readonly ConnectionInfo[],
    onDiscover: "sync" | "ignore",
  ): Promise<string[]> {
    return this.#tables.discovery.upsert(credentialId, connections, onDiscover);
  }

  ensureCredentials(credentialIds: readonly string[]): Promise<void> {
    return this.#tables.credentials.ensure(credentialIds);
  }

  credentialSummaries(): Promise<CredentialSummary[]> {
    return credentialSummaries(this.#database);
  }

  async credentialSummary(credentialId: string): Promise<CredentialSummary | undefined> {
    const [summary] = await credentialSummaries(this.#database, credentialId);
    return summary;
  }

  connections(credentialId?: string): Promise<Connection[]> {
    return this.#tables.connections.list({ credentialId });
  }

  connectionPage(credentialId: string, page: { limit: number; offset: number }) {
    return this.#tables.pages.page(credentialId, page);
  }

  syncProgress(credentialId: string, seq: number, limit: number): Promise<SyncProgress> {
    return this.#tables.pages.syncProgress(credentialId, seq, limit);
  }

  async connection(connectionId: string): Promise<Connection | undefined> {
    const [connection] = await this.#tables.connections.list({ connectionId });
    return connection;
  }

  forget(connectionId: string, mayForget: (connection: Connection) => boolean) {
    return this.#tables.connections.forget(connectionId, mayForget);
  }

  connectionIds(): Promise<string[]> {
    return this.#tables.connections.ids();
  }

  recentEvents(credentialId: string, limit: number): Promise<StoredEvent[]> {
    return this.#tables.events.recent(credentialId, limit);
  }

  recentActivity(connectionIds: readonly string[], limit: number): Promise<Activity[]> {
    return this.#tables.activity.recent(connectionIds, limit);
  }

  lastJobs(connectionIds: readonly string[]): Promise<Activity[]> {
    return this.#tables.activity.lastJobs(connectionIds);
  }

  keepHistory(): Promise<void> {
    return this.#tables.history.keep();
  }

  history(credentialId: string, since: number): Promise<HistoryEntry[]> {
    return this.#tables.history.read(credentialId, since);
  }

  accountsVersion(): Promise<number> {
    return this.#tables.accounts.version();
  }

  accounts(): Promise<AccountSet> {
    return this.#tables.accounts.all();
  }

  writeAccount(
    credentialId: string,
    change: (known: AccountRecord | undefined) => AccountContent | undefined,
  ): Promise<AccountRecord | undefined> {
    return this.#tables.accounts.write(credentialId, change);
  }

  takeRequest(limits: SharedLimits): Promise<number> {
    return this.#tables.budget.takeRequest(limits);
  }

  acquireSlot(owner: string, limits: SharedLimits): Promise<Slot | undefined> {
    return this.#tables.budget.acquireSlot(owner, limits);
  }

  releaseSlot(slot: Slot): Promise<void> {
    return this.#tables.budget.releaseSlot(slot);
  }

  pauseUntil(instant: number): Promise<void> {
    return this.#tables.budget.pauseUntil(instant);
  }

  pausedUntil(): Promise<number> {
    return this.#tables.budget.pausedUntil();
  }

  async purge(instant: number): Promise<number> {
    await this.#tables.activity.purge(instant);
    await this.#tables.history.purge();
    return await this.#tables.events.purge(instant);
  }

  recover(): Promise<void> {
    return this.#tables.due.recover();
  }

  ping(): Promise<void> {
    return this.#tables.events.rehearse(ACCEPT_TIMEOUT);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
