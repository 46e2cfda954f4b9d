import { afterEach, describe, expect, test } from "@jest/globals";

import { errorsOf, messagesOf, statesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { catalogOf, ConnectorBench, type ConnectorRun } from "../../support/connector.ts";

const FEBRUARY = Date.UTC(2024, 1, 1);

const bench = ConnectorBench.perFile();

afterEach(() => {
  bench.server.requests.length = 0;
});

async function read(catalog: unknown, state: unknown, config: Record<string, unknown> = {}) {
  return bench.run(
    ...["read", "--config", await bench.file(bench.config(config))],
    ...["--catalog", await bench.file(catalog), "--state", await bench.file(state)],
  );
}

const stateOf = (name: string, state: unknown, namespace?: string) => ({
  type: "STREAM",
  stream: {
    stream_descriptor: { name, ...(namespace === undefined ? {} : { namespace }) },
    stream_state: state,
  },
});

/** First instants of all export windows that were asked for, ms UTC. */
const askedFrom = () =>
  bench.server.requests
    .map((line) => new URL(line.split(" ")[1] ?? "", bench.server.url).searchParams)
    .flatMap((query) => [query.get("updated_after"), query.get("created_after")])
    .filter((text) => text !== null)
    .map(Number);

const logs = (run: ConnectorRun) => messagesOf(run.messages, "LOG").map(({ log }) => log.message);
const fullRefresh = catalogOf(["conversations", "full_refresh"]);

test("a new full refresh is not answered with nothing, whatever the last one has left", async () => {
  const end_date = "2024-03-01";
  const first = await read(fullRefresh, [], { end_date });
  const last = statesOf(first.messages, "conversations").at(-1);
  bench.server.requests.length = 0;
  const second = await read(fullRefresh, [last], { end_date });
  expect(Math.min(...askedFrom())).toBeLessThanOrEqual(Date.UTC(2024, 0, 1));
  expect(logs(second)).toContain(
    "conversations: reading from the start, without the saved state: the refresh that it belongs to is complete",
  );
});

test("an interrupted full refresh goes on in the same generation and job only", async () => {
  const catalog = (generation_id: number) => ({
    streams: [
      {
        stream: { name: "conversations", json_schema: {} },
        ...{ sync_mode: "full_refresh", destination_sync_mode: "overwrite" },
        ...{ generation_id, minimum_generation_id: generation_id, sync_id: generation_id + 10 },
      },
    ],
  });
  const state = [
    stateOf("conversations", {
      updated_at: FEBRUARY,
      generation_id: 3,
      full_refresh: { sync_id: 13, complete: false },
    }),
  ];
  await read(catalog(3), state, { end_date: "2024-03-01" });
  expect(Math.min(...askedFrom())).toBe(FEBRUARY - 1);
  bench.server.requests.length = 0;
  const next = await read(catalog(4), state, { end_date: "2024-03-01" });
  expect(Math.min(...askedFrom())).toBeLessThanOrEqual(Date.UTC(2024, 0, 1));
  expect(statesOf(next.messages, "conversations").at(-1)?.stream?.stream_state).toMatchObject({
    generation_id: 4,
    full_refresh: { sync_id: 14, complete: true },
  });
});

test("after a reset, the state of another connector beside it is not taken up", async () => {
  const others = stateOf("conversation_export", { updated_at: FEBRUARY });
  await read(catalogOf("conversations"), [stateOf("conversations", null), others], {
    end_date: "2024-03-01",
  });
  expect(Math.min(...askedFrom())).toBeLessThanOrEqual(Date.UTC(2024, 0, 1));
});

test("two namespaces of one stream have a state each", async () => {
  const catalog = {
    streams: ["eu", "us"].map((namespace) => ({
      stream: { name: "messages", namespace, json_schema: {} },
      ...{ sync_mode: "incremental", destination_sync_mode: "append" },
    })),
  };
  const run = await read(catalog, [stateOf("messages", { created_at: FEBRUARY }, "eu")], {
    ...{ end_date: "2024-02-10", lookback_minutes: 0 },
  });
  expect(askedFrom().sort((a, b) => a - b)).toEqual([
    Date.UTC(2024, 0, 1) - 1,
    expect.any(Number),
    expect.any(Number),
  ]);
  expect(askedFrom()).toContain(FEBRUARY - 1);
  expect(run.code).toBe(0);
});

test("a state of a namespace that the catalog has not is named", async () => {
  const run = await read(catalogOf("messages"), [stateOf("messages", { created_at: FEBRUARY }, "eu")]);
  expect(logs(run)).toContain(
    'The state of messages is ignored: its namespace is "eu", which the catalog has not for this stream',
  );
});

test("a stream that the catalog lists twice is refused, and nothing is read", async () => {
  const run = await read(catalogOf("messages", "messages"), []);
  expect(errorsOf(run.messages)).toEqual([
    {
      failure_type: "config_error",
      message: 'The catalog lists the stream "messages" more than once. Keep one of its entries.',
    },
  ]);
  expect([run.code, bench.server.requests]).toEqual([1, []]);
});

describe("a start date before the one from which earlier syncs read", () => {
  const config = { start_date: "2024-02-01", end_date: "2024-03-01" };
  const warning =
    "messages: rows from 2024-01-15T00:00:00Z on are wanted, but earlier syncs began at 2024-02-01T00:00:00Z. " +
    "Refresh the stream to read what lies before";

  test("is told, in every sync until the stream is refreshed", async () => {
    const first = await read(catalogOf("messages"), [], config);
    let state = statesOf(first.messages, "messages").at(-1);
    for (let sync = 0; sync < 2; sync++) {
      const later = await read(catalogOf("messages"), [state], { ...config, start_date: "2024-01-15" });
      expect(logs(later)).toContain(warning);
      expect([later.code, statusesOf(later.messages, "messages").at(-1)]).toEqual([0, "COMPLETE"]);
      state = statesOf(later.messages, "messages").at(-1);
    }
    expect(
      logs(await read(catalogOf("messages"), [], { ...config, start_date: "2024-01-15" })),
    ).not.toContain(warning);
  });

  test("is not guessed for a state that doesn't say where it began", async () => {
    const run = await read(catalogOf("messages"), [stateOf("messages", { created_at: FEBRUARY })], config);
    expect(logs(run).filter((text) => text.includes("Refresh the stream"))).toEqual([]);
  });
});
