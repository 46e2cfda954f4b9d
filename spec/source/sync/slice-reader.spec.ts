import { setImmediate } from "node:timers/promises";

import { afterEach, expect, test } from "@jest/globals";

import { conversations } from "../../../src/dixa/streams/conversations.ts";
import { RecordOutput } from "../../../src/source/output/record-output.ts";
import { StdoutWriter } from "../../../src/source/output/stdout-writer.ts";
import { RowBudget } from "../../../src/source/sync/row-budget.ts";
import { type Slice, SlicePlanner } from "../../../src/source/sync/slice-planner.ts";
import { SliceReader } from "../../../src/source/sync/slice-reader.ts";
import { dixaOf } from "../../support/dixa.ts";
import { Loopback } from "../../support/loopback.ts";
import { withManualTimers } from "../../support/manual-timers.ts";
import { KeepingSink } from "../../support/sinks.ts";
import { SkippingClock } from "../../support/skipping-clock.ts";

const DAY = 86_400_000;
const LO = Date.UTC(2025, 0, 1);
const SLICE = { lo: LO, hi: LO + 20 * DAY };
const SLOW_MS = 150;

let server: Loopback;

afterEach(async () => {
  await server.close();
});

/** Reads one slice of conversations from what the server says. */
async function read(drained: () => Promise<void> | undefined): Promise<Slice[]> {
  const { origin } = server.url;
  const clock = new SkippingClock(LO + 100 * DAY);
  const dixa = dixaOf({ exportsUrl: origin, apiUrl: origin, clock });
  const finished: Slice[] = [];
  const writer = new StdoutWriter(new KeepingSink());
  const shared = { writer, stream: conversations.name, namespace: undefined, rewriter: undefined };
  const reader = new SliceReader({
    dixa,
    stream: conversations,
    planner: new SlicePlanner({ start: SLICE.lo, end: SLICE.hi, maxWidth: 20 * DAY, done: [] }),
    output: new RecordOutput({ ...shared, now: clock.now.bind(clock) }),
    drained,
    report: {
      requested: () => undefined,
      waiting: () => undefined,
      warned: () => undefined,
      finished: (window) => finished.push(window),
    },
    clock,
    now: clock.now(),
    tuning: { slowWindowMs: SLOW_MS, mostRows: 1000 },
    budget: new RowBudget(1000),
  });
  try {
    await reader.read(SLICE, new AbortController().signal);
    return finished;
  } finally {
    dixa.close();
  }
}

test("the time that a slow destination takes does not divide a window", async () => {
  const drained = Promise.withResolvers<undefined>();
  server = await Loopback.start((_, response) => {
    response.write(`[{"id":1,"updated_at":${LO}}`);
    // Once the destination has begun to make the reader wait.
    void drained.promise.then(() => response.end("]"));
  });
  await withManualTimers(async (pass) => {
    const slowly = async () => {
      await setImmediate();
      pass(2 * SLOW_MS);
      drained.resolve(undefined);
    };
    expect(await read(slowly)).toEqual([SLICE]);
  });
  expect(server.requests).toHaveLength(1);
});

test("the time that Dixa takes does", async () => {
  await withManualTimers(async (pass) => {
    server = await Loopback.start((_, response) => {
      response.write("[");
      if (server.requests.length === 1) pass(2 * SLOW_MS);
      else response.end("]");
    });
    expect(await read(() => undefined)).toHaveLength(2);
  });
});
