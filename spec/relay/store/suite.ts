import { afterEach, describe, expect, test } from "@jest/globals";

import { newConnectionState, phaseName } from "../../../src/relay/coalescer/connection-state.ts";
import { DEFAULT_TIMINGS, type Timings } from "../../../src/relay/coalescer/timings.ts";
import { type Applied, type ConnectionInfo } from "../../../src/relay/store/connection.ts";
import { type SharedLimits } from "../../../src/relay/store/shared-limits.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { type StoreOptions } from "../../../src/relay/store/store-options.ts";
import { webhookEvent } from "../support/events.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** A new, empty database that several replicas may open. */
export interface TestDatabase {
  open(options: StoreOptions): Promise<Store>;
}

export type CreateDatabase = () => Promise<TestDatabase>;

const LIMITS: SharedLimits = { perSecond: 2, burst: 3, concurrency: 2, slotLease: 120_000 };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export function info(connectionId: string, changes: Partial<ConnectionInfo> = {}): ConnectionInfo {
  return {
    connectionId,
    name: `name of ${connectionId}`,
    workspaceId: "workspace",
    sourceId: "source",
    sourceName: "Dixa",
    status: "active",
    ...changes,
  };
}

/** What every store must do, whatever it is made of. */
export function describeStore(name: string, create: CreateDatabase): void {
  describe(name, () => {
    const stores: Store[] = [];
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });

    /** Replicas on one database, at one clock. */
    async function replicas(count: number, timings: Partial<Timings> = {}) {
      const clock = new ManualClock();
      const database = await create();
      const options = { clock, timingsOf: () => ({ ...DEFAULT_TIMINGS, ...timings }), random: () => 0 };
      const opened: Store[] = [];
      for (let index = 0; index < count; index++) opened.push(await database.open(options));
      stores.push(...opened);
      return { clock, stores: opened, store: opened[0]!, database, options };
    }

    /** One replica with one connection of the credential `a`, and an event whose debounce is over. */
    async function dirty(timings: Partial<Timings> = {}) {
      const world = await replicas(2, timings);
      const { store, clock } = world;
      await store.upsertConnections("a", [info("one")], "sync");
      await store.accept([webhookEvent("a", "e1")]);
      clock.advance(world.options.timingsOf().debounce);
      return world;
    }

    describe("a request by hand", () => {
      test("ends the wait of a back-off, once", async () => {
        const { store, clock } = await dirty({ errorBackoff: HOUR, settleDelay: 0 });
        const fail = async () => {
          const [taken] = await store.take("r", 1);
          const fence = taken!.connection.state.fence;
          await store.apply("one", { type: "looked", fence, reading: { kind: "unknown", detail: "down" } });
        };
        await fail();
        expect(await store.take("r", 1)).toEqual([]);
        await store.requestSync("a");
        await fail();
        expect(await store.take("r", 1)).toEqual([]);
        // The back-off has grown with the failure.
        clock.advance(2 * HOUR);
        expect(await store.take("r", 1)).toHaveLength(1);
      });

      test("that comes while Airbyte is being asked ends the wait that follows", async () => {
        const { store } = await dirty({ errorBackoff: HOUR, settleDelay: 0 });
        const [taken] = await store.take("r", 1);
        await store.requestSync("a");
        const fence = taken!.connection.state.fence;
        await store.apply("one", { type: "looked", fence, reading: { kind: "unknown", detail: "down" } });
        expect(await store.take("r", 1)).toHaveLength(1);
      });
    });

    test("a connection is forgotten with its history when it may be", async () => {
      const { store } = await dirty();
      await store.apply("one", { type: "lost", reason: "gone" });
      expect(await store.forget("one", () => false)).toMatchObject({ isForgotten: false });
      expect(await store.forget("one", () => true)).toMatchObject({ isForgotten: true });
      expect(await store.connection("one")).toBeUndefined();
      expect(await store.recentActivity(["one"], 9)).toEqual([]);
      expect(await store.forget("one", () => true)).toBeUndefined();
    });

    describe("accepting events", () => {
      test("numbers them by credential, and tells duplicates, also within a batch", async () => {
        const { store, clock } = await replicas(1);
        const at = clock.now();
        const events = [
          webhookEvent("a", "1"),
          webhookEvent("b", "1"),
          webhookEvent("a", "2"),
          webhookEvent("a", "1"),
        ];
        expect(await store.accept(events)).toEqual(["new", "new", "new", "duplicate"]);
        expect(await store.accept(events)).toEqual(events.map(() => "duplicate"));
        expect(await store.accept([])).toEqual([]);
        expect(await store.credentialSummaries()).toMatchObject([
          { credentialId: "a", seq: 2, lastEventAt: at },
          { credentialId: "b", seq: 1, lastEventAt: at },
        ]);
        expect((await store.recentEvents("a", 9)).map(({ eventId, seq }) => [eventId, seq])).toEqual([
          ["2", 2],
          ["1", 1],
        ]);
      });

      test("keeps ids of any form apart", async () => {
        const { store } = await replicas(1);
        const ids = [
          "",
          " ",
          "\0",
          "\0\0",
          "\ud800",
          "\ud801",
          "ø",
          "x".repeat(10_000),
          "x".repeat(10_001),
          "'; --",
        ];
        const events = ids.map((id) => webhookEvent("a", id));
        expect(await store.accept(events)).toEqual(ids.map(() => "new"));
        expect(await store.accept(events)).toEqual(ids.map(() => "duplicate"));
      });

      test("takes types of any form", async () => {
        const { store } = await replicas(1);
        const event = { ...webhookEvent("a", "1"), eventType: `\0\ud800${"t".repeat(10_000)}` };
        expect(await store.accept([event])).toEqual(["new"]);
      });

      test("takes each event once when replicas are given the same ones at the same time", async () => {
        const { stores: both, store } = await replicas(3);
        const events = Array.from({ length: 60 }, (_, index) => webhookEvent(`c${index % 3}`, `e${index}`));
        const batches = both.flatMap((replica) =>
          [0, 1, 2, 3].map((part) => replica.accept(part % 2 === 0 ? events : events.toReversed())),
        );
        const answers = (await Promise.all(batches)).flat();
        expect(answers.filter((answer) => answer === "new")).toHaveLength(60);
        const numbers = await Promise.all(
          ["c0", "c1", "c2"].map(async (id) => (await store.recentEvents(id, 99)).map(({ seq }) => seq)),
        );
        for (const seqs of numbers)
          expect(seqs).toEqual(Array.from({ length: 20 }, (_, index) => 20 - index));
      });

      test("keeps what it has accepted when it is closed and opened again", async () => {
        const { store, database, options } = await replicas(1);
        await store.accept([webhookEvent("a", "1")]);
        const again = await database.open(options);
        stores.push(again);
        expect(await again.credentialSummary("a")).toMatchObject({ seq: 1 });
        expect(await again.accept([webhookEvent("a", "1")])).toEqual(["duplicate"]);
      });

      test("forgets old events and keeps watermarks, so that old dirt is still dirt", async () => {
        const { store, clock } = await dirty();
        clock.advance(8 * 24 * HOUR);
        await store.accept([webhookEvent("b", "young")]);
        expect(await store.purge(clock.now() - 7 * 24 * HOUR)).toBe(1);
        expect(await store.recentEvents("a", 9)).toEqual([]);
        expect(await store.recentEvents("b", 9)).toHaveLength(1);
        expect(await store.credentialSummary("a")).toMatchObject({ seq: 1 });
        expect(await store.take("r", 9)).toHaveLength(1);
      });
    });

    describe("what waits", () => {
      test("stays as old as it is when its event is too old to be kept", async () => {
        const { store, clock } = await dirty();
        const { pendingSince } = (await store.credentialSummary("a"))!;
        expect(pendingSince).toBe(clock.now() - DEFAULT_TIMINGS.debounce);
        const [taken] = await store.take("r", 1);
        await store.apply("one", { type: "park" });
        expect(taken).toBeDefined();
        clock.advance(8 * 24 * HOUR);
        expect(await store.purge(clock.now() - 7 * 24 * HOUR)).toBe(1);
        expect(await store.credentialSummary("a")).toMatchObject({ pendingSince, phases: { PARKED: 1 } });
        expect((await store.connection("one"))!.demand.firstAt).toBe(pendingSince);
      });

      test("counts connections by state, and not those that are none of the credential any more", async () => {
        const { store } = await dirty();
        await store.upsertConnections("a", [info("two"), info("three"), info("four")], "ignore");
        await store.apply("three", { type: "lost", reason: "gone" });
        await store.apply("four", { type: "lost", reason: "unmapped" });
        expect((await store.credentialSummary("a"))!.phases).toEqual({ PENDING: 1, CLEAN: 1 });
        await store.apply("one", { type: "lost", reason: "gone" });
        expect(await store.credentialSummary("a")).toMatchObject({
          pendingSince: null,
          phases: { CLEAN: 1 },
        });
      });

      test("is found though the clock was set back an hour, and though nobody wrote when to look", async () => {
        const { store, clock } = await dirty();
        clock.advance(-HOUR);
        expect(await store.take("r", 1)).toHaveLength(1);
        await store.recover();
        expect(await store.take("r", 1)).toEqual([]);
      });

      test("is due by its own timings, and not before, whatever was looked at", async () => {
        const { store, clock } = await replicas(1, { debounce: 10_000, maxWait: 60_000, settleDelay: 0 });
        await store.upsertConnections("a", [info("one")], "sync");
        for (let second = 0; second < 30; second += 5) {
          await store.accept([webhookEvent("a", `e${second}`)]);
          expect(await store.take("r", 1)).toEqual([]);
          clock.advance(5000);
        }
        clock.advance(4999);
        expect(await store.take("r", 1)).toEqual([]);
        clock.advance(1);
        expect(await store.take("r", 1)).toHaveLength(1);
      });
    });

    describe("connections", () => {
      test("that are new owe a sync for earlier events, or don't, as configured", async () => {
        const { store } = await replicas(1);
        await store.accept([webhookEvent("a", "1")]);
        expect(await store.upsertConnections("a", [info("x"), info("y")], "sync")).toEqual(["x", "y"]);
        expect(await store.upsertConnections("a", [info("y"), info("z")], "ignore")).toEqual(["z"]);
        const phases = (await store.connections("a")).map(({ connectionId, state, demand }) => [
          connectionId,
          phaseName(state, demand),
        ]);
        expect(phases).toEqual([
          ["x", "PENDING"],
          ["y", "PENDING"],
          ["z", "CLEAN"],
        ]);
      });

      test("that are the first are synced for a request that came before them, whatever is configured", async () => {
        const { store } = await replicas(1, { settleDelay: 0 });
        await store.accept([webhookEvent("a", "1")]);
        const seq = await store.requestSync("a");
        const infos = Array.from({ length: 60 }, (_, index) => info(`c${index}`));
        await store.upsertConnections("a", infos, "ignore");
        expect(await store.syncProgress("a", seq, 1)).toMatchObject({ total: 60, synced: 0 });
        expect(await store.take("r", 99)).toHaveLength(60);
        await store.upsertConnections("a", [info("late")], "ignore");
        expect(await store.syncProgress("a", seq, 1)).toMatchObject({ total: 61, synced: 1 });
      });

      test("that are new are taken when their sync is due, though no event comes after them", async () => {
        const { store, clock } = await replicas(1);
        await store.accept([webhookEvent("a", "1")]);
        clock.advance(HOUR);
        expect(await store.take("r", 9)).toEqual([]);
        await store.upsertConnections("a", [info("x"), info("y")], "sync");
        await store.upsertConnections("a", [info("z")], "ignore");
        const taken = await store.take("r", 9);
        expect(taken.map(({ connection }) => connection.connectionId).toSorted()).toEqual(["x", "y"]);
      });

      test("that are found at the moment of an event miss it never", async () => {
        const { stores: both, store, clock } = await replicas(2);
        const ids = Array.from({ length: 20 }, (_, index) => `k${index}`);
        await Promise.all(
          ids.flatMap((id, index) => [
            both[index % 2]!.upsertConnections(id, [info(`of ${id}`)], "ignore"),
            both[(index + 1) % 2]!.accept([webhookEvent(id, "1")]),
          ]),
        );
        const waiting = (await store.connections())
          .filter(({ state, demand }) => state.syncedSeq < demand.seq)
          .map(({ connectionId }) => connectionId);
        clock.advance(HOUR);
        const taken = await store.take("r", 99);
        expect(taken.map(({ connection }) => connection.connectionId).toSorted()).toEqual(waiting.toSorted());
      });

      test("can come before the first event, and before their credential", async () => {
        const { store } = await replicas(1);
        await store.upsertConnections("a", [info("x")], "ignore");
        expect(await store.connection("x")).toMatchObject({
          credentialId: "a",
          demand: { seq: 0, firstAt: null },
        });
        expect(await store.take("r", 9)).toEqual([]);
        await store.ensureCredentials(["a", "b", "a"]);
        expect(await store.credentialSummary("b")).toMatchObject({
          credentialId: "b",
          seq: 0,
          lastEventAt: null,
        });
        expect(await store.credentialSummary("c")).toBeUndefined();
        expect(await store.connection("nobody")).toBeUndefined();
        expect(await store.apply("nobody", { type: "park" })).toBeUndefined();
      });

      test("get new names, and keep their state", async () => {
        const { store } = await dirty();
        await store.apply("one", { type: "park" });
        await store.upsertConnections("a", [info("one", { name: "new\0 name", status: "inactive" })], "sync");
        expect(await store.connection("one")).toMatchObject({
          name: "new name",
          status: "inactive",
          state: { phase: { name: "PARKED", reason: "held" } },
        });
      });

      test("have names and errors that were cut short in the middle of a character", async () => {
        const { store } = await dirty({ settleDelay: 0 });
        const infos = [info("one"), info("two", { name: "cut\ud83d", sourceName: "\udd34cut" })];
        expect(await store.upsertConnections("a", infos, "ignore")).toEqual(["two"]);
        expect(await store.connection("two")).toMatchObject({ name: "cut\ufffd", sourceName: "\ufffdcut" });
        const seq = await store.requestSync("a");
        const { fence } = (await store.take("r", 1))[0]!.connection.state;
        const reading = { kind: "unknown", detail: "\0cut\ud83d" } as const;
        await store.apply("one", { type: "looked", fence, reading });
        const { waiting } = await store.syncProgress("a", seq, 9);
        expect(waiting.map(({ state }) => state.lastError)).toContain("cut\ufffd");
        expect(await store.lastJobs(["one"])).toEqual([]);
        const details = (await store.recentActivity(["one"], 9)).map(({ note }) => note.detail);
        expect(details).toContain("cut\ufffd");
      });

      test("are parked when they are seen switched off, and set going when they are seen active", async () => {
        const { store } = await dirty();
        await store.upsertConnections("a", [info("one", { status: "inactive" })], "sync");
        expect(await store.take("r", 9)).toEqual([]);
        expect(await store.connection("one")).toMatchObject({ state: { phase: { reason: "inactive" } } });
        await store.upsertConnections("a", [info("one")], "sync");
        expect(await store.take("r", 9)).toHaveLength(1);
        const kinds = (await store.recentActivity(["one"], 9)).map(({ note }) => note.kind);
        expect(kinds).toEqual(["unparked", "parked"]);
      });

      test("start over under another credential, and ignore answers to what was asked before", async () => {
        const { store } = await dirty();
        const [taken] = await store.take("r", 1);
        await store.accept([webhookEvent("b", "1"), webhookEvent("b", "2")]);
        await store.upsertConnections("b", [info("one")], "sync");
        const { fence } = taken!.connection.state;
        await store.apply("one", { type: "looked", fence, reading: { kind: "found", value: undefined } });
        const moved = await store.connection("one");
        expect(moved).toMatchObject({ credentialId: "b", demand: { seq: 2 } });
        expect(moved!.state).toEqual({ ...newConnectionState(0), fence: fence + 1 });
      });
    });

    describe("taking work", () => {
      test("waits for the debounce, and at most for the maximum wait", async () => {
        const { store, clock } = await replicas(1, { debounce: 30_000, maxWait: 2 * MINUTE });
        await store.upsertConnections("a", [info("one")], "sync");
        const start = clock.now();
        for (let number = 0; (await store.take("r", 1)).length === 0; number++) {
          await store.accept([webhookEvent("a", `e${number}`)]);
          clock.advance(10_000);
        }
        expect(clock.now() - start).toBe(2 * MINUTE);
      });

      test("gives each connection to one replica only, the longest due first", async () => {
        const { stores: all, store, clock } = await replicas(3);
        const ids = Array.from({ length: 30 }, (_, index) => `c${String(index).padStart(2, "0")}`);
        for (const [index, id] of ids.entries()) {
          await store.upsertConnections(`cred${index}`, [info(id)], "sync");
          await store.accept([webhookEvent(`cred${index}`, "e")]);
          clock.advance(1);
        }
        clock.advance(MINUTE);
        const first = await store.take("r0", 2);
        expect(first.map(({ connection }) => connection.connectionId)).toEqual(["c00", "c01"]);
        const taken = await Promise.all(
          all.flatMap((replica, index) => [1, 2, 3].map(() => replica.take(`r${index}`, 4))),
        );
        const later = await Promise.all(all.map((replica, index) => replica.take(`r${index}`, 30)));
        const got = [...first, ...taken.flat(), ...later.flat()].map(
          ({ connection }) => connection.connectionId,
        );
        expect(got.toSorted()).toEqual(ids);
      });

      test("covers what was accepted when it was taken, and nothing later", async () => {
        const { store, clock } = await dirty();
        const [taken] = await store.take("r", 1);
        expect(taken!.connection.state.claim).toMatchObject({ cover: 1, owner: "r", call: { name: "look" } });
        await store.accept([webhookEvent("a", "e2")]);
        await finish(store, taken!, 7);
        const connection = await store.connection("one");
        expect(connection!.state.syncedSeq).toBe(1);
        expect(phaseName(connection!.state, connection!.demand)).toBe("PENDING");
        expect(connection!.demand.firstAt).toBe(clock.now());
      });

      test("goes to another replica when the lease has run out, and late answers are ignored", async () => {
        const {
          stores: [first, second],
          clock,
        } = await dirty();
        const [old] = await first!.take("dies", 1);
        expect(await second!.take("lives", 1)).toEqual([]);
        clock.advance(DEFAULT_TIMINGS.lease);
        const [taken] = await second!.take("lives", 1);
        const { fence } = old!.connection.state;
        expect(taken!.connection.state.fence).toBe(fence + 1);
        const late = { type: "looked", fence, reading: { kind: "found", value: undefined } } as const;
        expect(await first!.apply("one", late)).toMatchObject({ effects: [] });
        expect(await first!.apply("one", { type: "renew", fence })).toMatchObject({ effects: [] });
        await finish(second!, taken!, 1);
        expect(await first!.connection("one")).toMatchObject({ state: { syncedSeq: 1 } });
      });

      test("stops during a pause for all, which can't be shortened", async () => {
        const {
          stores: [first, second],
          clock,
        } = await dirty();
        await first!.pauseUntil(clock.now() + MINUTE);
        await second!.pauseUntil(clock.now() + 1000);
        expect(await second!.pausedUntil()).toBe(clock.now() + MINUTE);
        expect(await second!.take("r", 1)).toEqual([]);
        clock.advance(MINUTE);
        expect(await second!.pausedUntil()).toBe(0);
        expect(await second!.take("r", 1)).toHaveLength(1);
      });

      test("keeps a pause that an answer asks for, with the answer", async () => {
        const { store, clock } = await dirty();
        const [taken] = await store.take("r", 1);
        const { fence } = taken!.connection.state;
        await store.apply("one", {
          type: "looked",
          fence,
          reading: { kind: "throttled", waitMs: HOUR },
        });
        expect(await store.pausedUntil()).toBe(clock.now() + HOUR);
        expect(await store.connection("one")).toMatchObject({ state: { phase: { name: "BACKOFF" } } });
      });

      test("does not wait for debounce or minimum interval when a sync is asked for by hand", async () => {
        const { store, clock } = await replicas(1);
        await store.upsertConnections("a", [info("one")], "sync");
        expect(await store.requestSync("a")).toBe(1);
        clock.advance(DEFAULT_TIMINGS.settleDelay);
        const [first] = await store.take("r", 1);
        await finish(store, first!, 1);
        expect(await store.requestSync("a")).toBe(2);
        clock.advance(DEFAULT_TIMINGS.settleDelay);
        expect(await store.take("r", 1)).toHaveLength(1);
        expect((await store.recentEvents("a", 1))[0]).toMatchObject({ eventType: "manual", seq: 2 });
      });

      test("trusts a sync only with events older than the settle delay", async () => {
        const { store, clock } = await replicas(1, { debounce: 1000, maxWait: 5000, settleDelay: 20_000 });
        await store.upsertConnections("a", [info("one")], "sync");
        await store.accept([webhookEvent("a", "e1")]);
        clock.advance(15_000);
        await store.accept([webhookEvent("a", "e2")]);
        expect(await store.take("r", 1)).toEqual([]);
        clock.advance(5000);
        const [taken] = await store.take("r", 1);
        expect(taken!.connection.state.claim).toMatchObject({ cover: 1 });
      });
    });

    describe("after the clock was set back an hour", () => {
      test("no lease, back-off, debounce or pause lasts an hour longer", async () => {
        const { store, clock } = await dirty();
        clock.advance(HOUR);
        const [taken] = await store.take("r", 1);
        await store.pauseUntil(clock.now() + MINUTE);
        clock.advance(-HOUR);
        // The lease and the pause began in the future.
        const [again] = await store.take("r", 1);
        const { fence } = again!.connection.state;
        expect(fence).toBe(taken!.connection.state.fence + 1);
        clock.advance(HOUR);
        await store.apply("one", {
          type: "looked",
          fence,
          reading: { kind: "unknown", detail: "no answer" },
        });
        clock.advance(-HOUR);
        const [third] = await store.take("r", 1);
        await finish(store, third!, 3);
        expect(await store.connection("one")).toMatchObject({ state: { syncedSeq: 1 } });
      });

      test("requests and slots are not held back", async () => {
        const { store, clock } = await replicas(1);
        clock.advance(HOUR);
        await store.acquireSlot("r", LIMITS);
        await store.acquireSlot("r", LIMITS);
        clock.advance(-HOUR);
        expect(await store.acquireSlot("r", LIMITS)).toBeDefined();
        while ((await store.takeRequest(LIMITS)) === 0);
        expect(await store.takeRequest(LIMITS)).toBeLessThanOrEqual(500);
      });
    });

    describe("the budget of requests to Airbyte", () => {
      test("is one for all replicas, and fills at its rate", async () => {
        const { stores: both, clock } = await replicas(2);
        const take = async () => {
          const waits = await Promise.all(
            Array.from({ length: 12 }, (_, n) => both[n % 2]!.takeRequest(LIMITS)),
          );
          return waits.filter((wait) => wait === 0).length;
        };
        expect(await take()).toBe(3);
        expect(await both[0]!.takeRequest(LIMITS)).toBe(500);
        clock.advance(499);
        expect(await take()).toBe(0);
        clock.advance(1);
        expect(await take()).toBe(1);
        clock.advance(HOUR);
        expect(await take()).toBe(3);
      });

      test("lets so many be in flight, over all replicas, and frees the place of a replica that died", async () => {
        const { stores: both, clock } = await replicas(2);
        const asked = await Promise.all([0, 1, 0, 1, 0].map((n) => both[n]!.acquireSlot(`r${n}`, LIMITS)));
        const slots = asked.filter((slot) => slot !== undefined);
        expect(slots).toHaveLength(2);
        await both[1]!.releaseSlot(slots[0]!);
        // Released twice is released once: the place may have another holder.
        const next = await both[0]!.acquireSlot("r0", LIMITS);
        await both[1]!.releaseSlot(slots[0]!);
        expect(next).toBeDefined();
        expect(await both[0]!.acquireSlot("r0", LIMITS)).toBeUndefined();
        clock.advance(LIMITS.slotLease);
        expect(await both[0]!.acquireSlot("r0", LIMITS)).toBeDefined();
      });
    });

    test("can be opened by many replicas at once, and answers pings", async () => {
      const { database, options } = await replicas(0);
      const opened = await Promise.all(Array.from({ length: 4 }, () => database.open(options)));
      stores.push(...opened);
      await Promise.all(opened.map((store) => store.ping()));
      await opened[0]!.accept([webhookEvent("a", "1")]);
      expect(await opened[3]!.credentialSummary("a")).toMatchObject({ seq: 1 });
    });
  });
}

/** Answers every question as an Airbyte does that starts job `jobId`, and finishes it at once. */
async function finish(store: Store, taken: Applied, jobId: number): Promise<void> {
  const id = taken.connection.connectionId;
  const { fence } = taken.connection.state;
  await store.apply(id, { type: "looked", fence, reading: { kind: "found", value: undefined } });
  await store.apply(id, {
    type: "started",
    fence,
    outcome: { kind: "triggered", job: { jobId, status: "queued" } },
  });
  await store.apply(id, { type: "hint" });
  const [follow] = await store.take("follower", 1);
  if (follow === undefined) throw new Error("the job is not followed");
  const reading = { kind: "found", value: { jobId, status: "succeeded" } } as const;
  await store.apply(id, { type: "followed", fence: follow.connection.state.fence, reading });
}
