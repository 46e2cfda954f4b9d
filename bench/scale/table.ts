import { type Figures, type Look, type Paced } from "./measure.ts";

/** How a figure is called, and what it is in one installation. */
const ROWS: readonly [name: string, of: (figures: Figures) => string][] = [
  ["all connections wait, CPU ms/s", ({ waiting }) => waiting.toFixed(1)],
  ["200 webhooks/s, CPU ms/s", ({ at200 }) => at200.cpu.toFixed(0)],
  ["… acknowledged, p50 / p99 / slowest, ms", ({ at200 }) => latency(at200)],
  ["… event loop held up at most, ms", ({ at200 }) => at200.stallMs.toFixed(0)],
  ["1,000 webhooks/s, CPU ms/s", ({ at1000 }) => at1000.cpu.toFixed(0)],
  ["… acknowledged, p50 / p99 / slowest, ms", ({ at1000 }) => latency(at1000)],
  ["… event loop held up at most, ms", ({ at1000 }) => at1000.stallMs.toFixed(0)],
  ["first mapping, s", ({ mapping }) => mapping.seconds.toFixed(1)],
  ["… at 200/s meanwhile, p50 / p99 / slowest, ms", ({ mapping }) => latency(mapping)],
  ["… event loop held up at most, ms", ({ mapping }) => mapping.stallMs.toFixed(0)],
  ["GET /metrics, ms (CPU ms)", ({ metrics }) => answer(metrics)],
  ["GET /v1/credentials, ms (CPU ms)", ({ list }) => answer(list)],
  ["GET /v1/credentials/:id, ms (CPU ms)", ({ connections }) => answer(connections)],
  ["page, list of accounts, ms (CPU ms)", ({ page }) => answer(page)],
  ["page, one account, ms (CPU ms)", ({ account }) => answer(account)],
  ["RSS at the end, MiB", ({ rssMiB }) => rssMiB.toFixed(0)],
];

/** As Markdown: a row a figure, a column an installation. */
export function tableOf(measured: ReadonlyMap<string, Figures>): string {
  const lines = [
    ["", ...measured.keys()],
    ...ROWS.map(([name, of]) => [name, ...[...measured.values()].map(of)]),
  ];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const text = lines.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [text[0], rule, ...text.slice(1)].join("\n");
}

function latency({ load: { p50, p99, max } }: Pick<Paced, "load">): string {
  return `${p50.toFixed(1)} / ${p99.toFixed(1)} / ${max.toFixed(0)}`;
}

function answer({ ms, cpuMs }: Look): string {
  return `${ms.toFixed(0)} (${cpuMs.toFixed(0)})`;
}
