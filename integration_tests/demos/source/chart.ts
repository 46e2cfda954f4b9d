const BAR_WIDTH = 14;
const NAME_WIDTH = 16;

export interface DayAndQueue {
  /** `2026-11-24`, UTC. */
  day: string;
  queue: string;
  conversations: number;
}

/** Conversations a day and queue as bars, one line a day, the busiest queues side by side. */
export function queueChart(counts: readonly DayAndQueue[], queuesShown = 4): string {
  if (counts.length === 0) return "  no conversations in this time";
  const totals = Map.groupBy(counts, ({ queue }) => queue);
  const queues = [...totals]
    .map(([queue, rows]) => ({ queue, total: rows.reduce((sum, row) => sum + row.conversations, 0) }))
    .sort((a, b) => b.total - a.total)
    .slice(0, queuesShown)
    .map(({ queue }) => queue);
  const most = Math.max(...counts.map(({ conversations }) => conversations));
  const cell = (value: number) => {
    const bar = "█".repeat(Math.round((value / most) * BAR_WIDTH)) || (value > 0 ? "▏" : "");
    return `${bar} ${value}`.padEnd(BAR_WIDTH + 6);
  };
  const header = queues.map((queue) => queue.slice(0, NAME_WIDTH).padEnd(BAR_WIDTH + 6)).join("");
  const lines = [...new Set(counts.map(({ day }) => day))].sort().map((day) => {
    const cells = queues.map((queue) => {
      const found = counts.find((row) => row.day === day && row.queue === queue);
      return cell(found?.conversations ?? 0);
    });
    return `  ${day}  ${cells.join("")}`;
  });
  return [`  ${"".padEnd(12)}${header}`, ...lines].map((line) => line.trimEnd()).join("\n");
}
