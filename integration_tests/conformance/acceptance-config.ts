import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { parse } from "yaml";
import { z } from "zod";

import { type DixaSimulator } from "../simulators/dixa/index.ts";

const entry = z.strictObject({
  config_path: z.string(),
  spec_path: z.string().optional(),
  status: z.enum(["succeed", "failed", "exception"]).optional(),
  configured_catalog_path: z.string().optional(),
  expect_records: z.strictObject({ path: z.string(), exact_order: z.boolean() }).optional(),
  empty_streams: z.array(z.strictObject({ name: z.string(), bypass_reason: z.string() })).optional(),
  validate_stream_statuses: z.boolean().optional(),
  future_state: z.strictObject({ future_state_path: z.string() }).optional(),
  backward_compatibility_tests_config: z.strictObject({ disable_for_version: z.string() }).optional(),
});
const section = z.strictObject({ tests: z.array(entry).min(1) });

/** `acceptance-test-config.yml` as CAT reads it, at high strictness: every section that it demands is there. */
const schema = z.strictObject({
  connector_image: z.string(),
  test_strictness_level: z.literal("high"),
  acceptance_tests: z.strictObject({
    spec: section,
    connection: section,
    discovery: section,
    basic_read: section,
    full_refresh: section,
    incremental: section,
  }),
});

export type AcceptanceEntry = z.infer<typeof entry>;

export const acceptance = schema.parse(parse(repositoryFile("acceptance-test-config.yml")));

/** A text file, by its path in the repository. */
export function repositoryFile(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
}

export function repositoryJson(path: string): unknown {
  return JSON.parse(repositoryFile(path));
}

/** A configuration of the acceptance tests, with the addresses of this simulator instead of the fixed ones. */
export function configAt(path: string, simulator: DixaSimulator): Record<string, unknown> {
  const config = z.record(z.string(), z.unknown()).parse(repositoryJson(path));
  return { ...config, exports_url: simulator.exportsUrl, api_url: simulator.apiUrl };
}
