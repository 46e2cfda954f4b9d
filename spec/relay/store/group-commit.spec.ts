import { describe, expect, test } from "@jest/globals";

import { GroupCommit } from "../../../src/relay/store/group-commit.ts";
import { type Acceptance, type WebhookEvent } from "../../../src/relay/store/store.ts";
import { webhookEvent } from "../support/events.ts";

/** A store whose commits end when the test says so. */
class HeldStore {
  readonly batches: { ids: string[]; done: (error?: Error) => void }[] = [];

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
const event = (id: string) => webhookEvent("a", id, 0);

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
});
