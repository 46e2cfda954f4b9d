import { describe, expect, test } from "@jest/globals";

import { AirbyteApi } from "../../src/airbyte/api/client.ts";
import { systemClock } from "../../src/http/clock.ts";
import { type AirbyteJobs } from "../../src/relay/coalescer/airbyte.ts";
import { DEFAULT_TIMINGS } from "../../src/relay/coalescer/timings.ts";
import { type AirbyteDirectory } from "../../src/relay/dispatch/airbyte-directory.ts";
import { repeat } from "../../src/relay/dispatch/repeat.ts";
import { SharedRateBudget } from "../../src/relay/dispatch/shared-rate-budget.ts";
import { openStore } from "../../src/relay/store/open.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { LIMITS } from "./support/relay-world.ts";

const settle = async () => {
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
};

describe("the client of Airbyte's API", () => {
  test("is what the dispatcher and the mapping ask for", () => {
    const api = new AirbyteApi({
      url: "http://127.0.0.1:1/v1",
      auth: { mode: "none" },
      clock: systemClock,
      userAgent: "test",
    });
    const jobs: AirbyteJobs = api;
    const directory: AirbyteDirectory = api;
    expect(jobs).toBe(directory);
    api.close();
  });
});

describe("the shared rate budget", () => {
  async function open() {
    const clock = new ManualClock();
    const store = await openStore(":memory:", { clock, timingsOf: () => DEFAULT_TIMINGS });
    const errors: unknown[] = [];
    const limits = { ...LIMITS, perSecond: 1, burst: 1 };
    const create = () =>
      new SharedRateBudget({ store, limits, clock, onError: (error) => errors.push(error) });
    return { clock, store, errors, create };
  }

  test("makes the second of two replicas wait, and tells for how long", async () => {
    const { clock, store, create } = await open();
    await create().take();
    const waits: number[] = [];
    let isFree = false;
    const second = create()
      .take(undefined, (until) => waits.push(until - clock.now()))
      .then(() => (isFree = true));
    await settle();
    expect(waits).toEqual([1000]);
    expect(isFree).toBe(false);
    clock.advance(1000);
    await second;
    await store.close();
  });

  test("holds all replicas back during a pause, and lets an aborted waiter go", async () => {
    const { clock, store, create, errors } = await open();
    create().pauseUntil(clock.now() + 60_000.5);
    await settle();
    const controller = new AbortController();
    const waiting = create().take(controller.signal);
    await settle();
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    const other = create().take();
    clock.advance(60_001);
    await other;
    expect(errors).toEqual([]);
    await store.close();
  });
});

describe("a repeated task", () => {
  test("runs at once and then again and again, sooner after a failure, until it is stopped", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const runs: number[] = [];
    const start = clock.now();
    const errors: unknown[] = [];
    const work = () => {
      runs.push((clock.now() - start) / 1000);
      return runs.length === 2 || runs.length === 3 ? Promise.reject(new Error("no")) : Promise.resolve();
    };
    const options = {
      clock,
      every: 60_000,
      retryAfter: 5000,
      onError: (error: unknown) => errors.push(error),
    };
    const over = repeat(work, stop.signal, options);
    for (let seconds = 0; seconds < 200; seconds++) {
      await settle();
      clock.advance(1000);
    }
    stop.abort();
    await over;
    expect(runs).toEqual([0, 60, 65, 75, 135, 195]);
    expect(errors).toHaveLength(2);
  });
});
