import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";

const PYTHON = fileURLToPath(new URL("../../.venv/other-models/bin/python", import.meta.url));
const LISTEN = fileURLToPath(new URL("other-warehouses/listen.py", import.meta.url));

jest.setTimeout(600_000);

const heardSchema = z.object({
  full: z.record(z.string(), z.int()),
  incremental: z.record(z.string(), z.int()),
  columns: z.record(z.string(), z.array(z.string())),
});

async function listen(args: readonly string[], input = ""): Promise<{ code: number | null; output: string }> {
  const child = spawn(PYTHON, [LISTEN, ...args], {
    env: { PATH: process.env["PATH"] ?? "", DO_NOT_TRACK: "1", PYTHONDONTWRITEBYTECODE: "1" },
  });
  child.stdin.end(input);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

async function heardBy(dialect: string): Promise<z.output<typeof heardSchema>> {
  const folder = await mkdtemp(join(tmpdir(), `dixa-${dialect}-`));
  try {
    const { code, output } = await listen([dialect, folder]);
    if (code !== 0) throw new Error(output);
    return heardSchema.parse(JSON.parse(output.trim().split("\n").at(-1) ?? ""));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const lower = (columns: readonly string[] = []) => columns.map((name) => name.toLowerCase());

describe("on warehouses that are not here", () => {
  test("every statement is one of Snowflake's, or of BigQuery's, and reads columns that are there", async () => {
    const [snowflake, bigQuery] = await Promise.all([heardBy("snowflake"), heardBy("bigquery")]);
    const models = Object.keys(snowflake.columns).filter((name) => !name.endsWith("__dbt_tmp"));
    expect(models.filter((name) => name.startsWith("stg_dixa__")).length).toBeGreaterThanOrEqual(27);
    expect(models).toEqual(
      expect.arrayContaining(["dixa__conversation_metrics", "dixa__daily_backlog", "dixa__csat"]),
    );
    for (const { full } of [snowflake, bigQuery]) expect(full["create"]).toBe(models.length);
    // Snowflake takes rows out and puts them in again; BigQuery merges one row a conversation, and makes the rest anew.
    expect(snowflake.incremental).toMatchObject({ insert: 3 });
    expect(bigQuery.incremental).toMatchObject({ merge: 1 });
    for (const model of models) expect(lower(snowflake.columns[model])).toEqual(bigQuery.columns[model]);
  });

  test.each(["snowflake", "bigquery"])("what is wrong on %s is heard", async (dialect) => {
    const right = ["select 1 as one", "select id from analytics.dixa.conversations"];
    const wrong = [
      "select nothing_like_it from analytics.dixa.conversations",
      "select id from analytics.dixa.no_such_table",
      "select from where",
      "select id as one two three from analytics.dixa.messages",
    ];
    const { output } = await listen([dialect, "--judge"], JSON.stringify([...right, ...wrong]));
    expect(JSON.parse(output)).toEqual([true, true, false, false, false, false]);
  });
});
