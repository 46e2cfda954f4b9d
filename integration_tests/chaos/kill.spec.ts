import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "@jest/globals";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { streams } from "../../src/dixa/streams/index.ts";
import { type DixaSimulator, type RequestLog, startDixaSimulator } from "../simulators/dixa/index.ts";
import { generator } from "../simulators/dixa/random.ts";
import { expectedByKey, recordsByKey, unslicedStreams } from "../support/expected-records.ts";
import { lastStates, rowsOf } from "../support/messages.ts";
import { startSource } from "../support/source-process.ts";
import { configuredCatalog, parseMessages } from "../support/sync-run.ts";
import { STREAMS, truthOf } from "../support/truth.ts";
import { mostReadAgain, repeatedRequests, type States, updatedAtOf } from "./repeated-requests.ts";

const KILLS = 50;
/** A kill comes after so many requests at most, and every so many kills one comes late, when there is more to lose. */
const MOST_REQUESTS = 300;
const LATE_EVERY = 20;
const LATE_REQUESTS = 1500;
/** A STATE comes every hundred conversations, and some more are under way: far below the thousand that is promised. */
const MOST_READ_AGAIN = 200;
const START = Date.UTC(2025, 0, 1);
const END = Date.UTC(2025, 3, 1);

let folder: string;
let simulator: DixaSimulator;
let onRequest: () => void = () => undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "source-dixa-kill-"));
  simulator = await startDixaSimulator({
    span: { lo: START, hi: END },
    conversations: 800,
    limits: false,
    latencyMs: 3,
    shuffle: true,
    largestPage: 400,
    largestListPage: 20,
    sampleWebhooks: 4,
    onRequest: () => {
      onRequest();
    },
    faults: { rate: 0.005, kinds: ["cut", "unclosed", "reset"] },
  });
  const pace = { batch_size: 2, activity_log_batch_size: 5, lookback_minutes: 0, num_workers: 16 };
  const budgets = { exports_requests_per_minute: 6000, api_requests_per_second: 1000 };
  const config = simulator.config({ start_date: "2025-01-01", end_date: "2025-04-01", ...pace, ...budgets });
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
});

afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** All streams, as the platform configures them for one of its jobs. */
function catalogOf(job: number): unknown {
  return {
    streams: streams.flatMap(({ name, kind }) => {
      const isList = kind === "listed";
      const [stream] = configuredCatalog([name], isList ? "full_refresh" : "incremental").streams;
      const generation = { generation_id: job, minimum_generation_id: isList ? job : 0 };
      return [{ ...stream, ...generation, sync_id: job }];
    }),
  };
}

/** Reads on from these states, and is killed after so many requests unless it is done by then. */
async function readUpTo(
  states: States,
  requests: number,
): Promise<{ messages: AirbyteMessage[]; isKilled: boolean }> {
  await writeFile(join(folder, "state.json"), JSON.stringify(states));
  const files = ["config", "catalog", "state"].flatMap((name) => [`--${name}`, join(folder, `${name}.json`)]);
  const source = startSource(["read", ...files], { bundled: true });
  const until = simulator.requests.length + requests;
  onRequest = () => {
    if (simulator.requests.length >= until) source.child.kill("SIGKILL");
  };
  const lines: string[] = [];
  for await (const line of source.lines) lines.push(line.toString("utf8"));
  const { code, signal } = await source.ended;
  if (signal === null) expect(code).toBe(0);
  // The last line may have been cut in the middle; a client never sees it as a message.
  else lines.splice(lines.length - 1, 1, ...wholeOrNothing(lines.at(-1)));
  return { messages: parseMessages(lines.join("\n")), isKilled: signal !== null };
}

function wholeOrNothing(line: string | undefined): string[] {
  if (line === undefined) return [];
  try {
    JSON.parse(line);
    return [line];
  } catch {
    return [];
  }
}

/** The records that a client keeps which throws away what no STATE of their stream has followed, and those states. */
function committed(messages: readonly AirbyteMessage[]): AirbyteMessage[] {
  const nameOf = (message: AirbyteMessage) =>
    message.type === "STATE" ? message.state.stream?.stream_descriptor.name : undefined;
  const lastAt = new Map(messages.map((message, index) => [nameOf(message), index]));
  return messages.filter((message, index) => {
    const name = message.type === "RECORD" ? message.record.stream : nameOf(message);
    return name !== undefined && index <= (lastAt.get(name) ?? -1);
  });
}

/** The messages, with each row of a stream at most once, as a destination has it that knows keys. */
function deduplicated(messages: readonly AirbyteMessage[]): AirbyteMessage[] {
  const keys = new Map(streams.map(({ name, primaryKey }) => [name, primaryKey]));
  const byKey = new Map<string, AirbyteMessage>();
  for (const message of messages) {
    if (message.type !== "RECORD") continue;
    const { stream, data } = message.record;
    const key = keys.get(stream)?.filter((field) => field !== "requestTime") ?? [];
    byKey.set(JSON.stringify([stream, ...key.map((field) => data[field])]), message);
  }
  return [...byKey.values()];
}

/** That these are all rows of all streams and no others. */
function expectAll(messages: readonly AirbyteMessage[]): void {
  for (const stream of STREAMS) {
    expect([stream, rowsOf(messages, stream).sort()]).toEqual([
      stream,
      truthOf(simulator, stream, START, END),
    ]);
  }
  for (const stream of unslicedStreams) {
    const expected = expectedByKey(simulator, stream);
    expect(expected.size).toBeGreaterThan(0);
    expect([stream.name, recordsByKey(messages, stream)]).toEqual([stream.name, expected]);
  }
}

test(`killed ${KILLS} times at random moments, a sync of all streams loses nothing and asks for nothing again that a STATE covered`, async () => {
  const random = generator(42);
  const updatedAt = updatedAtOf(simulator);
  let kills = 0;
  let jobs = 0;
  let readAgain = 0;
  while (kills < KILLS) {
    await writeFile(join(folder, "catalog.json"), JSON.stringify(catalogOf(++jobs)));
    const kept: AirbyteMessage[] = [];
    let states: States = [];
    let earlier: RequestLog[] = [];
    let last: RequestLog[] = [];
    for (let isKilled = true; isKilled;) {
      const before = simulator.requests.length;
      const isLate = kills % LATE_EVERY === LATE_EVERY - 1;
      const most = isLate ? LATE_REQUESTS : Math.ceil(random() * MOST_REQUESTS);
      const run = await readUpTo(states, kills < KILLS ? most : Infinity);
      const requests = simulator.requests.slice(before);
      expect(repeatedRequests(requests, states, earlier, updatedAt).slice(0, 5)).toEqual([]);
      readAgain = Math.max(readAgain, mostReadAgain(last, requests));
      earlier = [...earlier, ...requests];
      last = requests;
      const whole = committed(run.messages);
      kept.push(...whole);
      const latest = new Map(
        [...states, ...lastStates(whole)].map((state) => [state.stream?.stream_descriptor.name, state]),
      );
      states = [...latest.values()];
      isKilled = run.isKilled;
      if (isKilled) kills++;
    }
    expectAll(deduplicated(kept));
  }
  expect(readAgain).toBeLessThanOrEqual(MOST_READ_AGAIN);
  process.stderr.write(`${kills} kills in ${jobs} jobs, at most ${readAgain} conversations read again\n`);
}, 480_000);
