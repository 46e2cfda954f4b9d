import { DatabaseSync, StatementSync } from "node:sqlite";

import { afterEach, expect, jest, test } from "@jest/globals";

import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { openStore } from "../../../src/relay/store/open.ts";
import { type Store } from "../../../src/relay/store/store.ts";
import { webhookEvent } from "../support/events.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { info } from "./suite.ts";

afterEach(() => {
  jest.restoreAllMocks();
});

/** What SQLite does for each statement that is prepared while the work goes on: its loops, the outermost first. */
async function loopsDuring(work: (store: Store) => Promise<unknown>): Promise<Map<string, string[]>> {
  const spy = jest.spyOn(DatabaseSync.prototype, "prepare");
  const store = await openStore(":memory:", { clock: new ManualClock(), timingsOf: () => DEFAULT_TIMINGS });
  try {
    await work(store);
    const database = spy.mock.contexts[0] as DatabaseSync;
    const texts = spy.mock.calls
      .map(([text]) => text)
      .filter((text) => /^\s*(SELECT|UPDATE|DELETE|INSERT|WITH)/.test(text));
    spy.mockRestore();
    return new Map(
      texts.map((text) => [
        text,
        database
          .prepare(`EXPLAIN QUERY PLAN ${text}`)
          .all()
          .filter(({ parent, detail }) => parent === 0 && /^(SCAN|SEARCH) /.test(String(detail)))
          .map(({ detail }) => String(detail)),
      ]),
    );
  } finally {
    await store.close();
  }
}

test("no statement goes through the list that it is given anew for each row of a table", async () => {
  const loops = await loopsDuring(async (store) => {
    await store.ensureCredentials(["a", "b"]);
    await store.upsertConnections("a", [info("one"), info("two")], "sync");
    await store.accept([webhookEvent("a", "e1"), webhookEvent("b", "e1")]);
    await store.take("r", 1);
    await store.beat(["a", "b"], 30_000);
    await store.owe([{ credentialId: "a", reason: "refused", agoMs: 0 }]);
    await store.oweStale(new Map([["b", 1000]]));
    await store.subscriptionsDue(["a"], 1000);
    await store.connectionPage("a", { limit: 1, offset: 0 });
    await store.syncProgress("a", 1, 10);
    await store.recentActivity(["one", "two"], 8);
    await store.lastJobs(["one", "two"]);
    await store.credentialSummaries();
  });
  expect(loops.size).toBeGreaterThan(20);
  for (const [text, [, ...inner]] of loops) {
    expect({ text, inner }).toEqual({
      text,
      inner: inner.map(() => expect.not.stringMatching(/^SCAN json_each/)),
    });
  }
});

const ids = (count: number) => Array.from({ length: count }, (_, index) => `k0-${index}`);

/** How many statements run while the work goes on. */
async function countDuring(work: () => Promise<unknown>): Promise<number> {
  const spy = jest.spyOn(StatementSync.prototype, "all");
  await work();
  const { length } = spy.mock.calls;
  spy.mockRestore();
  return length;
}

async function storeWith(credentials: number, connections: number): Promise<Store> {
  const store = await openStore(":memory:", { clock: new ManualClock(), timingsOf: () => DEFAULT_TIMINGS });
  for (let index = 0; index < credentials; index++) {
    const id = `k${index}`;
    const infos = Array.from({ length: connections }, (_, number) => info(`${id}-${number}`));
    await store.upsertConnections(id, infos, "ignore");
    await store.accept([webhookEvent(id, "e1")]);
  }
  await store.take("r", 1);
  return store;
}

test.each<[string, (store: Store) => Promise<unknown>]>([
  ["the metrics and the lists of credentials", (store) => store.credentialSummaries()],
  ["a page of connections", (store) => store.connectionPage("k0", { limit: 100, offset: 0 })],
  ["how far a request has come", (store) => store.syncProgress("k0", 1, 100)],
  ["what happened lately", (store) => store.recentActivity(ids(8), 8)],
  ["the last jobs", (store) => store.lastJobs(ids(8))],
])("%s cost the same statements, however many accounts there are", async (_, work) => {
  const counts: number[] = [];
  for (const [credentials, connections] of [
    [1, 1],
    [40, 8],
  ] as const) {
    const store = await storeWith(credentials, connections);
    counts.push(await countDuring(() => work(store)));
    await store.close();
  }
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts[1]).toBe(counts[0]);
});

test("connections that are found for the first time cost the same statements, however many they are", async () => {
  const counts: number[] = [];
  for (const connections of [1, 40]) {
    const store = await storeWith(1, 0);
    const infos = Array.from({ length: connections }, (_, number) => info(`new-${number}`));
    counts.push(await countDuring(() => store.upsertConnections("k0", infos, "sync")));
    await store.close();
  }
  expect(counts[1]).toBe(counts[0]);
});

test("a batch of events costs the same statements, however many accounts they are of", async () => {
  const counts: number[] = [];
  const store = await storeWith(40, 1);
  for (const accounts of [1, 40]) {
    const events = Array.from({ length: accounts }, (_, index) =>
      webhookEvent(`k${index}`, `of ${accounts}`),
    );
    counts.push(await countDuring(() => store.accept(events)));
  }
  await store.close();
  expect(counts[1]).toBe(counts[0]);
});
