import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { type Dispatcher } from "../../../src/relay/dispatch/dispatcher.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { webhookEvent } from "../support/events.ts";
import { type FakeJob, type Plan } from "../support/fake-airbyte.ts";
import { RelayWorld } from "../support/relay-world.ts";
import { type CreateDatabase } from "./suite.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const CONNECTIONS = { a: ["a1", "a2"], b: ["b1"] } as const;
const IDS = [...CONNECTIONS.a, ...CONNECTIONS.b];

type Action =
  | { do: "events"; credential: "a" | "b"; count: number }
  | { do: "redeliver"; credential: "a" | "b" }
  | { do: "manual"; credential: "a" | "b" }
  | { do: "pass"; ms: number }
  | { do: "work"; replica: number; times: number }
  | { do: "crash"; replica: number; afterReports: number }
  | { do: "foreign"; id: string; plan: Plan }
  | { do: "plan"; id: string; plan: Plan }
  | { do: "lose"; id: string; effect: boolean }
  | { do: "status"; id: string; status: "active" | "inactive" }
  | { do: "down"; id: string; isDown: boolean }
  | { do: "operator"; id: string; type: "park" | "unpark" | "retry" | "hint" }
  | { do: "purge" };

const plan = fc.record<Plan>({
  queued: fc.constantFrom(1, 5 * SECOND, 10 * MINUTE),
  runs: fc.constantFrom(1, 20 * SECOND, 30 * MINUTE),
  end: fc.constantFrom("succeeded", "succeeded", "failed", "cancelled"),
});
const id = fc.constantFrom(...IDS);
const credential = fc.constantFrom<"a" | "b">("a", "b");
const replica = fc.constantFrom(0, 1);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("events"), credential, count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pass"),
      ms: fc.constantFrom(SECOND, 35 * SECOND, 3 * MINUTE, 20 * MINUTE),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("work"), replica, times: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("crash"), replica, afterReports: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("plan"), id, plan }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose"), id, effect: fc.boolean() }) },
  fc.record({ do: fc.constant("foreign"), id, plan }),
  fc.record({ do: fc.constant("redeliver"), credential }),
  fc.record({ do: fc.constant("manual"), credential }),
  fc.record({ do: fc.constant("status"), id, status: fc.constantFrom("active", "inactive") }),
  fc.record({ do: fc.constant("down"), id, isDown: fc.boolean() }),
  fc.record({ do: fc.constant("operator"), id, type: fc.constantFrom("park", "unpark", "retry", "hint") }),
  fc.record({ do: fc.constant("purge") }),
);

/** What must hold on every store after whatever happens: the invariants by their numbers. */
export function describeInvariants(name: string, create: CreateDatabase, numRuns: number): void {
  describe(name, () => {
    let run: Run | undefined;
    afterEach(async () => {
      await run?.world.store.close();
      run = undefined;
    });

    test("I1 to I4 and I8 hold under events, crashes, lost replies, failing syncs, operators and other people's syncs", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 50 }), async (actions) => {
          await run?.world.store.close();
          run = await Run.start(create);
          for (const each of actions) {
            await run.act(each);
            await run.check();
          }
          await run.heal();
        }),
        // A slow machine does fewer runs. Shrinking a failure may take long, and its seed is enough to find it again.
        { numRuns, interruptAfterTimeLimit: 40_000 },
      );
    }, 180_000);
  });
}

class Run {
  readonly world: RelayWorld;
  readonly #replicas: Dispatcher[];
  readonly #crashes = [Infinity, Infinity];
  /** When each event of a credential was accepted; its number is its place, from 1. */
  readonly #accepted = { a: [] as number[], b: [] as number[] };
  readonly #lastEvent = { a: "", b: "" };
  readonly #synced = new Map<string, number>();
  #names = 0;

