import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { DuckDbDestination } from "../integration_tests/duckdb/destination.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SHIPPED = join(ROOT, "models/compiled/duckdb.sql");
/** The tables that the shipped SQL reads; without the other optional streams, which leave columns null. */
const STREAMS = ["conversations", "messages", "activity_logs", "business_hours"];

const manifestSchema = z.object({
  nodes: z.record(
    z.string(),
    z.looseObject({
      resource_type: z.string(),
      name: z.string(),
      compiled_code: z.string().optional(),
      config: z.looseObject({ materialized: z.string().optional() }),
      depends_on: z.looseObject({ nodes: z.array(z.string()).optional() }),
    }),
  ),
});
type Nodes = z.infer<typeof manifestSchema>["nodes"];

/** The models in an order in which each comes after those that it reads; only what marts need. */
function inOrder(nodes: Nodes): string[] {
  const order = new Set<string>();
  const visit = (id: string): void => {
    const node = nodes[id];
    if (node?.resource_type !== "model" || order.has(id)) return;
    for (const parent of node.depends_on.nodes?.toSorted() ?? []) visit(parent);
    order.add(id);
  };
  for (const id of Object.keys(nodes).sort()) if (nodes[id]?.name.startsWith("dixa__") === true) visit(id);
  return [...order];
}

/** Compiles the dbt package for DuckDB tables as the demo's destination makes them. @throws Error with dbt's output */
async function compile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dixa-compile-"));
  try {
    const { catalog } = z
      .object({ catalog: z.object({ streams: z.array(z.looseObject({ name: z.string() })) }) })
      .parse(JSON.parse(await readFile(join(ROOT, "spec/golden/catalog.json"), "utf8")));
    const streams = catalog.streams.filter(({ name }) => STREAMS.includes(name));
    const destination = await DuckDbDestination.open(folder);
    await destination.prepare({ streams } as Parameters<DuckDbDestination["prepare"]>[0]);
    destination.close();
    const profiles = join(ROOT, "integration_tests/models");
    const target = join(folder, "target");
    const run = spawnSync(
      join(ROOT, ".venv/models/bin/dbt"),
      [
        ...["--no-send-anonymous-usage-stats", "--no-use-colors", "compile", "--quiet", "--target", "duckdb"],
        ...["--project-dir", join(ROOT, "models"), "--profiles-dir", profiles],
        ...["--target-path", target, "--log-path", target, "--vars", '{"dixa_schema": "main"}'],
      ],
      { env: { ...process.env, DIXA_DUCKDB: destination.file }, encoding: "utf8" },
    );
    if (run.status !== 0)
      throw new Error(`dbt compile failed: ${run.error?.message ?? ""}${run.stdout}${run.stderr}`);
    const { nodes } = manifestSchema.parse(JSON.parse(await readFile(join(target, "manifest.json"), "utf8")));
    const statements = inOrder(nodes).map((id) => {
      const { name = "", compiled_code = "", config } = nodes[id] ?? {};
      const kind = config?.materialized === "view" ? "VIEW" : "TABLE";
      return `CREATE OR REPLACE ${kind} marts.${name} AS\n${compiled_code.trim()};\n`;
    });
    const head =
      "-- Made by npm run models:compile from models/, for tables as npm run demo makes them. Don't edit.\n" +
      "CREATE SCHEMA IF NOT EXISTS marts;\n";
    return [head, ...statements].join("\n").replace(/[ \t]+$/gm, "");
  } finally {
    await rm(folder, { recursive: true });
  }
}

const compiled = await compile();
if (process.argv.includes("--check")) {
  const shipped = await readFile(SHIPPED, "utf8").catch(() => "");
  if (shipped !== compiled) {
    process.stderr.write(
      "models/compiled/duckdb.sql is not what models/ gives: run npm run models:compile\n",
    );
    process.exitCode = 1;
  }
} else await writeFile(SHIPPED, compiled);
