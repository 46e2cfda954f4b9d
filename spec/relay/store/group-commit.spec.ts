import { describe, expect, test } from "@jest/globals";

import { type Acceptance, type WebhookEvent } from "../../../src/relay/store/event.ts";
import { GroupCommit } from "../../../src/relay/store/group-commit.ts";
import { webhookEvent } from "../support/events.ts";

/** A store whose commits end when the test says so. */
class HeldStore {
  readonly batches: { ids: string[]; done: (error?: Error) => void }[] = [];
  pings = 0;

  ping = (): Promise<void> => {
    this.pings++;
    return Promise.resolve();
  };

  accept = (events: readonly WebhookEvent[]): Promise<Acceptance[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<Acceptance[]>();
    const done = (error?: Error) => {
      if (error !== undefined) reject(error);
      else resolve(events.map(({ eventId }) => (eventId.startsWith("old") ? "duplicate" : "new")));
    };
    this.batches.push({ ids: events.map(({ eventId }) => eventId), done });
    return promise;
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const event = (id: string) => webhookEvent("a", id);

describe("a group commit", () => {
  test("makes one transaction of the events of one turn, and gives each its own answer", async () => {
    const store = new HeldStore();
    const commit = new GroupCommit({ store });
    const answers = Promise.all(["1", "old", "2"].map((id) => commit.accept(event(id))));
    await turn();
    expect(store.batches.map(({ ids }) => ids)).toEqual([["1", "old", "2"]]);
    store.batches[0]!.done();
    expect(await answers).toEqual(["new", "duplicate", "new"]);
  });

  test("resolves nothing before the commit, and gathers meanwhile what comes", async () => {
    const store = new HeldStore();
    const commit = new GroupCommit({ store });
    let isDone = false;
    const first = commit.accept(event("1")).then(() => (isDone = true));
    await turn();
    const rest = ["2", "3", "4"].map((id) => commit.accept(event(id)));
    await turn();
    expect(isDone).toBe(false);
    expect(store.batches).toHaveLength(1);
    store.batches[0]!.done();
    await first;
    await turn();
    await turn();
    expect(store.batches[1]!.ids).toEqual(["2", "3", "4"]);
    store.batches[1]!.done();
    await Promise.all(rest);
  });

  test("keeps as many transactions in flight as allowed, and batches as small as allowed", async () => {
    const store = new HeldStore();
    const commit = new GroupCommit({ store, maxInFlight: 2, maxBatch: 2 });
    const all = ["1", "2", "3", "4", "5"].map((id) => commit.accept(event(id)));
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(store.batches.map(({ ids }) => ids)).toEqual([
      ["1", "2"],
      ["3", "4"],
    ]);
    store.batches[1]!.done();
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(store.batches[2]!.ids).toEqual(["5"]);
    store.batches[0]!.done();
    store.batches[2]!.done();
    await Promise.all(all);
  });

  test("tells every event of a failed transaction, and goes on", async () => {
    const store = new HeldStore();
    const commit = new GroupCommit({ store });
    const failed = Promise.allSettled(["1", "2"].map((id) => commit.accept(event(id))));
    await turn();
    store.batches[0]!.done(new Error("disk full"));
    expect((await failed).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const next = commit.accept(event("3"));
    await turn();
    await turn();
    store.batches[1]!.done();
    expect(await next).toBe("new");
  });

  test("refuses what it can't hold, and only that", async () => {
    const store = new HeldStore();
    const commit = new GroupCommit({ store, maxPending: 2 });
    const kept = [commit.accept(event("1")), commit.accept(event("2"))];
    await expect(commit.accept(event("3"))).rejects.toMatchObject({ code: "ERR_OVERLOADED" });
    await turn();
    store.batches[0]!.done();
    expect(await Promise.all(kept)).toEqual(["new", "new"]);
  });

  test("finds out by the next events whether one would be kept, and by a rehearsal when there are none", async () => {
    const store = new HeldStore();
    const commit = new GroupCommit({ store });
    await commit.probe();
    expect(store.pings).toBe(1);
    const probed = Promise.all([commit.probe(), commit.accept(event("1"))]);
    await turn();
    store.batches[0]!.done(new Error("full"));
    await expect(probed).rejects.toThrow("full");
    expect(store.pings).toBe(1);
  });

  test("hangs while the commits before it hang", async () => {
    const store = new HeldStore();
    const commit = new GroupCommit({ store });
    const first = commit.accept(event("1"));
    await turn();
    let isKnown = false;
    const probed = commit.probe().then(() => (isKnown = true));
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(isKnown).toBe(false);
    store.batches[0]!.done();
    await Promise.all([first, probed]);
  });
});

describe("a credential that another transaction holds", () => {
  /** A store in which credentials can be locked. */
  class LockingStore {
    readonly locked = new Set<string>();
    readonly asked: { ids: string[]; waitForLocks: boolean | undefined }[] = [];

    ping = () => Promise.resolve();

    accept = (events: readonly WebhookEvent[], options?: { waitForLocks?: boolean }) => {
      this.asked.push({ ids: events.map(({ eventId }) => eventId), waitForLocks: options?.waitForLocks });
      return Promise.resolve(
        events.map(({ credentialId }) => (this.locked.has(credentialId) ? "locked" : "new")),
      );
    };
  }

  test("keeps only its own events waiting, also those that come meanwhile, until it is free", async () => {
    const store = new LockingStore();
    store.locked.add("a");
    const commit = new GroupCommit({ store });
    let isDone = false;
    const held = commit.accept(webhookEvent("a", "a1")).then(() => (isDone = true));
    expect(await commit.accept(webhookEvent("b", "b1"))).toBe("new");
    const second = commit.accept(webhookEvent("a", "a2"));
    expect(await commit.accept(webhookEvent("b", "b2"))).toBe("new");
    expect(store.asked.filter(({ waitForLocks }) => waitForLocks === true)).toEqual([
      { ids: ["a1", "b1"], waitForLocks: true },
      { ids: ["b2"], waitForLocks: true },
    ]);
    expect(isDone).toBe(false);
    store.locked.clear();
    expect(await second).toBe("new");
    await held;
    // From here on it is one among the others again.
    expect(await commit.accept(webhookEvent("a", "a3"))).toBe("new");
    expect(store.asked.at(-1)).toEqual({ ids: ["a3"], waitForLocks: true });
  });

  test("that is not let go makes its events unavailable in good time, and no others", async () => {
    const store = new LockingStore();
    store.locked.add("a");
    const commit = new GroupCommit({ store, lockPatience: 120 });
    const held = commit.accept(webhookEvent("a", "a1"));
    expect(await commit.accept(webhookEvent("b", "b1"))).toBe("new");
    await expect(held).rejects.toMatchObject({ code: "ERR_STORE_UNAVAILABLE" });
  });
});
