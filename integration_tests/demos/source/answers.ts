import { readFile } from "node:fs/promises";

import { z } from "zod";

import { type DuckDbDestination } from "../../duckdb/destination.ts";

const SQL = new URL("../../../models/compiled/duckdb.sql", import.meta.url);
const DAYS = 21;

const number = z.union([z.number(), z.bigint()]).transform(Number);
const daySchema = z.object({
  day: z.string(),
  replies: number,
  minutes: number.nullable(),
  business_minutes: number.nullable(),
  backlog: number,
});
const agentSchema = z.object({ agent: z.string(), replies: number, conversations: number });
const scoreSchema = z.object({ score: number, ratings: number });
const totalSchema = z.object({
  conversations: number,
  median_first_reply: number.nullable(),
  median_business_first_reply: number.nullable(),
  one_touch: number.nullable(),
  reopened: number.nullable(),
  satisfied: number.nullable(),
  ratings: number,
});

/**
 * What a support lead asks first, of the last days. Shares are between 0 and 1, times in minutes. Times in business hours
 * are null without exactly one schedule.
 */
export interface Answers {
  days: z.output<typeof daySchema>[];
  agents: z.output<typeof agentSchema>[];
  scores: z.output<typeof scoreSchema>[];
  totals: z.output<typeof totalSchema>;
}

const LAST_DAYS = `(SELECT max(date_day) FROM marts.dixa__daily_backlog) - INTERVAL ${DAYS - 1} DAY`;

/** Makes the marts with the shipped SQL of the dbt package, and asks them. */
export async function findAnswers(destination: DuckDbDestination): Promise<Answers> {
  await destination.run(await readFile(SQL, "utf8"));
  const days = await destination.query(`
    SELECT strftime(date_day, '%Y-%m-%d') AS day, sum(count_backlog) AS backlog,
      coalesce(any_value(first.replies), 0) AS replies, any_value(first.minutes) AS minutes,
      any_value(first.business_minutes) AS business_minutes
    FROM marts.dixa__daily_backlog
    LEFT JOIN (
      SELECT CAST(first_reply_at AS DATE) AS date_day, count(*) AS replies,
        median(first_reply_time_calendar_minutes) AS minutes,
        median(first_reply_time_business_minutes) AS business_minutes
      FROM marts.dixa__conversation_metrics WHERE first_reply_at IS NOT NULL GROUP BY 1
    ) AS first USING (date_day)
    WHERE date_day >= ${LAST_DAYS}
    GROUP BY date_day ORDER BY date_day`);
  const agents = await destination.query(`
    SELECT coalesce(agent_name, agent_id) AS agent, sum(count_agent_replies) AS replies,
      sum(count_conversations_closed) AS conversations
    FROM marts.dixa__agent_metrics WHERE date_day >= ${LAST_DAYS}
    GROUP BY 1 HAVING sum(count_agent_replies) > 0 ORDER BY replies DESC, agent LIMIT 10`);
  const scores = await destination.query(`
    SELECT rating_score AS score, count(*) AS ratings
    FROM marts.dixa__csat WHERE rating_score IS NOT NULL GROUP BY 1 ORDER BY 1 DESC`);
  const [totals] = await destination.query(`
    SELECT count(*) AS conversations, median(first_reply_time_calendar_minutes) AS median_first_reply,
      median(first_reply_time_business_minutes) AS median_business_first_reply,
      avg(CAST(one_touch_resolution AS INTEGER)) AS one_touch, avg(CAST(count_reopens > 0 AS INTEGER)) AS reopened,
      (SELECT avg(CAST(is_satisfied AS INTEGER)) FROM marts.dixa__csat) AS satisfied,
      (SELECT count(rating_score) FROM marts.dixa__csat) AS ratings
    FROM marts.dixa__conversation_metrics`);
  return {
    days: z.array(daySchema).parse(days),
    agents: z.array(agentSchema).parse(agents),
    scores: z.array(scoreSchema).parse(scores),
    totals: totalSchema.parse(totals),
  };
}

/** `48 min`, `3.2 h`, `2.1 d`. */
export function duration(minutes: number | null): string {
  if (minutes === null) return "–";
  if (minutes < 90) return `${Math.round(minutes)} min`;
  return minutes < 2880 ? `${(minutes / 60).toFixed(1)} h` : `${(minutes / 1440).toFixed(1)} d`;
}

/** `83 %`. */
export function percent(share: number | null): string {
  return share === null ? "–" : `${Math.round(share * 100)} %`;
}
