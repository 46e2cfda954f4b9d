import { afterEach, describe, expect, test } from "@jest/globals";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import {
  type DixaSimulator,
  type DixaSimulatorOptions,
  startDixaSimulator,
} from "../simulators/dixa/index.ts";
import { expectedByKey, recordsByKey, unslicedStreams } from "../support/expected-records.ts";
import { hurriedClock } from "../support/hurried-clock.ts";
import { configuredCatalog, runSync } from "../support/sync-run.ts";

const names = unslicedStreams.map(({ name }) => name);

let simulator: DixaSimulator;

afterEach(async () => {
  await simulator.close();
});

async function start(options: DixaSimulatorOptions = {}) {
  const clock = hurriedClock();
  simulator = await startDixaSimulator({
    conversations: 120,
    limits: false,
    now: clock.now,
    sampleWebhooks: 4,
    ...options,
  });
  return clock;
}

/** That every stream has exactly the simulator's rows, each once and with every field. */
function expectAll(messages: readonly AirbyteMessage[], streams = unslicedStreams): void {
  for (const stream of streams) {
    const read = recordsByKey(messages, stream);
    const expected = expectedByKey(simulator, stream);
    expect(expected.size).toBeGreaterThan(0);
    expect([stream.name, [...read.keys()].sort()]).toEqual([stream.name, [...expected.keys()].sort()]);
    for (const [key, row] of expected) expect([stream.name, read.get(key)]).toEqual([stream.name, row]);
  }
}

describe("the streams that are lists or children of conversations", () => {
  test("bring every row of the account once, with every field, in whatever order Dixa sends them", async () => {
    const clock = await start({ shuffle: true, largestListPage: 7, emptyPageEvery: 4 });
    const { messages, failures } = await runSync({
      config: simulator.config(),
      clock,
      catalog: configuredCatalog(names, "full_refresh"),
    });
    expect(failures).toEqual([]);
    expectAll(messages);
  });

  test("and so they do when a fifth of all requests fail in one way or another", async () => {
    const clock = await start({ shuffle: true, seed: 7, largestListPage: 20, faults: { rate: 0.2 } });
    const { messages, failures } = await runSync({
      config: simulator.config(),
      clock,
      catalog: configuredCatalog(names, "full_refresh"),
      idleTimeoutMs: 250,
    });
    expect(failures).toEqual([]);
    expectAll(messages);
    expect(new Set(simulator.requests.map(({ fault }) => fault)).size).toBeGreaterThan(12);
  });

  test("the account's secrets are in no line of the output", async () => {
    const clock = await start();
    const { messages } = await runSync({
      config: simulator.config(),
      clock,
      catalog: configuredCatalog(["webhooks"], "full_refresh"),
    });
    const text = JSON.stringify(messages);
    for (const { secretKey } of simulator.subscriptions.list()) expect(text).not.toContain(secretKey);
    expect(text).not.toMatch(/password-1|bearer-token-1|header-secret-1|url-key-1|d2ViaG9v/);
  });
});

describe.each(["insert", "remove"] as const)("rows that %s themselves between two pages", (change) => {
  test("lose nothing that stays, and repeat nothing", async () => {
    let pages = 0;
    const changed = new Set<string>();
    const clock = await start({
      endUsers: 600,
      largestListPage: 50,
      onRequest: ({ path }) => {
        if (path !== "/v1/endusers" || ++pages % 3 !== 0) return;
        const row =
          change === "insert"
            ? simulator.control.insertRow("end_users", pages)
            : simulator.control.removeRow("end_users", pages);
        changed.add(String(row?.["id"]));
      },
    });
    const before = new Set(simulator.account.lists.end_users.rows.map(({ id }) => String(id)));
    const { messages, failures } = await runSync({
      config: simulator.config(),
      clock,
      catalog: configuredCatalog(["end_users"], "full_refresh"),
    });
    expect(failures).toEqual([]);
    expect(changed.size).toBeGreaterThan(3);
    const stream = unslicedStreams.find(({ name }) => name === "end_users")!;
    const read = recordsByKey(messages, stream);
    const missing = [...before].filter((id) => !read.has(id) && !changed.has(id));
    expect(missing).toEqual([]);
  });
});

describe.each([403, 404] as const)("a list that the account may not read (%s)", (status) => {
  test("ends INCOMPLETE with a word to untick it, and the others are complete", async () => {
    const clock = await start();
    simulator.denials.set("/v1/knowledge/collections", status);
    const { messages, failures } = await runSync({
      config: simulator.config(),
      clock,
      catalog: configuredCatalog(names, "full_refresh"),
    });
    expect(failures.map(({ stream }) => stream.name).sort()).toEqual([
      "knowledge_articles",
      "knowledge_collections",
    ]);
    for (const { error } of failures) expect(error.message).toMatch(/untick/i);
    expectAll(
      messages,
      unslicedStreams.filter(({ name }) => !name.startsWith("knowledge_")),
    );
  });
});
