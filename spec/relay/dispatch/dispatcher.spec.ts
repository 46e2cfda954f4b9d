import { afterEach, describe, expect, test } from "@jest/globals";

import { memoryDatabase } from "../store/sqlite-database.ts";
import { RelayWorld, type WorldOptions } from "../support/relay-world.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const worlds: RelayWorld[] = [];

async function open(options?: WorldOptions) {
  const world = await RelayWorld.create(memoryDatabase(), options);
  worlds.push(world);
  return { world, replica: world.replica("replica"), start: world.clock.now(), airbyte: world.airbyte };
}

afterEach(async () => {
  for (const world of worlds.splice(0)) {
    expect(world.errors).toEqual([]);
    await world.store.close();
  }
});

describe("events become syncs", () => {
  test("a burst of 200 becomes one, after the debounce", async () => {
    const { world, replica, start, airbyte } = await open();
    await world.event("a", 200);
    await world.pass(10 * MINUTE, [replica]);
    expect(airbyte.postsOf("one")).toEqual([start + 30 * SECOND]);
    expect(await world.connection()).toMatchObject({ state: { syncedSeq: 200, phase: { name: "IDLE" } } });
    expect(world.kinds()).toEqual(["triggered", "succeeded"]);
    expect(world.notes.at(-1)?.lagMs).toBeLessThanOrEqual(60 * SECOND);
  });

  test("an endless stream is synced after the maximum wait, and then every minimum interval", async () => {
    const { world, replica, start, airbyte } = await open();
    for (let elapsed = 0; elapsed < HOUR; elapsed += 5 * SECOND) {
      await world.event();
      await world.pass(5 * SECOND, [replica]);
    }
    const posts = airbyte.postsOf("one").map((at) => at - start);
    expect(posts[0]).toBe(2 * MINUTE);
    for (let index = 1; index < posts.length; index++) {
      expect(posts[index]! - posts[index - 1]!).toBeGreaterThanOrEqual(5 * MINUTE);
      expect(posts[index]! - posts[index - 1]!).toBeLessThan(5 * MINUTE + 2 * SECOND);
    }
    expect(posts).toHaveLength(12);
  });

  test("events during a sync are covered by a second one, and not by the first", async () => {
    const { world, replica, airbyte } = await open({ timings: { minInterval: 0 } });
    airbyte.plans.set("one", [{ queued: SECOND, runs: 3 * MINUTE, end: "succeeded" }]);
    await world.event();
    await world.pass(MINUTE, [replica]);
    await world.event();
    await world.pass(10 * MINUTE, [replica]);
    const [first, second] = airbyte.startsOf("one");
    expect(second!.createdAt).toBeGreaterThanOrEqual(first!.endsAt);
    expect(airbyte.jobs).toHaveLength(2);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("every connection of the credential is synced, also one that is found later", async () => {
    const { world, replica, airbyte } = await open({ connections: { a: ["one", "two"], b: ["other"] } });
    await world.event("a");
    await world.pass(5 * MINUTE, [replica]);
    await world.store.upsertConnections(
      "a",
      [{ ...(await world.connection()), connectionId: "late" }],
      "sync",
    );
    await world.pass(5 * MINUTE, [replica]);
    for (const id of ["one", "two", "late"]) expect(airbyte.startsOf(id)).toHaveLength(1);
    expect(airbyte.startsOf("other")).toEqual([]);
  });

  test("a day of quiet costs Airbyte no request", async () => {
    const { world, replica, airbyte } = await open();
    await world.pass(24 * HOUR, [replica], MINUTE);
    expect(airbyte.requests).toBe(0);
  });

  test("thirty days of office hours: never too often, never late, nothing left", async () => {
    const { world, replica, airbyte } = await open({ timings: { jobPoll: MINUTE } });
    for (let hour = 0; hour < 30 * 24; hour++) {
      const isOpen = hour % 24 >= 8 && hour % 24 < 18 && Math.floor(hour / 24) % 7 < 5;
      for (let quarter = 0; quarter < 4; quarter++) {
        if (isOpen) await world.event("a", 3);
        await world.pass(15 * MINUTE, [replica], 15 * SECOND);
      }
    }
    expect(airbyte.postsOf("one")).toHaveLength(22 * 40);
    expect(await world.phase()).toBe("CLEAN");
    const lags = world.notes.filter(({ kind }) => kind === "succeeded").map(({ lagMs = Infinity }) => lagMs);
    expect(Math.max(...lags)).toBeLessThan(4 * MINUTE);
  });
});

describe("a busy connection", () => {
  test("is waited for, and synced again after its own job has ended", async () => {
    const { world, replica, airbyte } = await open({ connections: { a: ["one", "twin"] } });
    const foreign = airbyte.startForeign("one", { queued: 1, runs: 20 * MINUTE, end: "succeeded" });
    world.clock.advance(SECOND);
    await world.event();
    await world.pass(5 * MINUTE, [replica]);
    expect(await world.phase()).toBe("BUSY");
    expect(await world.phase("twin")).toBe("CLEAN");
    // It is read, and not asked for again and again.
    expect(airbyte.postsOf("one")).toEqual([]);
    await world.pass(20 * MINUTE, [replica]);
    const [own] = airbyte.startsOf("one");
    expect(own!.createdAt).toBeGreaterThanOrEqual(foreign!.endsAt);
    expect(own!.createdAt).toBeLessThanOrEqual(foreign!.endsAt + 76 * SECOND);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("needs no further sync when Airbyte has begun one after the events", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.startForeign("one", { queued: 1, runs: 3 * MINUTE, end: "succeeded" });
    world.clock.advance(SECOND);
    await world.event();
    await world.pass(150 * SECOND, [replica]);
    expect(await world.phase()).toBe("BUSY");
    world.clock.advance(MINUTE);
    airbyte.startForeign("one", { queued: 1, runs: MINUTE, end: "succeeded" });
    await world.pass(5 * MINUTE, [replica]);
    expect(airbyte.posts).toEqual([]);
    expect(world.kinds()).toEqual(["busy", "adopted", "succeeded"]);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("is joined while its job is still queued", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.startForeign("one", { queued: 10 * MINUTE, runs: MINUTE, end: "succeeded" });
    await world.event();
    await world.pass(20 * MINUTE, [replica]);
    expect(airbyte.jobs).toHaveLength(1);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("that says so only to the request itself is waited for as well", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.replies.set("one", [{ effect: false, outcome: { kind: "busy" } }]);
    await world.event();
    await world.pass(MINUTE, [replica]);
    expect(world.kinds().slice(0, 2)).toEqual(["busy", "triggered"]);
  });

  test("whose start returns a job between its attempts is not taken for synced by it", async () => {
    const { world, replica, airbyte } = await open();
    const old = airbyte.startForeign("one", { queued: 1, runs: SECOND, end: "failed" });
    world.clock.advance(MINUTE);
    const job = { jobId: old!.jobId, status: "running" };
    airbyte.replies.set("one", [{ effect: false, outcome: { kind: "triggered", job } }]);
    await world.event();
    await world.pass(31 * SECOND, [replica]);
    expect(await world.phase()).toBe("BUSY");
    await world.pass(5 * MINUTE, [replica]);
    expect(airbyte.startsOf("one")).toHaveLength(1);
    expect(await world.phase()).toBe("CLEAN");
  });
});

describe("a sync that doesn't succeed", () => {
  test("is asked for again when it was cancelled while queued", async () => {
    const { world, replica, airbyte } = await open({ timings: { minInterval: 0 } });
    airbyte.plans.set("one", [{ queued: 8 * HOUR, runs: 0, end: "cancelled" }]);
    await world.event();
    await world.pass(9 * HOUR, [replica], 30 * SECOND);
    const [first, second] = airbyte.startsOf("one");
    expect(second!.createdAt - first!.endsAt).toBeGreaterThanOrEqual(MINUTE);
    expect(second!.createdAt - first!.endsAt).toBeLessThan(3 * MINUTE);
    expect(world.kinds()).toEqual(["triggered", "cancelled", "triggered", "succeeded"]);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("backs off from a quarter of an hour to six hours, and is parked after eight", async () => {
    const { world, replica, airbyte } = await open();
    const bad = { queued: SECOND, runs: SECOND, end: "failed" } as const;
    airbyte.plans.set(
      "one",
      Array.from({ length: 20 }, () => bad),
    );
    await world.event();
    await world.pass(72 * HOUR, [replica], 30 * SECOND);
    const posts = airbyte.postsOf("one");
    expect(posts).toHaveLength(8);
    const waits = posts.slice(1).map((at, index) => Math.round((at - posts[index]!) / MINUTE));
    expect(waits).toEqual([16, 31, 61, 121, 241, 361, 361]);
    expect(await world.connection()).toMatchObject({
      state: {
        syncedSeq: 0,
        failedJobs: 8,
        lastError: "job 8: failed",
        phase: { name: "PARKED", reason: "poison" },
      },
    });
  });

  test("heals by anybody's success, which covers what had failed", async () => {
    const { world, replica, airbyte } = await open({ timings: { maxFailedJobs: 2 } });
    const bad = { queued: SECOND, runs: SECOND, end: "failed" } as const;
    airbyte.plans.set("one", [bad, bad]);
    await world.event();
    await world.pass(HOUR, [replica]);
    expect(await world.phase()).toBe("PARKED");
    airbyte.startForeign("one");
    await world.pass(15 * MINUTE, [replica]);
    expect(await world.phase()).toBe("CLEAN");
    expect(airbyte.startsOf("one")).toHaveLength(2);
    await world.event();
    await world.pass(5 * MINUTE, [replica]);
    expect(airbyte.startsOf("one")).toHaveLength(3);
  });

  test("is asked for at once when an operator says retry", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.plans.set("one", [{ queued: SECOND, runs: SECOND, end: "failed" }]);
    await world.event();
    await world.pass(2 * MINUTE, [replica]);
    expect(await world.phase()).toBe("BACKOFF");
    await world.store.apply("one", { type: "retry" });
    await world.pass(MINUTE, [replica]);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("that Airbyte has forgotten is asked for again", async () => {
    const { world, replica, airbyte } = await open({ timings: { failedBackoff: MINUTE, minInterval: 0 } });
    const ghost = { kind: "triggered", job: { jobId: 999, status: "queued" } } as const;
    airbyte.replies.set("one", [{ effect: false, outcome: ghost }]);
    await world.event();
    await world.pass(5 * MINUTE, [replica]);
    expect(world.kinds()).toEqual(["triggered", "failed", "triggered", "succeeded"]);
  });

  test("with a status that nobody knows yet is waited for, but not forever", async () => {
    const { world, replica, airbyte } = await open({ timings: { maxBackoff: HOUR, failedBackoff: MINUTE } });
    const odd = { kind: "triggered", job: { jobId: 1, status: "hibernating" } } as const;
    airbyte.replies.set("one", [{ effect: false, outcome: odd }]);
    const getJob = airbyte.getJob;
    airbyte.getJob = (jobId) => (airbyte.jobs.length === 0 ? Promise.resolve(odd.job) : getJob(jobId));
    await world.event();
    await world.pass(50 * MINUTE, [replica]);
    expect(await world.phase()).toBe("TRACKING");
    await world.pass(30 * MINUTE, [replica]);
    expect(await world.phase()).toBe("CLEAN");
  });
});

describe("an answer that doesn't come", () => {
  const lost = { kind: "unknown", detail: "time-out" } as const;

  test("to a start that worked leads to its job, and to no second one", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.plans.set("one", [{ queued: SECOND, runs: 5 * MINUTE, end: "succeeded" }]);
    airbyte.replies.set("one", [{ effect: true, outcome: lost }]);
    await world.event();
    await world.pass(20 * MINUTE, [replica]);
    expect(airbyte.posts).toHaveLength(1);
    expect(world.kinds()).toEqual(["error", "adopted", "succeeded"]);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("to a start that worked and has ended by now needs nothing more", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.plans.set("one", [{ queued: 1, runs: SECOND, end: "succeeded" }]);
    airbyte.replies.set("one", [{ effect: true, outcome: lost }]);
    await world.event();
    await world.pass(20 * MINUTE, [replica]);
    expect(airbyte.posts).toHaveLength(1);
    expect(world.kinds()).toEqual(["error", "covered"]);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("to a start that worked and has failed by now counts as a failure", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.plans.set("one", [{ queued: 1, runs: SECOND, end: "failed" }]);
    airbyte.replies.set("one", [{ effect: true, outcome: lost }]);
    await world.event();
    await world.pass(2 * MINUTE, [replica]);
    expect(world.kinds()).toEqual(["error", "failed"]);
    expect(await world.connection()).toMatchObject({ state: { failedJobs: 1, phase: { name: "BACKOFF" } } });
  });

  test("to a start that did not work is not a success", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.replies.set("one", [
      { effect: false, outcome: lost },
      { effect: false, outcome: lost },
    ]);
    await world.event();
    await world.pass(5 * MINUTE, [replica]);
    expect(airbyte.postsOf("one")).toHaveLength(3);
    expect(airbyte.startsOf("one")).toHaveLength(1);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("while a job is followed changes nothing", async () => {
    const { world, replica, airbyte } = await open();
    await world.event();
    await world.pass(31 * SECOND, [replica]);
    airbyte.down.add("one");
    await world.pass(HOUR, [replica]);
    expect(await world.phase()).toBe("TRACKING");
    airbyte.down.clear();
    await world.pass(10 * MINUTE, [replica]);
    expect(airbyte.posts).toHaveLength(1);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("for an hour is followed by a sync within minutes after Airbyte is back", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.down.add("one");
    await world.event();
    await world.pass(HOUR, [replica]);
    expect(airbyte.requests).toBeLessThan(20);
    airbyte.down.clear();
    await world.pass(6 * MINUTE, [replica]);
    expect(await world.phase()).toBe("CLEAN");
  });
});

describe("a connection that can't run", () => {
  test.each(["inactive", "locked"])(
    "because it is %s is parked, rechecked, and goes on where it was",
    async (status) => {
      const { world, replica, airbyte } = await open();
      airbyte.statuses.set("one", status);
      await world.event();
      await world.pass(HOUR, [replica]);
      expect(await world.connection()).toMatchObject({
        state: { phase: { name: "PARKED", reason: status } },
      });
      expect(airbyte.posts).toHaveLength(1);
      expect(world.kinds()).toEqual(["parked"]);
      airbyte.statuses.clear();
      await world.pass(12 * MINUTE, [replica]);
      expect(await world.phase()).toBe("CLEAN");
    },
  );

  test("because it is deleted is parked when Airbyte denies it twice, a minute apart", async () => {
    const { world, replica, airbyte, start } = await open();
    airbyte.statuses.set("one", "unknown");
    await world.event();
    await world.pass(89 * SECOND, [replica]);
    expect(await world.phase()).toBe("BACKOFF");
    await world.pass(HOUR, [replica]);
    expect(airbyte.postsOf("one").map((at) => at - start)).toEqual([30 * SECOND, 90 * SECOND]);
    expect(await world.connection()).toMatchObject({ state: { syncedSeq: 0, phase: { reason: "gone" } } });
  });

  test("that was denied once by mistake is not parked", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.replies.set("one", [{ effect: false, outcome: { kind: "gone" } }]);
    await world.event();
    await world.pass(5 * MINUTE, [replica]);
    expect(await world.phase()).toBe("CLEAN");
    expect(await world.connection()).toMatchObject({ state: { missingSince: null } });
  });

  test.each(["forbidden", "invalid"] as const)(
    "because the request is %s is parked with the reason",
    async (kind) => {
      const { world, replica, airbyte } = await open();
      airbyte.replies.set("one", [{ effect: false, outcome: { kind, detail: "no role on the workspace" } }]);
      await world.event();
      await world.pass(MINUTE, [replica]);
      expect(await world.connection()).toMatchObject({
        state: { phase: { name: "PARKED", reason: kind }, lastError: "no role on the workspace" },
      });
      await world.pass(12 * MINUTE, [replica]);
      expect(await world.phase()).toBe("CLEAN");
    },
  );

  test("for a conflict without a reason is tried again", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.replies.set("one", [{ effect: false, outcome: { kind: "conflict" } }]);
    await world.event();
    await world.pass(5 * MINUTE, [replica]);
    expect(world.kinds()).toEqual(["error", "triggered", "succeeded"]);
  });

  test("because it is held by hand waits for the hand, in the middle of a sync too", async () => {
    const { world, replica, airbyte } = await open();
    await world.event();
    await world.pass(35 * SECOND, [replica]);
    expect(await world.phase()).toBe("TRACKING");
    await world.store.apply("one", { type: "park" });
    await world.pass(24 * HOUR, [replica], 10 * SECOND);
    expect(await world.phase()).toBe("PARKED");
    await world.store.apply("one", { type: "unpark" });
    await world.pass(MINUTE, [replica]);
    // The sync that ran when it was parked has covered the event.
    expect(airbyte.posts).toHaveLength(1);
    expect(await world.phase()).toBe("CLEAN");
  });
});

describe("connections don't wait for each other", () => {
  test("when one gets no answer, another is synced as if it were alone", async () => {
    const { world, replica, airbyte, start } = await open({
      connections: { a: ["one", "bad"], b: ["other"] },
    });
    airbyte.down.add("bad");
    await world.event("a");
    await world.event("b");
    await world.pass(10 * MINUTE, [replica]);
    expect(airbyte.postsOf("one")).toEqual([start + 30 * SECOND]);
    expect(airbyte.postsOf("other")).toEqual([start + 30 * SECOND]);
    expect(await world.phase("bad")).toBe("BACKOFF");
  });

  test("but all pause when Airbyte asks for fewer requests", async () => {
    const { world, replica, airbyte } = await open({ connections: { a: ["one"], b: ["other"] } });
    airbyte.replies.set("one", [{ effect: false, outcome: { kind: "throttled", untilMs: 0 } }]);
    await world.event("a");
    world.clock.advance(SECOND);
    await world.event("b");
    await world.pass(40 * SECOND, [replica]);
    const { requests } = airbyte;
    await world.pass(40 * SECOND, [replica]);
    expect(airbyte.requests).toBe(requests);
    await world.pass(5 * MINUTE, [replica]);
    expect(await world.phase("one")).toBe("CLEAN");
    expect(await world.phase("other")).toBe("CLEAN");
  });

  test("and the pause is as long as Airbyte asks, though the clock of this machine is an hour fast", async () => {
    const { world, airbyte } = await open({ connections: { a: ["one"], b: ["other"] } });
    const fast = { now: () => world.clock.now() + HOUR, sleep: world.clock.sleep };
    const replica = world.replica("fast", { clock: fast });
    airbyte.replies.set("one", [
      { effect: false, outcome: { kind: "throttled", untilMs: fast.now() + 31 * SECOND + 10 * MINUTE } },
    ]);
    await world.event("a");
    await world.pass(31 * SECOND, [replica]);
    const left = (await world.store.pausedUntil()) - world.clock.now();
    expect(left).toBeLessThanOrEqual(10 * MINUTE + SECOND);
    expect(left).toBeGreaterThan(9 * MINUTE);
  });

  test("and wrong credentials park nothing", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.replies.set("one", [
      { effect: false, outcome: { kind: "unauthorized", detail: "wrong secret" } },
    ]);
    await world.event();
    await world.pass(31 * SECOND, [replica]);
    expect(world.kinds()).toEqual(["unauthorized"]);
    await world.pass(5 * MINUTE, [replica]);
    expect(await world.phase()).toBe("CLEAN");
  });
});

describe("a replica that dies", () => {
  test("is replaced when its lease has run out, and its start is not repeated", async () => {
    const { world, airbyte } = await open();
    const store = Object.create(world.store, {
      apply: {
        value: async (...args: Parameters<typeof world.store.apply>) => {
          if (args[1].type === "started") throw new Error("killed");
          return await world.store.apply(...args);
        },
      },
      take: { value: world.store.take.bind(world.store) },
      acquireSlot: { value: world.store.acquireSlot.bind(world.store) },
      releaseSlot: { value: () => Promise.resolve() },
    }) as typeof world.store;
    const dying = world.replica("dying", { store });
    await world.event();
    world.clock.advance(30 * SECOND);
    await expect(dying.workOnce()).rejects.toThrow("killed");
    expect(airbyte.posts).toHaveLength(1);
    const survivor = world.replica("survivor");
    await world.pass(119 * SECOND, [survivor]);
    expect(await world.phase()).toBe("CLAIMED");
    await world.pass(2 * SECOND, [survivor]);
    expect(airbyte.posts).toHaveLength(1);
    expect(world.kinds()).toEqual(["covered"]);
    expect(await world.phase()).toBe("CLEAN");
  });

  test("leaves jobs that any other follows to their end", async () => {
    const { world, replica, airbyte } = await open();
    await world.event();
    await world.pass(31 * SECOND, [replica]);
    await world.pass(5 * MINUTE, [world.replica("survivor")]);
    expect(airbyte.posts).toHaveLength(1);
    expect(await world.phase()).toBe("CLEAN");
  });
});

describe("a request by hand", () => {
  test("during the back-off after a failed sync starts one sync at once, and waits again when it fails, too", async () => {
    const { world, replica, airbyte } = await open();
    const failing = { queued: 1000, runs: 5000, end: "failed" } as const;
    airbyte.plans.set("one", [failing, failing]);
    await world.event();
    await world.pass(2 * MINUTE, [replica]);
    expect(await world.phase()).toBe("BACKOFF");
    await world.store.requestSync("a");
    await world.pass(MINUTE, [replica]);
    expect(airbyte.startsOf("one")).toHaveLength(2);
    const { state } = await world.connection();
    expect(state).toMatchObject({ phase: { name: "BACKOFF" }, failedSeq: 2, syncedSeq: 0 });
    await world.pass(10 * MINUTE, [replica]);
    expect(airbyte.startsOf("one")).toHaveLength(2);
  });

  test("while a sync runs that began before it and fails has the next one start at once", async () => {
    const { world, replica, airbyte } = await open();
    airbyte.plans.set("one", [{ queued: 1000, runs: 60_000, end: "failed" }]);
    await world.event();
    await world.pass(50 * SECOND, [replica]);
    expect(await world.phase()).toBe("TRACKING");
    const seq = await world.store.requestSync("a");
    await world.pass(3 * MINUTE, [replica]);
    const { state } = await world.connection();
    expect(state).toMatchObject({ syncedSeq: seq, failedSeq: 1 });
  });
});

test("a notification that comes while its job is being looked at is not overwritten by what was seen", async () => {
  const { world, airbyte } = await open({ timings: { jobPoll: HOUR } });
  const replica = world.replica("replica");
  await world.event();
  await world.pass(40 * SECOND, [replica]);
  const [job] = airbyte.jobs;
  world.clock.advance(10 * SECOND);
  await world.store.apply("one", { type: "hint" });
  const { getJob } = airbyte;
  airbyte.getJob = async (id) => {
    const seen = await getJob(id);
    // It ends now, and Airbyte says so before this answer is here.
    world.clock.advance((job?.endsAt ?? 0) - world.clock.now());
    await world.store.apply("one", { type: "hint" });
    return seen;
  };
  expect(await replica.workOnce()).toBe(true);
  airbyte.getJob = getJob;
  await world.pass(SECOND, [replica]);
  expect((await world.connection()).state.syncedSeq).toBe(1);
});

test("a read that takes longer than the lease is given up, so that nobody asks beside another", async () => {
  const { world, airbyte } = await open();
  const replica = world.replica("replica");
  await world.event();
  world.clock.advance(31 * SECOND);
  airbyte.latestSyncJob = (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
  const work = replica.workOnce();
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  world.clock.advance(world.timings.lease);
  expect(await work).toBe(true);
  const { state } = await world.connection();
  expect(state).toMatchObject({
    phase: { name: "BACKOFF" },
    lastError: "Airbyte had not answered when its lease ended",
  });
});
