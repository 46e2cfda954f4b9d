import { expect, test } from "@jest/globals";

import { messagesOf, statusesOf } from "../../../integration_tests/support/messages.ts";
import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { runEngine } from "../../support/engine.ts";
import { Loopback } from "../../support/loopback.ts";

const DAY = 86_400_000;
const START = Date.UTC(2024, 5, 1);

test.each<[string, (ms: number) => unknown]>([
  ["a text, as documented", (ms) => `${new Date(ms).toISOString()}[GMT]`],
  ["milliseconds", (ms) => ms],
  ["seconds with a fraction", (ms) => ms / 1000],
])("activities whose time is %s come once, in the one form of instants", async (_, written) => {
  // At the edges of windows, where a row that could not be placed would come with both.
  const times = [0, 1, DAY - 1, DAY, DAY + 1, 2 * DAY - 1].map((ms) => START + ms);
  const server = await Loopback.start(({ url = "" }, response) => {
    const { searchParams } = new URL(url, "http://dixa");
    const [from = 0, to = 0] = ["fromDatetime", "toDatetime"].map((name) =>
      Date.parse(searchParams.get(name) ?? ""),
    );
    const data = times
      .filter((ms) => ms >= from && ms <= to)
      .map((ms) => ({ id: `a${ms}`, activityTimestamp: written(ms) }));
    response.end(JSON.stringify({ data, meta: {} }));
  });
  try {
    const { messages } = await runEngine(server, {
      streams: [activityLogs],
      syncMode: "incremental",
      config: { start_date: "2024-06-01", end_date: "2024-06-03", activity_log_batch_size: 1 },
    });
    const rows = messagesOf(messages, "RECORD").map(({ record: { data } }) => data["activityTimestamp"]);
    expect(rows.sort()).toEqual(times.map((ms) => new Date(ms).toISOString()));
    expect(statusesOf(messages, "activity_logs").at(-1)).toBe("COMPLETE");
  } finally {
    await server.close();
  }
});