  private constructor(world: RelayWorld) {
    this.world = world;
    this.#replicas = [0, 1].map((index) =>
      world.replica(`r${index}`, { store: this.#crashing(world.store, index) }),
    );
  }

  static async start(create: CreateDatabase): Promise<Run> {
    const timings = { maxFailedJobs: 3 };
    return new Run(await RelayWorld.create(await create(), { timings, connections: CONNECTIONS }));
  }

  async act(action: Action): Promise<void> {
    const { airbyte, clock, store } = this.world;
    switch (action.do) {
      case "events":
        await this.#accept(action.credential, action.count);
        return;
      case "redeliver": {
        const { seq = 0 } = (await store.credentialSummary(action.credential)) ?? {};
        const last = this.#lastEvent[action.credential];
        if (last === "") return;
        expect(await store.accept([webhookEvent(action.credential, last)])).toEqual(["duplicate"]);
        expect(await store.credentialSummary(action.credential)).toMatchObject({ seq });
        return;
      }
      case "manual":
        this.#accepted[action.credential].push(clock.now());
        expect(await store.requestSync(action.credential)).toBe(this.#accepted[action.credential].length);
        return;
      case "pass":
        clock.advance(action.ms);
        return;
      case "work":
        await this.#work(action.replica, action.times);
        return;
      case "crash":
        this.#crashes[action.replica] = action.afterReports;
        await this.#work(action.replica, 1);
        this.#crashes[action.replica] = Infinity;
        return;
      case "foreign":
        airbyte.startForeign(action.id, action.plan);
        return;
      case "plan":
        airbyte.plans.set(action.id, [...(airbyte.plans.get(action.id) ?? []), action.plan]);
        return;
      case "lose": {
        const outcome = { kind: "unknown", detail: "time-out" } as const;
        const replies = airbyte.replies.get(action.id) ?? [];
        airbyte.replies.set(action.id, [...replies, { effect: action.effect, outcome }]);
        return;
      }
      case "status":
        airbyte.statuses.set(action.id, action.status);
        return;
      case "down":
        if (action.isDown) airbyte.down.add(action.id);
        else airbyte.down.delete(action.id);
        return;
      case "operator":
        await store.apply(action.id, { type: action.type });
        return;
      case "purge":
        // Everything, also what has not been synced: watermarks don't live in the ledger.
        await store.purge(clock.now() + 1);
        this.#lastEvent.a = "";
        this.#lastEvent.b = "";
    }
  }

  async check(): Promise<void> {
    const { airbyte, clock, store } = this.world;
    for (const { connectionId, credentialId, state, demand } of await store.connections()) {
      const accepted = this.#accepted[credentialId as "a" | "b"];
      expect(demand.seq).toBe(accepted.length);
      // I1: the watermark never falls, and never passes what a sync could have covered.
      const { syncedSeq, phase, claim } = state;
      expect(syncedSeq).toBeGreaterThanOrEqual(this.#synced.get(connectionId) ?? 0);
      this.#synced.set(connectionId, syncedSeq);
      expect(syncedSeq).toBeLessThanOrEqual(demand.seq);
      if (phase.name === "TRACKING") expect(phase.cover).toBeLessThanOrEqual(demand.seq);
      if (claim !== null) expect(claim.cover).toBeLessThanOrEqual(demand.seq);
      // I2: a sync has succeeded that began to read after everything up to the watermark was accepted.
      const covered = airbyte.jobs
        .filter((job) => job.connectionId === connectionId && hasSucceeded(job, clock.now()))
        .map(({ readsAt }) => accepted.filter((at) => at < readsAt).length);
      expect(syncedSeq).toBeLessThanOrEqual(Math.max(0, ...covered));
      // I4: nothing is started while a job is followed.
      if (phase.name === "TRACKING" && claim !== null) expect(claim.call.name).toBe("follow");
    }
    // I4: no two syncs of one connection overlap, whoever started them.
    for (const id of IDS) {
      const jobs = airbyte.jobs.filter(({ connectionId }) => connectionId === id);
      for (let index = 1; index < jobs.length; index++) {
        expect(jobs[index]!.createdAt).toBeGreaterThanOrEqual(jobs[index - 1]!.endsAt);
      }
    }
    expect(this.world.errors).toEqual([]);
  }

  /** I3: once Airbyte is well and nothing is held, every event gets covered, without any further event. */
  async heal(): Promise<void> {
    const { airbyte, clock, store } = this.world;
    for (const each of [airbyte.statuses, airbyte.down, airbyte.plans, airbyte.replies]) each.clear();
    for (const connection of IDS) await store.apply(connection, { type: "unpark" });
    const isClean = async () =>
      (await store.connections()).every(({ state, demand }) => state.syncedSeq === demand.seq);
    for (let hours = 0; hours < 24 && !(await isClean()); hours++) {
      for (let minute = 0; minute < 60; minute++) {
        clock.advance(MINUTE);
        for (const index of [0, 1]) await this.#work(index, Infinity);
      }
      await this.check();
    }
    expect(await isClean()).toBe(true);
  }

  async #accept(of: "a" | "b", count: number): Promise<void> {
    const { clock, store } = this.world;
    const events = Array.from({ length: count }, () => webhookEvent(of, `e${++this.#names}`));
    expect(await store.accept(events)).toEqual(events.map(() => "new"));
    this.#lastEvent[of] = `e${this.#names}`;
    for (let index = 0; index < count; index++) this.#accepted[of].push(clock.now());
  }

  async #work(index: number, times: number): Promise<void> {
    try {
      for (let time = 0; time < times && (await this.#replicas[index]!.workOnce()); time++);
    } catch (error) {
      if (!(error instanceof Error) || error.message !== "killed") throw error;
    }
  }

  /** A store whose user dies before it reports, and so neither reports nor gives back its place. */
  #crashing(store: Store, index: number): Pick<Store, "take" | "apply" | "acquireSlot" | "releaseSlot"> {
    return {
      take: (...args) => store.take(...args),
      acquireSlot: (...args) => store.acquireSlot(...args),
      releaseSlot: async (slot) => {
        if (this.#crashes[index] !== -1) await store.releaseSlot(slot);
      },
      apply: async (...args) => {
        const left = this.#crashes[index]!;
        if (left <= 0) {
          this.#crashes[index] = -1;
          throw new Error("killed");
        }
        this.#crashes[index] = left - 1;
        return await store.apply(...args);
      },
    };
  }
}

function hasSucceeded({ end, endsAt }: FakeJob, now: number): boolean {
  return end === "succeeded" && endsAt <= now;
}
