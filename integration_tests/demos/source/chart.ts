import { type Answers, duration, percent } from "./answers.ts";

const BAR_WIDTH = 22;
const TIMES_WIDTH = BAR_WIDTH + 26;
const DAYS_SHOWN = 10;

function bar(value: number, most: number, width = BAR_WIDTH): string {
  return "█".repeat(Math.round((value / Math.max(most, 1)) * width)) || (value > 0 ? "▏" : "");
}

/** The answers as bars for a terminal. */
export function answerCharts({ days, agents, scores, totals }: Answers): string {
  const shown = days.slice(-DAYS_SHOWN);
  const mostMinutes = Math.max(...shown.map(({ minutes }) => minutes ?? 0));
  const mostBacklog = Math.max(...shown.map(({ backlog }) => backlog));
  const byDay = shown.map(({ day, minutes, business_minutes, backlog }) => {
    const business = business_minutes === null ? "" : ` (${duration(business_minutes)})`;
    const reply = `${bar(minutes ?? 0, mostMinutes)} ${duration(minutes)}${business}`.padEnd(TIMES_WIDTH);
    return `  ${day}  ${reply}${bar(backlog, mostBacklog)} ${backlog}`;
  });
  const mostReplies = Math.max(...agents.map(({ replies }) => replies), 1);
  const byAgent = agents.map(
    ({ agent, replies }) => `  ${agent.padEnd(18)}  ${bar(replies, mostReplies)} ${replies}`,
  );
  const mostRatings = Math.max(...scores.map(({ ratings }) => ratings), 1);
  const byScore = scores.map(({ score, ratings }) => `  ${score}  ${bar(ratings, mostRatings)} ${ratings}`);
  const head = `first reply time, median${totals.median_business_first_reply === null ? "" : " (in business hours)"}`;
  return [
    `  ${"day (UTC)".padEnd(12)}${head.padEnd(TIMES_WIDTH)}backlog at the day's end`,
    ...byDay,
    "",
    "Agents' replies in the last three weeks:",
    "",
    ...byAgent,
    "",
    `CSAT: ${percent(totals.satisfied)} of ${totals.ratings.toLocaleString("en")} ratings are 4 or 5`,
    "",
    ...byScore,
  ].join("\n");
}
