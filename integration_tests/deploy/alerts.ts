import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

const ROOT = join(import.meta.dirname, "../..");
export const RULES = join(ROOT, "deploy/prometheus/dixa-relay.rules.yaml");
export const UNIT_TESTS = join(ROOT, "deploy/prometheus/dixa-relay.tests.yaml");

const rule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(["critical", "warning", "info"]) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook: z.string() }),
});
const rulesFile = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(rule) })),
});
const testsFile = z.looseObject({
  tests: z.array(
    z.looseObject({
      promql_expr_test: z.array(
        z.object({
          expr: z.string(),
          eval_time: z.string(),
          exp_samples: z.array(z.object({ labels: z.string(), value: z.number() })).default([]),
        }),
      ),
    }),
  ),
});

export type Alert = z.output<typeof rule>;

export function readAlerts(): Alert[] {
  return rulesFile.parse(parse(readFileSync(RULES, "utf8"))).groups.flatMap(({ rules }) => rules);
}

/** What the unit tests expect at one moment: the labels of those alerts of the name that fire. */
export interface Expectation {
  alert: string;
  firing: string[];
}

export function readExpectations(): Expectation[] {
  const { tests } = testsFile.parse(parse(readFileSync(UNIT_TESTS, "utf8")));
  return tests
    .flatMap((unit) => unit.promql_expr_test)
    .map(({ expr, exp_samples: samples }) => ({
      alert: /alertname="(\w+)"/.exec(expr)?.[1] ?? "",
      firing: samples.map(({ labels }) => labels),
    }));
}
