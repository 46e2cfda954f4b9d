import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";

import { followedStreams, windowedStreams } from "../../src/dixa/streams/index.ts";
import { FIXED_ACCOUNT } from "../acceptance/fixed-data.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { errorsOf, lastStates, messagesOf, rowsOf, statesOf } from "../support/messages.ts";
import { STREAMS } from "../support/truth.ts";
import { acceptance, configAt, repositoryJson } from "./acceptance-config.ts";
import { type Json } from "./json-walk.ts";
import { type Outcome, targets } from "./target.ts";

const catalogSchema = z.looseObject({
  streams: z.array(
    z.looseObject({ stream: z.looseObject({ name: z.string(), default_cursor_field: z.array(z.string()) }) }),
  ),
});
const statesSchema = z.array(
  z.looseObject({
    stream: z.looseObject({
      stream_descriptor: z.looseObject({ name: z.string() }),
      stream_state: z.record(z.string(), z.unknown()),
    }),
  }),
);

describe.each(targets())("incremental reads of $name", (target) => {
  const entry = acceptance.acceptance_tests.incremental.tests[0]!;
  const catalog = catalogSchema.parse(repositoryJson(entry.configured_catalog_path ?? ""));
  let simulator: DixaSimulator;
  let config: Json;
  let first: Outcome;

  beforeAll(async () => {
    simulator = await startDixaSimulator(FIXED_ACCOUNT);
    config = configAt(entry.config_path, simulator);
    first = await target.run("read", { config, catalog });
  });

  afterAll(async () => {
    await simulator.close();
  });

  function catalogOf(stream: string): unknown {
    return { ...catalog, streams: catalog.streams.filter(({ stream: { name } }) => name === stream) };
  }

  test("CAT, fixture: every incremental stream has a cursor field", () => {
    expect(catalog.streams.map(({ stream }) => stream.name)).toEqual(
      [...windowedStreams, ...followedStreams].map(({ name }) => name),
    );
    for (const { stream } of catalog.streams) expect(stream.default_cursor_field).toHaveLength(1);
  });

  test("CAT, test_two_sequential_reads: with the last states, the second read brings something else", async () => {
    expect(messagesOf(first.messages, "RECORD").length).toBeGreaterThan(0);
    const second = await target.run("read", { config, catalog, state: lastStates(first.messages) });
    expect(errorsOf(second.messages)).toEqual([]);
    const bySecond = new Set(messagesOf(second.messages, "RECORD").map(({ record }) => record.stream));
    expect([...bySecond]).toEqual([]);
    for (const stream of STREAMS) {
      expect(rowsOf(first.messages, stream).length).toBeGreaterThan(0);
      // The whole account lies before the states, and the lookback of this configuration is nothing.
      expect(rowsOf(second.messages, stream)).toEqual([]);
    }
  });

  test.each(STREAMS)(
    "CAT, test_read_sequential_slices: %s goes on from any state in between",
    async (stream) => {
      const read = await target.run("read", { config, catalog: catalogOf(stream) });
      const all = rowsOf(read.messages, stream);
      const states = statesOf(read.messages, stream).filter(
        ({ sourceStats }) => (sourceStats?.recordCount ?? 0) > 0,
      );
      expect(states.length).toBeGreaterThanOrEqual(3);
      let out = 0;
      const remaining = states.map(({ sourceStats }) => all.length - (out += sourceStats?.recordCount ?? 0));
      const step = Math.max(1, Math.floor(states.length / 5));
      for (let at = 0; at < states.length - 1; at += step) {
        const rest = await target.run("read", { config, catalog: catalogOf(stream), state: [states[at]] });
        const rows = rowsOf(rest.messages, stream);
        expect(rows.length).toBeGreaterThanOrEqual(remaining[at]!);
        // CAT asks for no more than that; a state promises that nothing before it is needed and all behind it comes.
        const put = new Set(all.slice(0, all.length - remaining[at]!));
        expect(new Set([...put, ...rows])).toEqual(new Set(all));
        expect(rows.length).toBeLessThan(all.length);
      }
    },
  );

  test("CAT, test_state_with_abnormally_large_values: no record, at least one STATE, no crash", async () => {
    const state = repositoryJson(entry.future_state?.future_state_path ?? "");
    const { exitCode, messages } = await target.run("read", { config, catalog, state });
    expect(messagesOf(messages, "RECORD")).toEqual([]);
    for (const stream of STREAMS) expect(statesOf(messages, stream).length).toBeGreaterThanOrEqual(1);
    expect(errorsOf(messages)).toEqual([]);
    expect(exitCode).toBe(0);
  });

  test("CAT, test_state_with_abnormally_large_values: the cursor in the file has the form of the records'", () => {
    const states = statesSchema.parse(repositoryJson(entry.future_state?.future_state_path ?? ""));
    const shape = (value: unknown) => `${typeof value} ${String(value).replace(/\d/g, "0")}`;
    for (const { stream } of catalog.streams) {
      const [cursor = ""] = stream.default_cursor_field;
      const state = states.find((one) => one.stream.stream_descriptor.name === stream.name);
      const record = messagesOf(first.messages, "RECORD").find((one) => one.record.stream === stream.name);
      expect(shape(state?.stream.stream_state[cursor])).toBe(shape(record?.record.data[cursor]));
    }
  });

  test("PyAirbyte and the platform: a state file that holds an empty list reads everything", async () => {
    const { messages } = await target.run("read", { config, catalog, state: [] });
    for (const stream of STREAMS) {
      expect(rowsOf(messages, stream).sort()).toEqual(rowsOf(first.messages, stream).sort());
    }
  });
});
