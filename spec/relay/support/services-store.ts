import { type OpenAccountsOptions } from "../../../src/relay/accounts/open-accounts.ts";
import {
  type ConnectionState,
  isLost,
  newConnectionState,
  type PhaseName,
  phaseName,
} from "../../../src/relay/coalescer/connection-state.ts";
import { type Input } from "../../../src/relay/coalescer/inputs.ts";
import { step } from "../../../src/relay/coalescer/step.ts";
import { type Ingest, type Services, type ServicesStore } from "../../../src/relay/http/services.ts";
import {
  type AccountContent,
  type AccountRecord,
  type AccountSet,
} from "../../../src/relay/store/account.ts";
import {
  type Activity,
  type Applied,
  type Connection,
  type ConnectionInfo,
  type SyncProgress,
} from "../../../src/relay/store/connection.ts";
import { type CredentialSummary } from "../../../src/relay/store/credential.ts";
import { type Acceptance, type StoredEvent, type WebhookEvent } from "../../../src/relay/store/event.ts";
import { type HistoryEntry } from "../../../src/relay/store/history.ts";
import { StoreUnavailableError } from "../../../src/relay/store/store-unavailable.ts";

type AccountStore = OpenAccountsOptions["store"];

interface Entry {
  info: ConnectionInfo;
  credentialId: string;
  state: ConnectionState;
}

/** A store in memory with the shipped coalescer in it, for specs of the HTTP side. It can be out of order. */
export class MemoryStore implements ServicesStore, Ingest, AccountStore {
  /** All methods fail while this is true. */
  isDown = false;
  accountRecords: AccountSet = { version: 0, accounts: [] };
  /** 0: Airbyte may be asked. */
  pauseEndsAt = 0;
  readonly events: StoredEvent[] = [];
  readonly activity: Activity[] = [];
  /** By credential. */
  readonly owed = new Map<string, CredentialSummary["owed"]>();
  readonly subscriptions = new Map<string, CredentialSummary["subscription"]>();
  readonly #entries = new Map<string, Entry>();
  readonly #urgent = new Map<string, number>();
  readonly #seq = new Map<string, number>();
  readonly #now: () => number;
  readonly #timingsOf: Services["config"]["timingsOf"];

  constructor(now: () => number, timingsOf: Services["config"]["timingsOf"]) {
    this.#now = now;
    this.#timingsOf = timingsOf;
  }

