import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { type DixaSimulator, type RequestLog, startDixaSimulator } from "../simulators/dixa/index.ts";
import { generator } from "../simulators/dixa/random.ts";
import { lastStates, rowsOf } from "../support/messages.ts";
import { startSource } from "../support/source-process.ts";
import { configuredCatalog, parseMessages } from "../support/sync-run.ts";
import { STREAMS, truthOf } from "../support/truth.ts";

const KILLS = 50;
const START = Date.UTC(2025, 0, 1);
const END = Date.UTC(2025, 3, 1);

type States = ReturnType<typeof lastStates>;

let folder: string;
let simulator: DixaSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "source-dixa-kill-"));
  simulator = await startDixaSimulator({
    span: { lo: START, hi: END },
    conversations: 2500,
    limits: false,
    latencyMs: 25,
    shuffle: true,
    largestPage: 400,
    faults: { rate: 0.03, kinds: ["cut", "unclosed", "reset"] },
  });
  const pace = { batch_size: 2, activity_log_batch_size: 5, lookback_minutes: 0 };
  const budgets = { exports_requests_per_minute: 6000, api_requests_per_second: 1000 };
  const config = simulator.config({ start_date: "2025-01-01", end_date: "2025-04-01", ...pace, ...budgets });
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "catalog.json"), JSON.stringify(configuredCatalog()));
});

afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** Reads on from these states, and is killed after so long (ms) unless it is done by then. */
async function readFor(
  states: States,
  ms: number,
): Promise<{ messages: AirbyteMessage[]; isKilled: boolean }> {
  await writeFile(join(folder, "state.json"), JSON.stringify(states));
  const files = ["config", "catalog", "state"].flatMap((name) => [`--${name}`, join(folder, `${name}.json`)]);
  const source = startSource(["read", ...files], { bundled: true });
  const timer = delay(ms).then(() => source.child.kill("SIGKILL"));
  const lines: string[] = [];
  for await (const line of source.lines) lines.push(line.toString("utf8"));
  const { signal } = await source.ended;
  await timer;
  // The last line may have been cut in the middle; a client never sees it as a message.
  if (signal !== null) lines.splice(lines.length - 1, 1, ...wholeOrNothing(lines.at(-1)));
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

const instant = z.union([z.number(), z.string().transform((text) => Date.parse(text))]);
const stateSchema = z.object({
  updated_at: instant.optional(),
  created_at: instant.optional(),
  activityTimestamp: instant.optional(),
  ahead: z.array(z.tuple([instant, instant])).default([]),
});

/** What the states say is out, by the path that would ask for it. */
function covered(states: States): Map<string, [lo: number, hi: number][]> {
  const paths: Record<string, string> = {
    conversations: "/v1/conversation_export",
    messages: "/v1/message_export",
    activity_logs: "/v1/conversations/activitylog",
  };
  return new Map(
    states.map(({ stream }) => {
      const parsed = stateSchema.parse(stream?.stream_state);
      const cursor = parsed.updated_at ?? parsed.created_at ?? parsed.activityTimestamp ?? 0;
      return [paths[stream?.stream_descriptor.name ?? ""] ?? "", [[-Infinity, cursor], ...parsed.ahead]];
    }),
  );
}

/** The span of rows that a request is surely for: without the overlap and the outward rounding. */
function askedFor({ query }: RequestLog): [lo: number, hi: number] {
  const after = query["updated_after"] ?? query["created_after"];
  const before = query["updated_before"] ?? query["created_before"];
  if (after !== undefined) return [Number(after) + 1, Number(before)];
  return [Date.parse(query["fromDatetime"] ?? "") + 2000, Date.parse(query["toDatetime"] ?? "") - 1000];
}

test(`killed ${KILLS} times at random moments, it loses nothing and asks for nothing again that a STATE covered`, async () => {
  const random = generator(42);
  let kills = 0;
  let rounds = 0;
  while (kills < KILLS) {
    rounds++;
    const rows = new Map(STREAMS.map((stream) => [stream, new Set<string>()]));
    let states: States = [];
    for (let isKilled = true; isKilled;) {
      const done = covered(states);
      const before = simulator.requests.length;
      const run = await readFor(states, 250 + random() * 900);
      for (const request of simulator.requests.slice(before)) {
        const [lo, hi] = askedFor(request);
        for (const [from, to] of done.get(request.path) ?? []) {
          expect({ request, again: lo < to && hi > from }).toEqual({ request, again: false });
        }
      }
      for (const [stream, set] of rows) for (const row of rowsOf(run.messages, stream)) set.add(row);
      const latest = new Map(
        [...states, ...lastStates(run.messages)].map((state) => [
          state.stream?.stream_descriptor.name,
          state,
        ]),
      );
      states = [...latest.values()];
      isKilled = run.isKilled;
      if (isKilled) kills++;
    }
    for (const [stream, set] of rows) expect([...set].sort()).toEqual(truthOf(simulator, stream, START, END));
  }
  process.stderr.write(`${kills} kills in ${rounds} rounds\n`);
}, 300_000);
