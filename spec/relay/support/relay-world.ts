import { type PhaseName, phaseName } from "../../../src/relay/coalescer/connection-state.ts";
import { type Note } from "../../../src/relay/coalescer/inputs.ts";
import { DEFAULT_TIMINGS, type Timings } from "../../../src/relay/coalescer/timings.ts";
import { Dispatcher, type DispatcherOptions } from "../../../src/relay/dispatch/dispatcher.ts";
import { type Connection } from "../../../src/relay/store/connection.ts";
import { type SharedLimits } from "../../../src/relay/store/shared-limits.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { info, type TestDatabase } from "../store/suite.ts";
import { webhookEvent } from "./events.ts";
import { FakeAirbyte } from "./fake-airbyte.ts";
import { ManualClock } from "./manual-clock.ts";

export const LIMITS: SharedLimits = { perSecond: 100, burst: 100, concurrency: 2, slotLease: 120_000 };

export interface WorldOptions {
  timings?: Partial<Timings>;
  limits?: SharedLimits;
  /** Connections by credential. */
  connections?: Readonly<Record<string, readonly string[]>>;
}

/** A store, an Airbyte and any number of replicas at one clock that stands still unless it is moved. */
export class RelayWorld {
  readonly clock = new ManualClock();
  readonly airbyte = new FakeAirbyte(this.clock.now);
  readonly notes: (Note & { connectionId: string; at: number })[] = [];
  readonly errors: unknown[] = [];
  readonly timings: Timings;
  store!: Store;
  readonly #limits: SharedLimits;
  #events = 0;

  private constructor({ timings, limits = LIMITS }: WorldOptions) {
    this.timings = { ...DEFAULT_TIMINGS, ...timings };
    this.#limits = limits;
  }

  static async create(database: TestDatabase, options: WorldOptions = {}): Promise<RelayWorld> {
    const world = new RelayWorld(options);
    world.store = await database.open({
      clock: world.clock,
      timingsOf: () => world.timings,
      random: () => 0,
    });
    for (const [credential, ids] of Object.entries(options.connections ?? { a: ["one"] })) {
      await world.store.upsertConnections(
        credential,
        ids.map((id) => info(id)),
        "sync",
      );
    }
    return world;
  }

  replica(owner: string, changes: Partial<DispatcherOptions> = {}): Dispatcher {
    return new Dispatcher({
      store: this.store,
      airbyte: this.airbyte,
      clock: this.clock,
      owner,
      limits: this.#limits,
      onNote: ({ connectionId }, note) => this.notes.push({ ...note, connectionId, at: this.clock.now() }),
      onError: (error) => this.errors.push(error),
      ...changes,
    });
  }

  /** As many new events of the credential at once. */
  async event(credentialId = "a", count = 1): Promise<void> {
    const events = Array.from({ length: count }, () => webhookEvent(credentialId, `e${++this.#events}`));
    await this.store.accept(events);
  }

  /** Lets time pass in ticks, at each of which the replicas do all there is to do. */
  async pass(ms: number, replicas: readonly Dispatcher[], tick = 1000): Promise<void> {
    for (const end = this.clock.now() + ms; this.clock.now() < end;) {
      this.clock.advance(tick);
      for (const replica of replicas) while (await replica.workOnce());
    }
  }

  async connection(id = "one"): Promise<Connection> {
    const connection = await this.store.connection(id);
    if (connection === undefined) throw new Error(`no connection ${id}`);
    return connection;
  }

  async phase(id = "one"): Promise<PhaseName> {
    const { state, demand } = await this.connection(id);
    return phaseName(state, demand);
  }

  kinds(connectionId = "one"): Note["kind"][] {
    return this.notes.filter((note) => note.connectionId === connectionId).map(({ kind }) => kind);
  }
}
