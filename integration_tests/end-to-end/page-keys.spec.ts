import { afterEach, expect, test } from "@jest/globals";

import { type DixaStream } from "../../src/dixa/streams/stream.ts";
import { type DixaSimulator, startDixaSimulator } from "../simulators/dixa/index.ts";
import { PAGE_KEYS } from "../simulators/dixa/page-keys.ts";
import { expectedByKey, recordsByKey, unslicedStreams } from "../support/expected-records.ts";
import { hurriedClock } from "../support/hurried-clock.ts";
import { configuredCatalog, runSync } from "../support/sync-run.ts";
import { expectTruth } from "../support/truth.ts";

/** One stream for each way in which pages are read: windows, children of conversations, and a list. */
const LISTS = ["conversation_messages", "end_users"];

let simulator: DixaSimulator;

afterEach(() => simulator.close());

test.each(PAGE_KEYS)("while answers break off, page keys that are used twice may be %s", async (pageKeys) => {
  const clock = hurriedClock();
  simulator = await startDixaSimulator({
    ...{ conversations: 60, limits: false, now: clock.now, endUsers: 60, pageKeys },
    ...{ largestPage: 20, largestListPage: 20, largestChildPage: 1 },
    faults: {
      // More would keep eight readings of a list from agreeing, now and then.
      rate: 0.1,
      // Faults that strike once the key was used up, and some that strike before.
      kinds: ["cut", "short", "cut-gzip", "unclosed", "garbage", "reset", "502-html"],
    },
  });
  const { messages, failures } = await runSync({
    config: simulator.config({ api_requests_per_second: 1000, exports_requests_per_minute: 6000 }),
    clock,
    catalog: configuredCatalog(["activity_logs", ...LISTS], "full_refresh"),
  });
  expect(failures).toEqual([]);
  expectTruth(messages, simulator, undefined, undefined, ["activity_logs"]);
  const streams: readonly DixaStream[] = unslicedStreams.filter(({ name }) => LISTS.includes(name));
  for (const stream of streams) {
    const [read, expected] = [recordsByKey(messages, stream), expectedByKey(simulator, stream)];
    expect([stream.name, [...read.keys()].sort()]).toEqual([stream.name, [...expected.keys()].sort()]);
  }
  const struck = simulator.requests.filter(({ query, fault }) => "pageKey" in query && fault !== undefined);
  expect(struck.length).toBeGreaterThan(5);
});
