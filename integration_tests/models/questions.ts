import { metricsOf, repliesByAgentAndDay, statusesOf, type Truth } from "./reference.ts";

type Row = Record<string, unknown>;

const DAY_MS = 86_400_000;

const midnight = (instant: string) => `${instant.slice(0, 10)}T00:00:00.000Z`;
const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The answers to the five questions of docs/metrics.md, in their order, found without SQL: rows in any order, with the
 * columns of the query. Without streams of agents, queues and ratings, so names are those in conversations.
 */
export function answersOf(truths: readonly Truth[]): Row[][] {
  const metrics = truths.map((truth) => ({
    ...metricsOf(truth, undefined),
    queue_name: truth.conversation["queue_name"] as string | null,
    channel: truth.conversation["initial_channel"],
  }));
  const replied = metrics.filter(({ first_reply_at }) => first_reply_at !== null);
  const byDay = Map.groupBy(replied, ({ first_reply_at }) => midnight(first_reply_at!));
  const solved = metrics.filter(({ is_closed }) => is_closed);
  return [
    Array.from(byDay, ([day, rows]) => ({
      day,
      replies: rows.length,
      minutes: average(rows.map((row) => row.first_reply_time_calendar_minutes!)),
    })),
    backlog(truths),
    agents(truths),
    Array.from(
      Map.groupBy(solved, ({ queue_name }) => queue_name),
      ([queue_name, rows]) => ({
        queue_name,
        one_touch: average(rows.map(({ one_touch_resolution }) => Number(one_touch_resolution))),
        solved: rows.length,
      }),
    ),
    Array.from(
      Map.groupBy(metrics, ({ channel }) => channel),
      ([channel, rows]) => ({
        channel,
        reopened: rows.filter(({ count_reopens }) => count_reopens > 0).length,
        conversations: rows.length,
      }),
    ),
  ];
}

/** From each queue's first conversation on, up to the last day on which a status changed anywhere. */
function backlog(truths: readonly Truth[]): Row[] {
  const spans = truths.flatMap((truth) =>
    statusesOf(truth).map((span) => ({ ...span, queue: truth.conversation["queue_name"] as string | null })),
  );
  const last = Math.max(...spans.map(({ started_at }) => Date.parse(midnight(started_at))));
  return Array.from(
    Map.groupBy(spans, ({ queue }) => queue),
    ([queue_name, own]) => {
      const first = Math.min(...own.map(({ started_at }) => Date.parse(midnight(started_at))));
      const days = Array.from({ length: (last - first) / DAY_MS + 1 }, (_, index) => first + index * DAY_MS);
      return days.map((day) => {
        const end = new Date(day + DAY_MS).toISOString();
        const open = own.filter(
          ({ status, started_at, ended_at }) =>
            status !== "closed" && started_at < end && (ended_at === null || ended_at >= end),
        );
        return { date_day: new Date(day).toISOString(), queue_name, count_backlog: open.length };
      });
    },
  ).flat();
}

/** By name; those whose name nobody knows are one. Who neither replied nor was rated is left out. */
function agents(truths: readonly Truth[]): Row[] {
  const names = new Map(
    truths.map(({ conversation }) => [conversation["assignee_id"], conversation["assignee_name"]]),
  );
  const nameOf = (id: unknown) => (names.get(id) as string | null | undefined) ?? null;
  const replies = Object.entries(repliesByAgentAndDay(truths)).map(([key, count]) => ({
    name: nameOf(key.split("/")[0]),
    count,
  }));
  const scores = truths.flatMap(({ conversation }) =>
    (conversation["ratings"] as Row[])
      .filter(({ rating_score }) => rating_score !== null)
      .map(({ rating_score }) => ({
        name: nameOf(conversation["assignee_id"]),
        isSatisfied: Number(rating_score) >= 4,
      })),
  );
  return [...new Set([...replies, ...scores].map(({ name }) => name))].map((agent_name) => {
    const rated = scores.filter(({ name }) => name === agent_name);
    return {
      agent_name,
      replies: replies.filter(({ name }) => name === agent_name).reduce((sum, { count }) => sum + count, 0),
      csat: rated.length === 0 ? null : average(rated.map(({ isSatisfied }) => Number(isSatisfied))),
    };
  });
}
