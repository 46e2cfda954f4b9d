import { afterEach, describe, expect, test } from "@jest/globals";

import { type StartReply } from "../../../src/relay/coalescer/airbyte.ts";
import { memoryDatabase } from "../store/sqlite-database.ts";
import { LIMITS, RelayWorld, type WorldOptions } from "../support/relay-world.ts";

let world: RelayWorld;
afterEach(async () => {
  await world.store.close();
});

async function open(options?: WorldOptions) {
  world = await RelayWorld.create(memoryDatabase(), options);
}

/** Lets everything run that doesn't wait for the clock. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** An Airbyte that answers POST /jobs when told to, unless the request is abandoned. */
function holdStarts(): ((outcome: StartReply) => void)[] {
  const held: ((outcome: StartReply) => void)[] = [];
  world.airbyte.startSync = (_, signal?: AbortSignal) =>
    new Promise((resolve, reject) => {
      held.push(resolve);
      signal?.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
  return held;
}

async function dueSoon(): Promise<void> {
  await world.event();
  world.clock.advance(30_000);
}

/** A replica whose first request for a sync is due, and held. */
async function startedWithDueSync() {
  await open();
  const starts = holdStarts();
  await dueSoon();
  const replica = world.replica("r");
  replica.start();
  await settle();
  return { starts, replica };
}

describe("the dispatcher's loop", () => {
  test("looks every tick, and at once when woken", async () => {
    await open({ timings: { settleDelay: 0 } });
    const replica = world.replica("r");
    replica.start();
    await settle();
    await world.store.requestSync("a");
    await settle();
    expect(world.airbyte.posts).toHaveLength(0);
    replica.wake();
    await settle();
    expect(world.airbyte.posts).toHaveLength(1);
    world.clock.advance(30_000);
    await settle();
    expect(await world.phase()).toBe("CLEAN");
    await replica.stop(1000);
  });

  test("stops after the request in flight has been answered", async () => {
    const { starts, replica } = await startedWithDueSync();
    expect(starts).toHaveLength(1);
    let isOver = false;
    const stopped = replica.stop(95_000).then(() => (isOver = true));
    await settle();
    expect(isOver).toBe(false);
    starts[0]!({ kind: "triggered", job: { jobId: 1, status: "queued" } });
    await stopped;
    expect(await world.phase()).toBe("TRACKING");
  });

  test("abandons what is not answered in time, so that others take over at once", async () => {
    const { starts, replica } = await startedWithDueSync();
    const stopped = replica.stop(95_000);
    await settle();
    world.clock.advance(95_000);
    await stopped;
    expect(starts).toHaveLength(1);
    expect(await world.connection()).toMatchObject({ state: { phase: { name: "BACKOFF" }, claim: null } });
    expect(world.errors).toEqual([]);
    // Its place is free, too.
    expect(await world.store.acquireSlot("other", { ...LIMITS, concurrency: 1 })).toBeDefined();
  });

  test("never has more requests in flight than allowed, over all replicas", async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `c${index}`);
    await open({ connections: { a: ids } });
    const starts = holdStarts();
    await dueSoon();
    const replicas = ["r1", "r2", "r3"].map((owner) => world.replica(owner));
    for (const replica of replicas) replica.start();
    let most = 0;
    for (let done = 0; done < ids.length; done++) {
      while (starts.length <= done) {
        world.clock.advance(1000);
        await settle();
      }
      most = Math.max(most, starts.length - done);
      starts[done]!({ kind: "triggered", job: { jobId: done + 1, status: "queued" } });
      await settle();
    }
    expect(most).toBe(LIMITS.concurrency);
    await Promise.all(replicas.map((replica) => replica.stop(1000)));
  });

  test("goes on when the store fails for a while", async () => {
    await open();
    await dueSoon();
    const { store } = world;
    let isBroken = true;
    const replica = world.replica("r", {
      store: {
        take: (...args) => (isBroken ? Promise.reject(new Error("no database")) : store.take(...args)),
        apply: (...args) => store.apply(...args),
        acquireSlot: (...args) => store.acquireSlot(...args),
        releaseSlot: (...args) => store.releaseSlot(...args),
      },
    });
    replica.start();
    await settle();
    expect(world.errors).not.toEqual([]);
    isBroken = false;
    world.clock.advance(1000);
    await settle();
    expect(world.airbyte.posts).toHaveLength(1);
    await replica.stop(1000);
  });
});
