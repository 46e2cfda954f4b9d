import { expect, test } from "@jest/globals";

import { RelayUnreachableError } from "../../../src/relay/commands/relay-client.ts";
import { sync, type SyncOptions } from "../../../src/relay/commands/sync.ts";
import { type ConnectionView } from "../../../src/relay/http/schemas.ts";
import { outcomeOf } from "../../../src/relay/http/sync-outcome.ts";
import { type SyncView } from "../../../src/relay/http/sync-schemas.ts";

const SECOND = 1000;

function view(more: Partial<ConnectionView> = {}): ConnectionView {
  return {
    connection_id: "c1",
    credential_id: "k1",
    name: "Dixa → Snowflake",
    workspace_id: "w1",
    source_name: "Dixa",
    airbyte_status: "active",
    url: null,
    state: "pending",
    state_text: "due now",
    seq: 5,
    synced_seq: 4,
    pending_events: 1,
    pending_since: null,
    park_reason: null,
    failed_jobs: 0,
    failed_seq: 0,
    last_error: null,
    last_triggered_at: null,
    last_succeeded_at: null,
    last_job: null,
    ...more,
  };
}

/** As the relay judges it. */
function progress(connections: readonly ConnectionView[]): SyncView {
  const waiting = connections.filter(({ synced_seq }) => synced_seq < 5);
  const counts = { seq: 5, total: connections.length, synced: connections.length - waiting.length };
  return { ...counts, ...outcomeOf({ ...counts, connections: waiting }, true), connections: waiting };
}

/** Runs the command against a relay that shows these states, one a second; the last one stays. */
async function run(states: (Partial<ConnectionView> | Error)[], waitMs: number | undefined, first = view()) {
  let now = 0;
  let looks = 0;
  const lines: string[] = [];
  const options: SyncOptions = {
    client: {
      sync: () => Promise.resolve(progress([first])),
      syncProgress: (credentialId, seq) => {
        expect([credentialId, seq]).toEqual(["k1", 5]);
        const state = states[Math.min(looks++, states.length - 1)];
        return state instanceof Error ? Promise.reject(state) : Promise.resolve(progress([view(state)]));
      },
    },
    clock: {
      now: () => now,
      sleep: (ms) => {
        now += ms;
        return Promise.resolve();
      },
    },
    credentialId: "k1",
    waitMs,
    print: (line) => lines.push(line),
  };
  const end = await sync(options);
  return { end, lines, now };
}

test("a sync that nobody waits for is requested and no more", async () => {
  expect(await run([], undefined)).toMatchObject({
    end: "requested",
    lines: ["requested: 1 connection will be synced"],
    now: 0,
  });
});

test("a wait ends with the success of each connection, and tells what happens meanwhile", async () => {
  const { end, lines } = await run(
    [
      { state: "pending" },
      { state: "tracking", state_text: "syncing since …" },
      { state: "tracking", state_text: "syncing since …" },
      { state: "clean", synced_seq: 5 },
    ],
    60 * SECOND,
  );
  expect(end).toBe("succeeded");
  expect(lines).toEqual([
    "Dixa → Snowflake: due now",
    "Dixa → Snowflake: syncing since …",
    "synced: 1 of 1 connection",
  ]);
});

test("a wait ends at its time, and not before", async () => {
  expect(await run([{}], 90 * SECOND)).toMatchObject({ end: "timed_out", now: 90 * SECOND });
});

test("a wait ends when a sync fails, but not by one that began before the request", async () => {
  const before = view({ failed_jobs: 1, failed_seq: 3, last_error: "old" });
  const { end, lines } = await run(
    [
      { failed_jobs: 2, failed_seq: 4, state: "backoff", last_error: "job 6 failed" },
      { failed_jobs: 3, failed_seq: 5, state: "backoff", last_error: "job 7 failed" },
    ],
    60 * SECOND,
    before,
  );
  expect(end).toBe("failed");
  expect(lines.at(-1)).toBe("can't be synced: Dixa → Snowflake: job 7 failed");
});

test("a parked connection is a failure at once", async () => {
  const parked = view({ state: "parked", state_text: "parked: by hand" });
  expect(await run([], undefined, parked)).toMatchObject({ end: "failed", now: 0 });
});

test("a relay that is started anew meanwhile is waited for", async () => {
  const gone = new RelayUnreachableError("gone");
  expect(await run([gone, gone, { synced_seq: 5, state: "clean" }], 60 * SECOND)).toMatchObject({
    end: "succeeded",
  });
  await expect(run([new Error("a fault")], 60 * SECOND)).rejects.toThrow("a fault");
});
