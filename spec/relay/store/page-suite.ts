import { afterEach, describe, expect, test } from "@jest/globals";

import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { webhookEvent } from "../support/events.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { type CreateDatabase, info } from "./suite.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const INTERVAL = 5 * MINUTE;

/** What every store tells the page. */
export function describePageQueries(name: string, create: CreateDatabase): void {
  describe(name, () => {
    const stores: Store[] = [];
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });

    /** At the beginning of an interval. */
    async function open() {
      const clock = new ManualClock();
      clock.advance(INTERVAL - (clock.now() % INTERVAL));
      const database = await create();
      const options = { clock, timingsOf: () => ({ ...DEFAULT_TIMINGS, settleDelay: 0 }), random: () => 0 };
      const store = await database.open(options);
      stores.push(store);
      return { clock, store, database, options };
    }

    /** A sync from its start to its end, which takes a minute. */
    async function sync({ store, clock }: { store: Store; clock: ManualClock }, status: string) {
      const [taken] = await store.take("r", 1);
      const { connectionId: id, state } = taken!.connection;
      const { fence } = state;
      await store.apply(id, { type: "looked", fence, reading: { kind: "found", value: undefined } });
      const job = { jobId: 1, status: "running" };
      await store.apply(id, { type: "started", fence, outcome: { kind: "triggered", job } });
      clock.advance(MINUTE);
      const [followed] = await store.take("r", 1);
      const reading = { kind: "found", value: { jobId: 1, status } } as const;
      await store.apply(id, { type: "followed", fence: followed!.connection.state.fence, reading });
    }

    describe("the history of a credential", () => {
      test("tells of an event at once, and of a sync, its failure and its lag when they have ended", async () => {
        const world = await open();
        const { store, clock } = world;
        const began = clock.now();
        await store.upsertConnections("a", [info("one")], "sync");
        await store.accept([webhookEvent("a", "e1"), webhookEvent("a", "e2"), webhookEvent("b", "e1")]);
        expect(await store.history("a", began - HOUR)).toEqual([
          { at: began, events: 2, syncs: 0, failures: 0, lagMs: null },
        ]);
        clock.advance(MINUTE);
        await sync(world, "succeeded");
        const first = { events: 2, syncs: 1, failures: 0, lagMs: 2 * MINUTE };
        expect(await store.history("a", began - HOUR)).toEqual([{ at: clock.now(), ...first }]);

        clock.advance(INTERVAL);
        await store.keepHistory();
        const kept = { at: began + INTERVAL, ...first };
        const nothing = { events: 0, syncs: 0, failures: 0, lagMs: null };
        expect(await store.history("a", began - HOUR)).toEqual([kept, { at: clock.now(), ...nothing }]);

        await store.accept([webhookEvent("a", "e3")]);
        clock.advance(MINUTE);
        await sync(world, "failed");
        clock.advance(INTERVAL);
        await store.keepHistory();
        await store.keepHistory();
        expect(await store.history("a", began - HOUR)).toEqual([
          kept,
          { at: began + 2 * INTERVAL, events: 1, syncs: 0, failures: 1, lagMs: null },
          { at: clock.now(), ...nothing },
        ]);
        expect(await store.history("a", began + INTERVAL)).toHaveLength(2);
      });

      test("keeps a day, and what later events are counted from", async () => {
        const { store, clock } = await open();
        await store.accept([webhookEvent("a", "e1")]);
        clock.advance(INTERVAL);
        await store.keepHistory();
        await store.accept([webhookEvent("a", "e2")]);
        clock.advance(INTERVAL);
        await store.keepHistory();
        clock.advance(26 * HOUR);
        await store.purge(clock.now() - 7 * 24 * HOUR);
        expect(await store.history("a", 0)).toMatchObject([{ events: 2 }, { events: 0 }]);
        await store.accept([webhookEvent("a", "e3")]);
        expect(await store.history("a", clock.now() - HOUR)).toMatchObject([{ events: 1 }]);
      });

      test("is written once by replicas that write it at the same time", async () => {
        const { store, clock, database, options } = await open();
        const other = await database.open(options);
        stores.push(other);
        await store.accept([webhookEvent("a", "e1")]);
        clock.advance(INTERVAL);
        await Promise.all([store.keepHistory(), other.keepHistory(), store.keepHistory()]);
        expect(await other.history("a", 0)).toMatchObject([{ events: 1 }, { events: 0 }]);
      });
    });

    test("what happened lately is told of several connections at once, the newest of all of them", async () => {
      const world = await open();
      const { store, clock } = world;
      const ids = ["one", "two", "three"];
      await store.upsertConnections(
        "a",
        ids.map((id) => info(id)),
        "ignore",
      );
      for (let round = 0; round < 3; round++) {
        for (const id of ["one", "two"]) {
          clock.advance(MINUTE);
          await store.apply(id, { type: "park" });
          await store.apply(id, { type: "unpark" });
        }
      }
      const recent = (await store.recentActivity(ids, 5)).map(
        ({ connectionId, note }) => `${connectionId} ${note.kind}`,
      );
      expect(recent).toEqual(["two unparked", "two parked", "one unparked", "one parked", "two unparked"]);
      expect(await store.recentActivity(["one"], 99)).toHaveLength(6);
      expect(await store.recentActivity(["three", "nobody"], 5)).toEqual([]);
      expect(await store.recentActivity([], 5)).toEqual([]);
    });

    test("the last job of each of several connections is found behind whatever came after it", async () => {
      const world = await open();
      const { store } = world;
      await store.upsertConnections("a", [info("one"), info("two")], "ignore");
      await store.upsertConnections("b", [info("three")], "sync");
      await store.accept([webhookEvent("b", "e1")]);
      world.clock.advance(MINUTE);
      await sync(world, "succeeded");
      for (let round = 0; round < 60; round++) {
        await store.apply("three", { type: "park" });
        await store.apply("three", { type: "unpark" });
      }
      expect(await store.lastJobs(["one", "three", "two", "nobody"])).toMatchObject([
        { connectionId: "three", note: { kind: "succeeded", jobId: 1 } },
      ]);
    });

    test("how far a request has come counts what is the credential's, and what is parked is first", async () => {
      const { store } = await open();
      const ids = ["e", "d", "c", "b", "a"];
      await store.upsertConnections(
        "k",
        ids.map((id) => info(id)),
        "ignore",
      );
      await store.upsertConnections("other", [info("z")], "ignore");
      await store.apply("a", { type: "lost", reason: "gone" });
      const seq = await store.requestSync("k");
      const progress = async () => {
        const { waiting, ...counts } = await store.syncProgress("k", seq, 2);
        return { ...counts, waiting: waiting.map(({ connectionId }) => connectionId).join("") };
      };
      expect(await progress()).toEqual({ newestSeq: seq, total: 4, synced: 0, waiting: "bc" });
      await store.apply("d", { type: "park" });
      expect(await progress()).toMatchObject({ waiting: "db" });
      expect(await store.syncProgress("nobody", 1, 2)).toEqual({
        ...{ newestSeq: 0, total: 0, synced: 0 },
        waiting: [],
      });
    });

    test("of a request, what has failed since is told first, and what came later has nothing to do for it", async () => {
      const world = await open();
      const { store } = world;
      await store.upsertConnections("k", [info("y")], "ignore");
      const seq = await store.requestSync("k");
      await sync(world, "failed");
      await store.upsertConnections("k", [info("x")], "sync");
      await store.upsertConnections("k", [info("w")], "ignore");
      const { waiting, ...counts } = await store.syncProgress("k", seq, 9);
      expect(counts).toEqual({ newestSeq: seq, total: 3, synced: 1 });
      expect(waiting.map(({ connectionId }) => connectionId)).toEqual(["y", "x"]);
    });

    test("connections come by the page, those that need a person first", async () => {
      const { store } = await open();
      const ids = ["d", "c", "b", "a", "e"];
      await store.upsertConnections(
        "k",
        ids.map((id) => info(id)),
        "ignore",
      );
      await store.upsertConnections("other", [info("z")], "ignore");
      await store.apply("d", { type: "park" });
      await store.apply("c", { type: "lost", reason: "gone" });
      const page = async (offset: number) => {
        const { connections, total } = await store.connectionPage("k", { limit: 2, offset });
        return { ids: connections.map(({ connectionId }) => connectionId).join(""), total };
      };
      expect(await page(0)).toEqual({ ids: "dc", total: 5 });
      expect(await page(2)).toEqual({ ids: "ab", total: 5 });
      expect(await page(4)).toEqual({ ids: "e", total: 5 });
      expect(await page(6)).toEqual({ ids: "", total: 5 });
    });
  });
}
