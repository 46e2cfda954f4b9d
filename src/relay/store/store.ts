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
import { type Acceptance, type StoredEvent, type WebhookEvent } from "./event.ts";
import { type HistoryEntry } from "./history.ts";
import { type Beat, type Missed, type OwedSync } from "./owed.ts";
import { type SharedLimits, type Slot } from "./shared-limits.ts";
import { type SubscriptionReport, type SubscriptionStatus } from "./subscription.ts";

/**
 * What must survive a crash: events, watermarks, claims, budgets. Whatever a method has resolved for is on disk.
 *
 * @throws StoreUnavailableError from any method when the database can't be reached or written, or won't say whether
 *   it has committed
 */
export interface Store {
  /**
   * Keeps events, in one transaction; the answers are in their order. May be repeated with the same events. `locked`:
   * another transaction holds the event's credential, so it was not kept, whatever has become of the others.
   *
   * @param options.waitForLocks whether to wait a moment for credentials that are locked. Default true.
   */
  accept(
    events: readonly WebhookEvent[],
    options?: { waitForLocks?: boolean },
  ): Promise<(Acceptance | "locked")[]>;

  /** A sync asked for by hand: one more number, whose turn doesn't wait for debounce or minimum interval. */
  requestSync(credentialId: string): Promise<number>;

  /**
   * Notes that somebody listens. When nobody has for longer than `bound` ms, each of these credentials comes to owe a
   * sync, once, whichever replicas notice it. One that is locked does so at a later beat.
   */
  beat(credentialIds: readonly string[], bound: number): Promise<Beat>;
  /**
   * Has credentials owe a sync, unless they have come to owe one since they missed something.
   *
   * @returns also those that another transaction has locked: they must be tried again
   */
  owe(missed: readonly Missed[]): Promise<{ owed: OwedSync[]; locked: string[] }>;
  /** Has credentials owe a sync whose newest event or owed sync is older than their limit, ms. */
  oweStale(limits: ReadonlyMap<string, number>): Promise<OwedSync[]>;
  /** Those of the credentials of whose subscription no replica has reported for `every` ms. */
  subscriptionsDue(credentialIds: readonly string[], every: number): Promise<string[]>;
  /**
   * Keeps what Dixa said of a credential's subscription `agoMs` ms ago, and has the credential owe a sync where that
   * tells of webhooks that did not come. Told by several replicas, it counts once.
   */
  reportSubscription(
    credentialId: string,
    report: SubscriptionReport,
    agoMs: number,
  ): Promise<{ owed: OwedSync[]; status: SubscriptionStatus }>;

  /** Up to `limit` connections at which there is something to do now, claimed for `owner`, longest due first. */
  take(owner: string, limit: number): Promise<Applied[]>;

  /** Passes an input through the coalescer. Undefined: no such connection. */
  apply(connectionId: string, input: Input): Promise<Applied | undefined>;

  /**
   * Notes which connections carry the credential. Nothing is removed: see the input `lost`. A connection that comes
   * from another credential starts over.
   *
   * @param onDiscover whether a new connection owes a sync for the events that came before it
   * @returns the ids that were new
   */
  upsertConnections(
    credentialId: string,
    connections: readonly ConnectionInfo[],
    onDiscover: "sync" | "ignore",
  ): Promise<string[]>;

  /** At the start: the credentials can be listed before their first event, and new timings count from now on. */
  ensureCredentials(credentialIds: readonly string[]): Promise<void>;

  /** All of them, at a cost that doesn't grow with the events that wait. */
  credentialSummaries(): Promise<CredentialSummary[]>;
  credentialSummary(credentialId: string): Promise<CredentialSummary | undefined>;
  /** All connections, or those of one credential, by name. */
  connections(credentialId?: string): Promise<Connection[]>;
  /**
   * So many connections of a credential after the first `offset`, and how many there are in all: what is parked or backs
   * off first, then by name.
   */
  connectionPage(
    credentialId: string,
    page: { limit: number; offset: number },
  ): Promise<{ connections: Connection[]; total: number }>;
  /** How far the syncs have come that {@link requestSync} gave the number `seq`, with up to `limit` that it waits for. */
  syncProgress(credentialId: string, seq: number, limit: number): Promise<SyncProgress>;
  connection(connectionId: string): Promise<Connection | undefined>;
  /**
   * Takes a connection out, with its history, if `mayForget` says so of it. What the mapping finds again is new.
   *
   * @returns it as it was, and whether it is forgotten; undefined: no such connection
   */
  forget(
    connectionId: string,
    mayForget: (connection: Connection) => boolean,
  ): Promise<{ connection: Connection; isForgotten: boolean } | undefined>;
  /** Of all connections. */
  connectionIds(): Promise<string[]>;
  /** The newest events of a credential, newest first. */
  recentEvents(credentialId: string, limit: number): Promise<StoredEvent[]>;
  /** What happened lately to any of the connections, newest first: so much of all of them together. */
  recentActivity(connectionIds: readonly string[], limit: number): Promise<Activity[]>;
  /** The newest activity of each of the connections that tells of a job; none where there has been no job. */
  lastJobs(connectionIds: readonly string[]): Promise<Activity[]>;

  /** Writes down how much happened in the interval that has ended last. May be called at any time, by all replicas. */
  keepHistory(): Promise<void>;
  /** How much happened to a credential after `since`, ms UTC, oldest first; intervals without anything are left out. */
  history(credentialId: string, since: number): Promise<HistoryEntry[]>;

  /** Number of the newest change of an account: one statement, for replicas that ask by the second. */
  accountsVersion(): Promise<number>;
  /** Oldest first. */
  accounts(): Promise<AccountSet>;
  /**
   * Changes one account, or makes it. No other change comes between.
   *
   * @param change told what is known; undefined: leave it so. May be called more than once.
   * @returns it as it is afterwards; undefined: there is none
   */
  writeAccount(
    credentialId: string,
    change: (known: AccountRecord | undefined) => AccountContent | undefined,
  ): Promise<AccountRecord | undefined>;

  /** Takes one request out of the budget: 0, or how long to wait before asking again, ms. */
  takeRequest(limits: SharedLimits): Promise<number>;
  /** Takes one of the places for requests in flight; undefined: all are taken. */
  acquireSlot(owner: string, limits: SharedLimits): Promise<Slot | undefined>;
  releaseSlot(slot: Slot): Promise<void>;
  /** Lets no replica ask Airbyte anything before then, ms UTC. */
  pauseUntil(instant: number): Promise<void>;
  /** When the pause ends, ms UTC; 0 when there is none. */
  pausedUntil(): Promise<number>;

  /** Forgets events and activity of before `instant`; watermarks stay. @returns how many events */
  purge(instant: number): Promise<number>;

  /** Makes good what replicas of an earlier version leave out. Now and then. */
  recover(): Promise<void>;

  /** Resolves when an event could be written just now. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
