import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { type Prometheus } from "./prometheus.ts";

export const DASHBOARD = join(import.meta.dirname, "../../deploy/grafana/dixa-relay.json");
/** What Grafana puts in place of its own variables, for a Prometheus that scrapes every second. */
const BUILT_IN: Readonly<Record<string, string>> = { __rate_interval: "10s" };

const target = z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() });
const dashboardSchema = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(target).default([]) })),
  templating: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        query: z.union([z.string(), z.object({ query: z.string() })]),
        allValue: z.string().optional(),
      }),
    ),
  }),
  annotations: z.object({
    list: z.array(
      z.object({
        name: z.string(),
        expr: z.string(),
        titleFormat: z.string().default(""),
        tagKeys: z.string().default(""),
      }),
    ),
  }),
});

export type Dashboard = z.output<typeof dashboardSchema>;

export function parseDashboard(text: string): Dashboard {
  return dashboardSchema.parse(JSON.parse(text));
}

export function readDashboard(): Dashboard {
  return parseDashboard(readFileSync(DASHBOARD, "utf8"));
}

/** Has a Prometheus answer all that the dashboard asks. @returns what is at fault, with its place */
export async function faultsOf(dashboard: Dashboard, prometheus: Prometheus): Promise<string[]> {
  const variables = { ...BUILT_IN };
  const faults: string[] = [];
  for (const { name, query, allValue } of dashboard.templating.list) {
    // The data source itself.
    if (typeof query === "string") continue;
    const [, selector = "", label = ""] = /^label_values\((.+), *(\w+)\)$/.exec(query.query) ?? [];
    const values = await prometheus.labelValues(label, selector);
    if (values.length === 0) faults.push(`variable ${name}: no value`);
    variables[name] = allValue ?? values.join("|");
  }
  const ask = async (where: string, expr: string, labels: readonly string[]) => {
    faults.push(
      ...(await faultsOfQuery(prometheus, substitute(expr, variables), labels)).map(
        (fault) => `${where}: ${fault}`,
      ),
    );
  };
  for (const { title, targets } of dashboard.panels) {
    for (const { refId, expr, legendFormat } of targets) {
      await ask(`${title}, ${refId}`, expr, placeholders(legendFormat));
    }
  }
  for (const { name, expr, titleFormat, tagKeys } of dashboard.annotations.list) {
    const tags = tagKeys.split(",").filter((key) => key !== "");
    await ask(`annotation ${name}`, expr, [...placeholders(titleFormat), ...tags]);
  }
  return faults;
}

async function faultsOfQuery(
  prometheus: Prometheus,
  expr: string,
  labels: readonly string[],
): Promise<string[]> {
  if (expr.includes("$")) return [`a variable that nothing defines: ${expr}`];
  const series = await prometheus.query(expr);
  if (!series.some(({ values }) => values.some((value) => Number.isFinite(value))))
    return [`no series: ${expr}`];
  return labels
    .filter((label) => series.some(({ labels: own }) => !(label in own)))
    .map((label) => `no label ${label}: ${expr}`);
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/{{ *(\w+) *}}/g)].map(([, name = ""]) => name);
}

function substitute(expr: string, variables: Readonly<Record<string, string>>): string {
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => variables[name] ?? whole);
}
