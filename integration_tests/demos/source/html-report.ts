import { type Answers, duration, percent } from "./answers.ts";

const WIDTH = 640;
const HEIGHT = 200;
const [LEFT, BOTTOM, TOP] = [52, 34, 12];

const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f6fa, #11131a); --card: light-dark(#fff, #1a1d27); --line: light-dark(#e2e5ee, #2c3040);
  --text: light-dark(#1b1f2c, #e8eaf2); --quiet: light-dark(#5b6275, #a0a7bb); --accent: light-dark(#4338ca, #8b8cf9);
  --second: light-dark(#0f766e, #5eead4);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem clamp(1rem, 4vw, 3rem); background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1rem; margin: 0 0 .75rem; } p { color: var(--quiet); margin: .25rem 0 1.5rem; }
.numbers, .charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10rem), 1fr)); }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); margin-top: 1rem; }
section, .numbers div { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem;
  break-inside: avoid; }
dl { margin: 0; } dt { color: var(--quiet); font-size: .85rem; } dd { margin: 0; font-size: 1.6rem; font-weight: 650; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
text { fill: var(--quiet); font-size: 13px; } .grid { stroke: var(--line); } .bar { fill: var(--accent); }
.inner { fill: var(--second); } .key { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0 0; font-size: .85rem; }
.key i { display: inline-block; width: .8rem; height: .8rem; border-radius: 3px; margin-right: .4rem; vertical-align: -1px; background: var(--accent); }
.key i.second { background: var(--second); }
.line { fill: none; stroke: var(--second); stroke-width: 2.5; stroke-linejoin: round; } .area { fill: var(--second); opacity: .15; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .3rem 0; text-align: left; font-weight: 400; }
td { text-align: right; font-variant-numeric: tabular-nums; width: 4.5rem; } td.share { width: 50%; padding: 0 .75rem; }
.share i { display: block; height: .7rem; min-width: 2px; border-radius: 3px; background: var(--accent); }
@media (max-width: 480px) { .numbers { grid-template-columns: 1fr 1fr; } td.share { width: 34%; } td { width: 3.5rem; } text { font-size: 22px; } }
@media print { :root { color-scheme: light; } body { padding: 0; max-width: none; background: #fff; }
  * { print-color-adjust: exact; } .charts { grid-template-columns: 1fr 1fr; } }
`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
}

interface Point {
  day: string;
  value: number | null;
  /** A part of the value, as a bar inside its bar. */
  inner?: number | null;
}

/** A chart over days: bars, or a line with its area. Values are labelled by `label`; `key` says what bars mean. */
function dayChart(
  title: string,
  points: readonly Point[],
  form: "bars" | "line",
  label: (value: number) => string,
  key?: readonly [value: string, inner: string],
): string {
  const most = Math.max(...points.map(({ value }) => value ?? 0), 1);
  const step = (WIDTH - LEFT) / Math.max(points.length, 1);
  const x = (index: number) => LEFT + index * step;
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
  const grid = [0, most / 2, most].map(
    (value) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}"/>` +
      `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end">${label(value)}</text>`,
  );
  const days = points.map(({ day }, index) =>
    index % Math.ceil(points.length / 6) === 0
      ? `<text x="${x(index) + step / 2}" y="${HEIGHT - 6}" text-anchor="middle">${day.slice(5)}</text>`
      : "",
  );
  const middle = (index: number, value: number) =>
    `${(x(index) + step / 2).toFixed(1)},${y(value).toFixed(1)}`;
  const path = points.map(({ value }, index) => middle(index, value ?? 0));
  const shapes =
    form === "bars"
      ? points.flatMap(({ day, value, inner }, index) => [
          rectangle("bar", x(index) + step * 0.15, step * 0.7, y, value, day, label),
          rectangle("inner", x(index) + step * 0.3, step * 0.4, y, inner ?? null, day, label),
        ])
      : [
          `<polygon class="area" points="${middle(0, 0)} ${path.join(" ")} ${middle(points.length - 1, 0)}"/>`,
          `<polyline class="line" points="${path.join(" ")}"/>`,
        ];
  return (
    `<section><h2>${title}</h2><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">` +
    `${[...grid, ...days, ...shapes].join("")}</svg>${key === undefined ? "" : legend(key)}</section>`
  );
}

function rectangle(
  name: string,
  x: number,
  width: number,
  y: (value: number) => number,
  value: number | null,
  day: string,
  label: (value: number) => string,
): string {
  if (value === null) return "";
  return (
    `<rect class="${name}" rx="2" x="${x}" y="${y(value)}" width="${width}" height="${y(0) - y(value)}">` +
    `<title>${day}: ${label(value)}</title></rect>`
  );
}

function legend([value, inner]: readonly [string, string]): string {
  return `<p class="key"><span><i></i>${value}</span><span><i class="second"></i>${inner}</span></p>`;
}

function barTable(title: string, rows: readonly { name: string; value: number }[]): string {
  const most = Math.max(...rows.map(({ value }) => value), 1);
  const lines = rows.map(
    ({ name, value }) =>
      `<tr><th scope="row">${escaped(name)}</th><td class="share"><i style="width:${((100 * value) / most).toFixed(1)}%"></i></td>` +
      `<td>${value.toLocaleString("en")}</td></tr>`,
  );
  return `<section><h2>${title}</h2><table>${lines.join("")}</table></section>`;
}

/** One page that needs nothing else: no network, no script; light and dark, and fit to print. */
export function htmlReport({ days, agents, scores, totals }: Answers, account: string): string {
  const hasBusinessHours = totals.median_business_first_reply !== null;
  const numbers: [string, string][] = [
    ["Conversations", totals.conversations.toLocaleString("en")],
    ["First reply time, median", duration(totals.median_first_reply)],
    ...(hasBusinessHours
      ? [["… in business hours", duration(totals.median_business_first_reply)] satisfies [string, string]]
      : []),
    ["Solved with one reply", percent(totals.one_touch)],
    ["Reopened", percent(totals.reopened)],
    ["CSAT", percent(totals.satisfied)],
  ];
  const span =
    days.length === 0 ? "no days yet" : `${days[0]?.day ?? ""} to ${days.at(-1)?.day ?? ""}, days in UTC`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Support in numbers</title><style>${STYLE}</style>
<h1>Support in numbers</h1><p>${escaped(account)} · ${span}. What each number means: docs/metrics.md.</p>
<dl class="numbers">${numbers.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>
<div class="charts">
${dayChart(
  "First reply time by day, median",
  days.map(({ day, minutes, business_minutes }) => ({ day, value: minutes, inner: business_minutes })),
  "bars",
  duration,
  hasBusinessHours ? ["by the clock", "in business hours"] : undefined,
)}
${dayChart(
  "Backlog at the end of the day",
  days.map(({ day, backlog }) => ({ day, value: backlog })),
  "line",
  (value) => Math.round(value).toLocaleString("en"),
)}
${barTable(
  "Agents' replies",
  agents.map(({ agent, replies }) => ({ name: agent, value: replies })),
)}
${barTable(
  "Ratings by score",
  scores.map(({ score, ratings }) => ({
    name: `${"★".repeat(Math.max(0, Math.min(score, 5)))} ${score}`.trim(),
    value: ratings,
  })),
)}
</div></html>
`;
}
