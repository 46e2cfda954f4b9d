import { describe, expect, test } from "@jest/globals";

import { type ConnectionState, newConnectionState } from "../../../src/relay/coalescer/connection-state.ts";
import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { type Connection } from "../../../src/relay/store/connection.ts";
import { count, describeState, inOneLine } from "../../../src/relay/telemetry/describe-state.ts";

const NOW = Date.UTC(2026, 0, 1, 12);

function words(changes: Partial<ConnectionState>, seq = 1, pausedUntil = 0): string {
  const connection: Connection = {
    connectionId: "c",
    credentialId: "k",
    name: "c",
    workspaceId: "",
    sourceId: "",
    sourceName: "",
    status: "active",
    discoveredAt: 0,
    state: { ...newConnectionState(0), ...changes },
    demand: { seq, settledSeq: seq, urgentSeq: 0, firstAt: NOW, lastAt: NOW },
  };
  return inOneLine(describeState(connection, DEFAULT_TIMINGS, NOW, pausedUntil));
}

const until = NOW + 900_000;
const parked = (reason: "inactive" | "gone" | "poison" | "held", more: Partial<ConnectionState> = {}) =>
  words({ phase: { name: "PARKED", reason, since: NOW, until }, ...more });

describe("a connection's state in words", () => {
  test.each([
    ["is up to date", words({}, 0), "up to date"],
    ["was synced", words({ lastSuccessAt: NOW }, 0), "up to date, synced 2026-01-01T12:00:00.000Z"],
    [
      "waits for quiet",
      words({}),
      "waits until 2026-01-01T12:00:30.000Z (so that events close together share one sync)",
    ],
    [
      "would be due, but for a pause of all",
      words({ lastSuccessAt: NOW }, 1, NOW + 60_000),
      "waits until 2026-01-01T12:01:00.000Z (Airbyte asks for fewer requests)",
    ],
    [
      "waits for longer than a pause of all",
      words({}, 1, NOW + 1000),
      "waits until 2026-01-01T12:00:30.000Z (so that events close together share one sync)",
    ],
    [
      "waits for its interval",
      words({ lastTriggerAt: NOW - 60_000 }),
      "waits until 2026-01-01T12:04:00.000Z (the shortest time between two syncs has not passed)",
    ],
    [
      "is syncing",
      words({ phase: { name: "TRACKING", jobId: 1, cover: 1, status: "running", since: NOW, until } }),
      "syncing since 2026-01-01T12:00:00.000Z",
    ],
    [
      "is queued, with more to come",
      words({ phase: { name: "TRACKING", jobId: 1, cover: 1, status: "queued", since: NOW, until } }, 3),
      "queued in Airbyte since 2026-01-01T12:00:00.000Z (2 newer events will be synced after it)",
    ],
    [
      "is busy",
      words({ phase: { name: "BUSY", since: NOW, until } }),
      "waits until 2026-01-01T12:15:00.000Z (another job of this connection is running in Airbyte)",
    ],
    [
      "backs off",
      words({ phase: { name: "BACKOFF", since: NOW, until }, lastError: "job 7 failed" }),
      "waits until 2026-01-01T12:15:00.000Z (job 7 failed)",
    ],
    ["is switched off", parked("inactive"), "parked: connection is switched off in Airbyte"],
    ["is gone", parked("gone"), "parked: connection was deleted in Airbyte"],
    [
      "has failed too often",
      parked("poison", { lastError: "job 7 failed" }),
      "parked: too many syncs in a row failed (job 7 failed)",
    ],
    ["is held", parked("held", { lastError: "job 7 failed" }), "parked: by hand"],
  ])("that %s", (_, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

test("one is singular", () => {
  expect([count(0, "event"), count(1, "event"), count(2, "event")]).toEqual([
    "0 events",
    "1 event",
    "2 events",
  ]);
});