  addConnection(credentialId: string, connectionId: string, more: Partial<ConnectionInfo> = {}): void {
    this.#entries.set(connectionId, {
      credentialId,
      state: newConnectionState(this.#seq.get(credentialId) ?? 0),
      info: {
        connectionId,
        name: `Dixa → ${connectionId.slice(0, 4)}`,
        workspaceId: "871d9b60-11a9-44cb-8c63-a40eee16e4a0",
        sourceId: "0c31738c-0b2d-4887-b506-e2cd1c39cc35",
        sourceName: "Dixa EU",
        status: "active",
        ...more,
      },
    });
  }

  /** Changes a connection behind the coalescer's back. */
  change(connectionId: string, changes: Partial<ConnectionState>): void {
    const entry = this.#entry(connectionId);
    entry.state = { ...entry.state, ...changes };
  }

  /** As if a sync that covers everything so far had succeeded. */
  succeed(connectionId: string): void {
    const entry = this.#entry(connectionId);
    this.change(connectionId, {
      syncedSeq: this.#seq.get(entry.credentialId) ?? 0,
      phase: { name: "IDLE" },
      lastSuccessAt: this.#now(),
    });
  }

  /** @param event.receivedAt default: now */
  accept(event: WebhookEvent & { receivedAt?: number }): Promise<Acceptance> {
    return this.#do(() => {
      const { credentialId, eventId, receivedAt = this.#now() } = event;
      const isKnown = this.events.some(
        (other) => other.credentialId === credentialId && other.eventId === eventId,
      );
      if (isKnown) return "duplicate";
      this.events.push({ ...event, receivedAt, seq: this.#next(credentialId) });
      return "new";
    });
  }

  requestSync(credentialId: string): Promise<number> {
    return this.#do(() => {
      const seq = this.#next(credentialId);
      this.#urgent.set(credentialId, seq);
      return seq;
    });
  }

  apply(connectionId: string, input: Input): Promise<Applied | undefined> {
    return this.#do(() => {
      const entry = this.#entries.get(connectionId);
      if (entry === undefined) return undefined;
      const { state, effects } = step(entry.state, input, {
        now: this.#now(),
        timings: this.#timingsOf(entry.credentialId, connectionId),
        demand: this.#demand(entry),
        jitter: 0,
      });
      entry.state = state;
      for (const effect of effects) {
        if (effect.type === "note")
          this.activity.unshift({ connectionId, at: this.#now(), note: effect.note });
      }
      return { connection: this.#connection(entry), effects };
    });
  }

  connection(connectionId: string): Promise<Connection | undefined> {
    return this.#do(() => {
      const entry = this.#entries.get(connectionId);
      return entry === undefined ? undefined : this.#connection(entry);
    });
  }

  connections(credentialId?: string): Promise<Connection[]> {
    return this.#do(() =>
      [...this.#entries.values()]
        .filter((entry) => credentialId === undefined || entry.credentialId === credentialId)
        .map((entry) => this.#connection(entry)),
    );
  }

  async connectionPage(credentialId: string, { limit, offset }: { limit: number; offset: number }) {
    const all = await this.connections(credentialId);
    return { connections: all.slice(offset, offset + limit), total: all.length };
  }

  /** What {@link MemoryStore.history} answers. */
  readonly entries: HistoryEntry[] = [];

  history(): Promise<HistoryEntry[]> {
    return this.#do(() => this.entries);
  }

  keepHistory(): Promise<void> {
    return this.#do(() => undefined);
  }

  credentialSummary(credentialId: string): Promise<CredentialSummary> {
    return this.#do(() => {
      const lastEventAt =
        this.events.findLast((event) => event.credentialId === credentialId)?.receivedAt ?? null;
      const own = [...this.#entries.values()].filter(
        (entry) => entry.credentialId === credentialId && !isLost(entry.state),
      );
      const phases: Partial<Record<PhaseName, number>> = {};
      let pendingSince: number | null = null;
      for (const entry of own) {
        const demand = this.#demand(entry);
        const phase = phaseName(entry.state, demand);
        phases[phase] = (phases[phase] ?? 0) + 1;
        pendingSince = Math.min(pendingSince ?? Infinity, demand.firstAt ?? Infinity);
      }
      if (pendingSince === Infinity) pendingSince = null;
      return {
        credentialId,
        seq: this.#seq.get(credentialId) ?? 0,
        lastEventAt,
        phases,
        pendingSince,
        owed: this.owed.get(credentialId) ?? null,
        subscription: this.subscriptions.get(credentialId) ?? null,
      };
    });
  }

  async credentialSummaries(): Promise<CredentialSummary[]> {
    if (this.isDown) throw new StoreUnavailableError("the database is away");
    const ids = new Set([
      ...this.#seq.keys(),
      ...[...this.#entries.values()].map((entry) => entry.credentialId),
    ]);
    return Promise.all([...ids].map((id) => this.credentialSummary(id)));
  }

  forget(connectionId: string, mayForget: (connection: Connection) => boolean) {
    return this.#do(() => {
      const entry = this.#entries.get(connectionId);
      if (entry === undefined) return undefined;
      const connection = this.#connection(entry);
      const isForgotten = mayForget(connection);
      if (isForgotten) this.#entries.delete(connectionId);
      return { connection, isForgotten };
    });
  }

  pausedUntil(): Promise<number> {
    return this.#do(() => this.pauseEndsAt);
  }

  recentEvents(credentialId: string, limit: number): Promise<StoredEvent[]> {
    return this.#do(() =>
      this.events
        .filter((event) => event.credentialId === credentialId)
        .slice(-limit)
        .reverse(),
    );
  }

  recentActivity(connectionIds: readonly string[], limit: number): Promise<Activity[]> {
    return this.#do(() =>
      this.activity.filter(({ connectionId }) => connectionIds.includes(connectionId)).slice(0, limit),
    );
  }

  lastJobs(connectionIds: readonly string[]): Promise<Activity[]> {
    return this.#do(() =>
      connectionIds.flatMap(
        (id) =>
          this.activity.find(({ connectionId, note }) => connectionId === id && note.jobId !== undefined) ??
          [],
      ),
    );
  }

  async syncProgress(credentialId: string, seq: number, limit: number): Promise<SyncProgress> {
    const own = (await this.connections(credentialId)).filter(({ state }) => !isLost(state));
    const waiting = own.filter(({ state }) => state.syncedSeq < seq);
    const hasFailed = ({ state }: Connection) => state.phase.name === "PARKED" || state.failedSeq >= seq;
    return {
      newestSeq: this.#seq.get(credentialId) ?? 0,
      total: own.length,
      synced: own.length - waiting.length,
      waiting: waiting.toSorted((a, b) => Number(hasFailed(b)) - Number(hasFailed(a))).slice(0, limit),
    };
  }

  ensureCredentials(): Promise<void> {
    return this.#do(() => undefined);
  }

  accountsVersion(): Promise<number> {
    return this.#do(() => this.accountRecords.version);
  }

  accounts(): Promise<AccountSet> {
    return this.#do(() => this.accountRecords);
  }

  writeAccount(
    credentialId: string,
    change: (known: AccountRecord | undefined) => AccountContent | undefined,
  ): Promise<AccountRecord | undefined> {
    return this.#do(() => {
      const { version, accounts } = this.accountRecords;
      const known = accounts.find((record) => record.credentialId === credentialId);
      const content = change(known);
      if (content === undefined) return known;
      const { settings, secrets, isRemoved } = content;
      const now = this.#now();
      const createdAt = known?.removedAt !== null ? now : known.createdAt;
      const record: AccountRecord = {
        ...{ credentialId, settings, secrets, createdAt, changedAt: now },
        removedAt: isRemoved ? now : null,
      };
      this.accountRecords = {
        version: version + 1,
        accounts: [...accounts.filter((other) => other !== known), record],
      };
      return record;
    });
  }

  ping(): Promise<void> {
    return this.#do(() => undefined);
  }

  probe(): Promise<void> {
    return this.ping();
  }

  #entry(connectionId: string): Entry {
    const entry = this.#entries.get(connectionId);
    if (entry === undefined) throw new Error(`there is no connection ${connectionId}`);
    return entry;
  }

  #connection(entry: Entry): Connection {
    const { info, credentialId, state } = entry;
    return { ...info, credentialId, discoveredAt: 0, state, demand: this.#demand(entry) };
  }

  #demand({ credentialId, state }: Entry) {
    const seq = this.#seq.get(credentialId) ?? 0;
    const own = this.events.filter((event) => event.credentialId === credentialId);
    return {
      seq,
      settledSeq: seq,
      urgentSeq: this.#urgent.get(credentialId) ?? 0,
      firstAt: own.find((event) => event.seq > state.syncedSeq)?.receivedAt ?? null,
      lastAt: own.at(-1)?.receivedAt ?? null,
    };
  }

  #next(credentialId: string): number {
    const seq = (this.#seq.get(credentialId) ?? 0) + 1;
    this.#seq.set(credentialId, seq);
    return seq;
  }

  async #do<T>(action: () => T): Promise<T> {
    await Promise.resolve();
    if (this.isDown) throw new StoreUnavailableError("the disk is full");
    return action();
  }
}
