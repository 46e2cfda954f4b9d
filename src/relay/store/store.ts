import { type ConnectionState, type Demand, type PhaseName } from "../coalescer/connection-state.ts";
import { type Effect, type Input, type Note } from "../coalescer/inputs.ts";

export interface WebhookEvent {
  readonly credentialId: string;
  /** Dixa's `event_id`: what makes a second delivery a duplicate. */
  readonly eventId: string;
  readonly eventType: string;
}

export type Acceptance = "new" | "duplicate";

/** An event in the ledger. */
export interface StoredEvent extends WebhookEvent {
  readonly seq: number;
  /** When it was accepted, ms UTC, by the clock that all replicas share. */
  readonly receivedAt: number;
}

/** What is known of a connection from Airbyte. */
export interface ConnectionInfo {
  readonly connectionId: string;
  readonly name: string;
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly sourceName: string;
  /** As Airbyte words it. */
  readonly status: string;
}

export interface Connection extends ConnectionInfo {
  readonly credentialId: string;
  readonly discoveredAt: number;
  readonly state: ConnectionState;
  readonly demand: Demand;
}

export interface CredentialStatus {
  readonly credentialId: string;
  /** Number of the newest event; 0 when there has been none. */
  readonly seq: number;
  readonly lastEventAt: number | null;
}

/**
 * Why a credential owes a sync though no event says so:
 * - `outage`: no replica was listening
 * - `refused`: webhooks were refused because the store could not keep them, or before they could be checked
 * - `deliveries`: Dixa tells of deliveries that failed
 * - `switched_off`: its subscription in Dixa was off, or gone
 * - `stale`: nothing has come for as long as the configuration allows
 */
export const OWED_REASONS = ["outage", "refused", "deliveries", "switched_off", "stale"] as const;
export type OwedReason = (typeof OWED_REASONS)[number];

/** A sync that a credential has come to owe: the connections whose watermark is below `seq` owe it still. */
export interface OwedSync {
  readonly credentialId: string;
  readonly reason: OwedReason;
  readonly seq: number;
  /** ms UTC, the store's clock. */
  readonly at: number;
}

/** Something of a credential went unheard. */
export interface Missed {
  readonly credentialId: string;
  readonly reason: OwedReason;
  /** How long ago for the last time, ms. */
  readonly agoMs: number;
}

export interface Beat {
  /** How long no replica has been heard of, ms, if that was too long; only the first replica that notices is told. */
  readonly gapMs: number | undefined;
  /** What is owed for it. */
  readonly owed: readonly OwedSync[];
}

/** What Dixa says of the subscription whose webhooks come here. */
export interface SubscriptionStatus {
  /** `missing`: there is none with this address. */
  readonly state: "on" | "off" | "missing";
  /** Since when it has been found so, ms UTC. */
  readonly since: number;
  /** What Dixa says of the last deliveries that failed; null: none has. */
  readonly failing: string | null;
}

export interface SubscriptionReport extends Pick<SubscriptionStatus, "state" | "failing"> {
  /** Whether it was found switched off, and has been switched on. */
  readonly wasOff: boolean;
  /** When the newest delivery failed, ms UTC by Dixa's clock; null: none has, or Dixa does not say. */
  readonly failedAt: number | null;
}

/** A credential in short, with its connections by their state. */
export interface CredentialSummary extends CredentialStatus {
  /** When the oldest event that some connection has not synced was accepted, ms UTC; null if there is none. */
  readonly pendingSince: number | null;
  readonly phases: Readonly<Partial<Record<PhaseName, number>>>;
  /** The last sync that it came to owe; null if there has been none. */
  readonly owed: OwedSync | null;
  /** Null: nobody has asked Dixa. */
  readonly subscription: SubscriptionStatus | null;
}

export interface Activity {
  readonly connectionId: string;
  readonly at: number;
  readonly note: Note;
}

/** How much happened to a credential in an interval. */
export interface HistoryEntry {
  /** When it ended, ms UTC; of the interval that has not ended: now. */
  readonly at: number;
  /** Syncs asked for by hand count as events here. */
  readonly events: number;
  /** Ended well, whoever started them. */
  readonly syncs: number;
  /** Failed or cancelled. */
  readonly failures: number;
  /** The longest time from an event to the end of its sync, ms; null if no sync ended well. */
  readonly lagMs: number | null;
}

/** What has been done to a connection, and what is to be done now. */
export interface Applied {
  readonly connection: Connection;
  readonly effects: readonly Effect[];
}

/** A credential that was made while the relay runs. */
export interface AccountRecord {
  readonly credentialId: string;
  /** JSON */
  readonly settings: string;
  /** JSON, its secrets encrypted. */
  readonly secrets: string;
  /** ms UTC, as the other instants. */
  readonly createdAt: number;
  readonly changedAt: number;
  /** Null: it is not removed. What is removed stays known as such, so that nobody takes its connections for somebody else's. */
  readonly removedAt: number | null;
}

export interface AccountContent {
  readonly settings: string;
  readonly secrets: string;
  readonly isRemoved: boolean;
}

export interface AccountSet {
  /** Grows with every change of any account. */
  readonly version: number;
  readonly accounts: readonly AccountRecord[];
}

/** The budget of requests to Airbyte, for all replicas together. */
export interface SharedLimits {
  /** Requests a second on average. */
  readonly perSecond: number;
  /** Requests at once after a pause. */
  readonly burst: number;
  /** Requests in flight. */
  readonly concurrency: number;
  /** After which the slot of a replica that died is free again, ms. */
  readonly slotLease: number;
}

export interface Slot {
  readonly slot: number;
  readonly token: string;
}

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
  /** What happened lately to a connection, newest first. */
  recentActivity(connectionId: string, limit: number): Promise<Activity[]>;

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

/** Retrying later may help. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
  readonly code = "ERR_STORE_UNAVAILABLE";
}

/** By name and not by `instanceof`: jest runs each test file in a realm of its own. */
export function isStoreUnavailable(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "name" in error && error.name === "StoreUnavailableError"
  );
}
