import { expect, test } from "@jest/globals";

import { pendingChart } from "../../../src/relay/page/chart.ts";
import { PendingHistory } from "../../../src/relay/page/pending-history.ts";
import { CONNECTION, SIGNED, testServices } from "../support/services-fixture.ts";

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

test("the chart says in words what it shows", () => {
  const samples = [
    { at: NOW - 10 * MINUTE, age: 0 },
    { at: NOW - 5 * MINUTE, age: 3 * MINUTE },
    { at: NOW, age: 30_000 },
  ];
  const { html } = pendingChart(samples, NOW);
  expect(html).toContain("Age of the oldest unsynced event over the last 30 minutes: at most 3m");
  expect(html).toContain('points="213.3,63 266.7,5 320,53.3"');
});

test("the chart leaves out what is older than half an hour, and may be empty", () => {
  expect(pendingChart([{ at: NOW - 31 * MINUTE, age: MINUTE }], NOW).html).not.toContain("polyline");
  expect(pendingChart([], NOW).html).toContain("all synced");
});

test("the history holds one sample per credential and turn, and only so many", async () => {
  let now = NOW;
  const { store, config } = testServices({ now: () => now });
  store.addConnection(SIGNED, CONNECTION);
  await store.accept({ credentialId: SIGNED, eventId: "e1", eventType: "X", receivedAt: NOW });
  const history = new PendingHistory();
  const ids = config.credentials.map(({ id }) => id);
  for (let i = 0; i < 400; i++) {
    now += 5000;
    await history.sample(store, ids, now);
  }
  const samples = history.of(SIGNED);
  expect(samples).toHaveLength(360);
  expect(samples.at(-1)).toEqual({ at: now, age: now - NOW });
  expect(history.of(ids[1] ?? "").at(-1)).toEqual({ at: now, age: 0 });
  expect(history.of("nobody")).toEqual([]);
});
