import { afterEach, expect, test } from "@jest/globals";

import { type DixaSimulator, type Fault, startDixaSimulator } from "../simulators/dixa/index.ts";
import { hurriedClock } from "../support/hurried-clock.ts";
import { statesOf, statusesOf } from "../support/messages.ts";
import { runSync } from "../support/sync-run.ts";
import { STREAMS } from "../support/truth.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2025, 0, 1);
const END = Date.UTC(2025, 1, 1);

let simulator: DixaSimulator;

afterEach(async () => {
  await simulator.close();
});

/** A connector whose clock is three hours ahead of Dixa's. */
async function syncAhead(decide: (host: string, path: string) => Fault | undefined) {
  const clock = hurriedClock(END + 3 * HOUR);
  const dixaNow = () => clock.now() - 3 * HOUR;
  simulator = await startDixaSimulator({
    span: { lo: START, hi: END },
    conversations: 300,
    limits: false,
    now: dixaNow,
  });
  simulator.faults.set({ decide: ({ host, path }) => decide(host, path) });
  const config = { ...simulator.config({ lookback_minutes: 0 }), start_date: "2025-01-01" };
  return { ...(await runSync({ config, clock })), dixaNow };
}

test.each(["429", "503", "401"] as const)(
  "a clock that runs ahead skips nothing when Dixa goes on answering %s to the first question",
  async (fault) => {
    const { messages, failures, dixaNow } = await syncAhead((_, path) =>
      path === "/v1/organization" ? fault : undefined,
    );
    expect(failures).toEqual([]);
    const cursor = Number(statesOf(messages, "conversations").at(-1)?.stream?.stream_state?.["updated_at"]);
    expect(cursor).toBeGreaterThan(END - 60_000);
    expect(cursor).toBeLessThanOrEqual(dixaNow());
  },
);

test("and none when the Dixa API can't be reached: the Exports API tells the time", async () => {
  const { messages, failures, dixaNow } = await syncAhead((host) => (host === "api" ? "reset" : undefined));
  expect(failures.map(({ stream }) => stream.name)).toEqual(["activity_logs"]);
  const cursor = Number(statesOf(messages, "messages").at(-1)?.stream?.stream_state?.["created_at"]);
  expect(cursor).toBeLessThanOrEqual(dixaNow());
});

test("no stream reads up to a time that nobody has told", async () => {
  const { messages, failures } = await syncAhead(() => "reset");
  expect(failures.map(({ error }) => error.failureType)).toEqual(STREAMS.map(() => "transient_error"));
  for (const stream of STREAMS) {
    expect(statusesOf(messages, stream)).toEqual(["STARTED", "INCOMPLETE"]);
    expect(statesOf(messages, stream)).toEqual([]);
  }
  expect(failures[0]?.error.message).toMatch(/^Dixa does not say what time it is/);
});
