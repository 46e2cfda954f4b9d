import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { type OwedSync } from "../../../src/relay/store/owed.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { type SubscriptionReport } from "../../../src/relay/store/subscription.ts";
import { webhookEvent } from "../support/events.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { type CreateDatabase, info } from "./suite.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const BOUND = 30 * SECOND;
const ON: SubscriptionReport = { state: "on", failing: null, wasOff: false, failedAt: null };

/** What every store must do with what went unheard. */
export function describeOwedSyncs(name: string, create: CreateDatabase): void {
  describe(`${name}: what went unheard`, () => {
    const stores: Store[] = [];
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });

    /** Two replicas on one database, at one clock, with the credentials `a` and `b`, of one connection each. */
    async function replicas() {
      const clock = new ManualClock();
      const database = await create();
      const options = {
        clock,
        timingsOf: () => ({ ...DEFAULT_TIMINGS, settleDelay: 0 }),
        random: () => 0,
      };
      const one = await database.open(options);
      const two = await database.open(options);
      stores.push(one, two);
      await one.ensureCredentials(["a", "b"]);
      await one.upsertConnections("a", [info("a1")], "sync");
      await one.upsertConnections("b", [info("b1")], "sync");
      return { clock, one, two, database, options };
    }

    const owedIds = (owed: readonly OwedSync[]) => owed.map(({ credentialId }) => credentialId).sort();
    const seqOf = async (store: Store, id: string) => (await store.credentialSummary(id))?.seq;

    describe("while no replica listened", () => {
      test("is owed once by every credential, whichever replicas notice", async () => {
        const { clock, one, two } = await replicas();
        expect(await one.beat(["a", "b"], BOUND)).toEqual({ gapMs: undefined, owed: [] });
        clock.advance(5 * MINUTE);
        const beats = await Promise.all([one, two].map((store) => store.beat(["a", "b"], BOUND)));
        expect(owedIds(beats.flatMap(({ owed }) => owed))).toEqual(["a", "b"]);
        expect(beats.map(({ gapMs }) => gapMs).filter((gap) => gap !== undefined)).toEqual([5 * MINUTE]);
        expect(await two.beat(["a", "b"], BOUND)).toEqual({ gapMs: undefined, owed: [] });
        const { owed } = (await one.credentialSummary("a"))!;
        expect(owed).toEqual({ credentialId: "a", reason: "outage", seq: 1, at: clock.now() });
      });

      test("is synced at once, by a sync that covers it", async () => {
        const { clock, one } = await replicas();
        await one.accept([webhookEvent("a", "e1")]);
        await one.beat(["a", "b"], BOUND);
        clock.advance(5 * MINUTE);
        for (const { connection, effects } of await one.take("r", 8)) {
          const fence = connection.state.fence;
          expect(effects).toHaveLength(1);
          await one.apply(connection.connectionId, { type: "release", fence });
        }
        await one.beat(["a", "b"], BOUND);
        const taken = await one.take("r", 8);
        const covers = taken.map(({ connection: { connectionId, state } }) => [
          connectionId,
          state.claim?.cover,
        ]);
        expect(Object.fromEntries(covers)).toEqual({ a1: 2, b1: 1 });
      });

      test("is nothing between two beats, nor before the first", async () => {
        const { clock, one, two } = await replicas();
        for (let beat = 0; beat < 20; beat++) {
          expect(await (beat % 2 === 0 ? one : two).beat(["a", "b"], BOUND)).toEqual({
            gapMs: undefined,
            owed: [],
          });
          clock.advance(BOUND);
        }
        expect(await seqOf(one, "a")).toBe(0);
      });

      test("is owed, too, when the clock was set back meanwhile", async () => {
        const { clock, one } = await replicas();
        await one.beat(["a"], BOUND);
        clock.advance(-HOUR);
        expect(await one.beat(["a"], BOUND)).toMatchObject({ gapMs: 0, owed: [{ credentialId: "a" }] });
        clock.advance(SECOND);
        expect(await one.beat(["a"], BOUND)).toEqual({ gapMs: undefined, owed: [] });
        clock.advance(5 * MINUTE);
        expect(await one.beat(["a"], BOUND)).toMatchObject({
          gapMs: 5 * MINUTE,
          owed: [{ credentialId: "a" }],
        });
      });

      test("is owed by those that the replica which noticed it did not know", async () => {
        const { clock, one, two } = await replicas();
        await one.beat(["a"], BOUND);
        clock.advance(HOUR);
        expect(owedIds((await one.beat(["a"], BOUND)).owed)).toEqual(["a"]);
        expect(owedIds((await two.beat(["a", "b"], BOUND)).owed)).toEqual(["b"]);
        // Not by a credential that is new.
        await one.ensureCredentials(["c"]);
        expect((await one.beat(["a", "b", "c"], BOUND)).owed).toEqual([]);
      });

      test("stays owed when old events are forgotten", async () => {
        const { clock, one } = await replicas();
        await one.beat(["a"], BOUND);
        clock.advance(HOUR);
        await one.beat(["a"], BOUND);
        await one.purge(clock.now() + 1);
        expect((await one.take("r", 8)).map(({ connection }) => connection.connectionId)).toEqual(["a1"]);
        clock.advance(SECOND);
        expect((await one.beat(["a"], BOUND)).owed).toEqual([]);
      });
    });

    describe("because webhooks were refused", () => {
      const refused = (agoMs: number) => [{ credentialId: "a", reason: "refused", agoMs }] as const;

      test("is owed once, whichever replicas refused it", async () => {
        const { clock, one, two } = await replicas();
        const both = await Promise.all([one, two].map((store) => store.owe(refused(5 * SECOND))));
        expect(owedIds(both.flatMap(({ owed }) => owed))).toEqual(["a"]);
        expect(await seqOf(one, "b")).toBe(0);
        clock.advance(10 * SECOND);
        expect((await one.owe(refused(11 * SECOND))).owed).toEqual([]);
        expect((await one.owe(refused(9 * SECOND))).owed).toMatchObject([{ seq: 2, reason: "refused" }]);
      });

      test("is not taken for owed by a sync that was owed before, though the clock was set back", async () => {
        const { clock, one } = await replicas();
        expect((await one.owe(refused(0))).owed).toHaveLength(1);
        expect((await one.owe(refused(1))).owed).toEqual([]);
        clock.advance(-HOUR);
        expect((await one.owe(refused(0))).owed).toHaveLength(1);
      });

      test("is owed by a credential that the store has never seen", async () => {
        const { one } = await replicas();
        expect((await one.owe([{ credentialId: "new", reason: "refused", agoMs: 0 }])).owed).toMatchObject([
          { credentialId: "new", seq: 1 },
        ]);
      });
    });

    test("no sender's event can pass for a sync that is owed", async () => {
      const { one } = await replicas();
      expect(await one.accept([webhookEvent("a", "owed:2")])).toEqual(["new"]);
      expect((await one.owe([{ credentialId: "a", reason: "refused", agoMs: 0 }])).owed).toMatchObject([
        { seq: 2 },
      ]);
      expect(await one.accept([webhookEvent("a", "owed:2")])).toEqual(["duplicate"]);
    });

    describe("max_staleness", () => {
      test("has a sync be owed when neither an event nor an owed sync was so recent", async () => {
        const { clock, one, two } = await replicas();
        const limits = new Map([["a", HOUR]]);
        await one.accept([webhookEvent("a", "e1")]);
        clock.advance(HOUR - 1);
        expect(await one.oweStale(limits)).toEqual([]);
        clock.advance(1);
        const both = await Promise.all([one, two].map((store) => store.oweStale(limits)));
        expect(both.flat()).toMatchObject([{ credentialId: "a", reason: "stale", seq: 2 }]);
        clock.advance(HOUR - 1);
        expect(await one.oweStale(limits)).toEqual([]);
        clock.advance(1);
        expect(await one.oweStale(limits)).toHaveLength(1);
        clock.advance(-10 * HOUR);
        expect(await one.oweStale(limits)).toHaveLength(1);
        expect(await one.oweStale(limits)).toEqual([]);
      });

      test("is owed by a credential that never had an event", async () => {
        const { one } = await replicas();
        expect(await one.oweStale(new Map([["b", HOUR]]))).toMatchObject([{ credentialId: "b" }]);
      });
    });

    describe("what Dixa says of a subscription", () => {
      const OFF: SubscriptionReport = { ...ON, state: "off" };
      const failing = (failedAt: number | null): SubscriptionReport => ({
        ...ON,
        failing: "ConversationClosed (503)",
        failedAt,
      });

      /** What is owed after each of these reports, a minute apart. */
      async function owedAfter(reports: readonly SubscriptionReport[]): Promise<(string | undefined)[]> {
        const { clock, one, two } = await replicas();
        const reasons: (string | undefined)[] = [];
        for (const report of reports) {
          clock.advance(MINUTE);
          // Both have looked at the same time.
          const both = await Promise.all([one, two].map((store) => store.reportSubscription("a", report, 1)));
          const owed = both.flatMap((each) => each.owed);
          expect(owed.length).toBeLessThanOrEqual(1);
          reasons.push(owed[0]?.reason);
        }
        return reasons;
      }

      test.each<[string, SubscriptionReport[], (string | undefined)[]]>([
        ["on, as ever, owes nothing", [ON, ON, ON], [undefined, undefined, undefined]],
        [
          "off owes a sync, once, and another when it is on again, for what came meanwhile",
          [ON, OFF, OFF, ON, ON],
          [undefined, "switched_off", undefined, "switched_off", undefined],
        ],
        ["off at the first look owes a sync", [OFF, OFF], ["switched_off", undefined]],
        [
          "off and switched on by the relay owes a sync, each time",
          [ON, { ...ON, wasOff: true }, ON, { ...ON, wasOff: true }],
          [undefined, "switched_off", undefined, "switched_off"],
        ],
        [
          "gone owes a sync, and another when it is there again",
          [ON, { ...ON, state: "missing" }, { ...ON, state: "missing" }, ON],
          [undefined, "switched_off", undefined, "switched_off"],
        ],
        ["not made yet owes nothing", [{ ...ON, state: "missing" }], [undefined]],
        [
          "a failed delivery owes a sync, and another only if another has failed",
          [ON, failing(500), failing(500), ON, failing(500), failing(501)],
          [undefined, "deliveries", undefined, undefined, undefined, "deliveries"],
        ],
        [
          "failed deliveries without a time owe a sync until they have succeeded",
          [failing(null), failing(null), ON, failing(null)],
          ["deliveries", undefined, undefined, "deliveries"],
        ],
      ])("%s", async (_, reports, expected) => {
        expect(await owedAfter(reports)).toEqual(expected);
      });

      test("is kept for all replicas and the next start, and asked for no more often than it must be", async () => {
        const { clock, one, two } = await replicas();
        expect(await one.subscriptionsDue(["a", "b"], MINUTE)).toEqual(["a", "b"]);
        const since = clock.now();
        await one.reportSubscription("a", OFF, 0);
        clock.advance(30 * SECOND);
        expect(await two.subscriptionsDue(["a", "b"], MINUTE)).toEqual(["b"]);
        expect((await two.credentialSummary("a"))?.subscription).toEqual({
          state: "off",
          since,
          failing: null,
        });
        expect((await two.credentialSummary("b"))?.subscription).toBeNull();
        clock.advance(31 * SECOND);
        expect(await two.subscriptionsDue(["a", "b"], MINUTE)).toEqual(["a", "b"]);
        clock.advance(-HOUR);
        expect(await two.subscriptionsDue(["a"], MINUTE)).toEqual(["a"]);
      });

      test("counts no more when another replica has looked since", async () => {
        const { clock, one, two } = await replicas();
        await one.reportSubscription("a", ON, 0);
        clock.advance(MINUTE);
        await one.reportSubscription("a", ON, 0);
        expect(await two.reportSubscription("a", OFF, 10 * SECOND)).toMatchObject({
          owed: [],
          status: { state: "on" },
        });
      });
    });

    test("whatever goes unheard, a sync is owed that begins after it, and no more of them than times it happened", async () => {
      const step = fc.oneof(
        fc.record({ do: fc.constant("pass"), ms: fc.constantFrom(SECOND, 10 * SECOND, 40 * SECOND, -HOUR) }),
        fc.record({ do: fc.constant("miss"), id: fc.constantFrom("a", "b") }),
        fc.record({ do: fc.constant("tell"), replica: fc.constantFrom(0, 1) }),
        fc.record({ do: fc.constant("event"), id: fc.constantFrom("a", "b") }),
      );
      type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
      const play = async (steps: readonly Step[]) => {
        const { clock, one, two } = await replicas();
        await one.beat(["a", "b"], BOUND);
        let elapsed = 0;
        let silence = 0;
        let misses = 0;
        let outages = 0;
        /** When each replica refused a webhook of a credential last, as its own stopwatch says. */
        const refused = [new Map<string, number>(), new Map<string, number>()];
        const newest = new Map<string, number>();
        for (const [index, each] of steps.entries()) {
          if (each.do === "pass") {
            clock.advance(each.ms);
            elapsed += Math.max(0, each.ms);
            silence += Math.abs(each.ms);
          } else if (each.do === "miss") {
            misses++;
            newest.set(each.id, (await seqOf(one, each.id)) ?? 0);
            // A load balancer tries the other replica, too.
            for (const replica of refused) replica.set(each.id, elapsed);
          } else if (each.do === "event") {
            await one.accept([webhookEvent(each.id, `e${index}`)]);
          } else {
            const store = each.replica === 0 ? one : two;
            // Within one ms nobody can tell what came first, and a sync too many is owed.
            clock.advance(1);
            elapsed++;
            silence++;
            const { gapMs } = await store.beat(["a", "b"], BOUND);
            if (gapMs !== undefined) outages++;
            expect(gapMs !== undefined).toBe(silence > BOUND);
            silence = 0;
            const mine = refused[each.replica]!;
            await store.owe(
              [...mine].map(([credentialId, at]) => ({
                credentialId,
                reason: "refused",
                agoMs: elapsed - at,
              })),
            );
            for (const [id] of mine) {
              const { seq, owed } = (await store.credentialSummary(id))!;
              expect(owed?.seq ?? 0).toBeGreaterThan(newest.get(id) ?? 0);
              expect(seq).toBeGreaterThanOrEqual(owed?.seq ?? 0);
            }
            mine.clear();
          }
        }
        for (const id of ["a", "b"]) {
          const owed = (await one.recentEvents(id, 100)).filter(({ eventType }) =>
            eventType.startsWith("owed"),
          );
          // A clock that was set back makes the replicas double one.
          const steppedBack = steps.some((each) => each.do === "pass" && each.ms < 0);
          if (!steppedBack) expect(owed.length).toBeLessThanOrEqual(misses + outages);
        }
        await Promise.all(stores.splice(0).map((store) => store.close()));
      };
      // What the time limit cuts off goes on, and must have ended before its stores are closed.
      let last = Promise.resolve();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => (last = play(steps))),
        { numRuns: 30, interruptAfterTimeLimit: 2500 },
      );
      await last;
    }, 20_000);
  });
}
