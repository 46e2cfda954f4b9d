import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { DuckDBInstance } from "@duckdb/node-api";
import pg from "pg";

import { literal, quoted } from "../duckdb/columns.ts";
import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { type RawColumn, type RawTable } from "./raw-tables.ts";

type Row = Record<string, unknown>;

/** Bigints and decimals as numbers; timestamps, which are in UTC, as Dates; dates as midnight UTC. */
const types = new pg.TypeOverrides();
const { INT8, NUMERIC, TIMESTAMP, DATE } = pg.types.builtins;
for (const type of [INT8, NUMERIC]) types.setTypeParser(type, Number);
for (const type of [TIMESTAMP, DATE])
  types.setTypeParser(type, (text) => new Date(`${text.replace(" ", "T")}Z`));

/** A warehouse with raw tables in the schema `dixa`, and what dbt makes of them in `marts`. */
export interface Warehouse {
  /** Makes the tables if they are not there, and appends the rows: the same row may be there several times. */
  append(tables: readonly RawTable[]): Promise<void>;
  run(sql: string): Promise<void>;
  /** Rows with timestamps as ISO 8601 text and numbers as numbers. */
  query(sql: string): Promise<Row[]>;
  /** dbt's own output. @throws Error with it, when dbt fails */
  dbt(args: readonly string[], vars?: Row): Promise<string>;
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const META = ["_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta"];

const TYPES: Record<"duckdb" | "postgres", Record<RawColumn["kind"], string>> = {
  duckdb: { integer: "BIGINT", text: "VARCHAR", boolean: "BOOLEAN", json: "JSON", timestamp: "TIMESTAMP" },
  postgres: { integer: "BIGINT", text: "VARCHAR", boolean: "BOOLEAN", json: "JSON", timestamp: "TIMESTAMP" },
};

function definitions(kind: keyof typeof TYPES, columns: readonly RawColumn[]): string {
  // PyAirbyte's columns are in lower case.
  const own = columns.map((column) => `${quoted(column.name.toLowerCase())} ${TYPES[kind][column.kind]}`);
  const [, loadedAt] = META;
  return [
    ...own,
    `"_airbyte_raw_id" VARCHAR`,
    `"${loadedAt ?? ""}" TIMESTAMP`,
    `"_airbyte_meta" ${TYPES[kind].json}`,
  ].join(", ");
}

function lowered({ columns, rows }: RawTable): Row[] {
  return rows.map(({ row, loadedAt }, index) => {
    const own = columns.map(({ name }) => [name.toLowerCase(), row[name] ?? null]);
    const at = new Date(loadedAt).toISOString().replace("Z", "");
    return {
      ...(Object.fromEntries(own) as Row),
      _airbyte_raw_id: String(index),
      _airbyte_extracted_at: at,
      _airbyte_meta: {},
    };
  });
}

async function runDbt(
  target: string,
  folder: string,
  env: Record<string, string>,
  args: readonly string[],
  vars: Row,
): Promise<string> {
  const dbt = join(ROOT, ".venv/models/bin/dbt");
  const child = spawn(
    dbt,
    [
      "--no-send-anonymous-usage-stats",
      "--no-use-colors",
      ...args,
      ...[
        "--project-dir",
        join(ROOT, "models"),
        "--profiles-dir",
        fileURLToPath(new URL(".", import.meta.url)),
      ],
      ...["--target", target, "--target-path", folder, "--log-path", folder, "--vars", JSON.stringify(vars)],
    ],
    {
      env: { PATH: process.env["PATH"] ?? "", TZ: "Asia/Kolkata", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`dbt ${args.join(" ")} ended with ${code ?? "a signal"}:\n${output}`);
  return output;
}

/** DuckDB, in a file of this folder; opened for each step alone, since dbt wants the file for itself. */
export function duckDb(folder: string): Warehouse {
  const file = join(folder, "warehouse.duckdb");
  const use = async <T>(
    work: (connection: Awaited<ReturnType<DuckDBInstance["connect"]>>) => Promise<T>,
  ): Promise<T> => {
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    try {
      return await work(connection);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  };
  return {
    append: (tables) =>
      use(async (connection) => {
        await connection.run("CREATE SCHEMA IF NOT EXISTS dixa");
        for (const table of tables) {
          const columns = definitions("duckdb", table.columns);
          await connection.run(`CREATE TABLE IF NOT EXISTS dixa.${quoted(table.name)} (${columns})`);
          if (table.rows.length === 0) continue;
          const path = join(folder, `${table.name}.jsonl`);
          await writeFile(
            path,
            lowered(table)
              .map((row) => JSON.stringify(row))
              .join("\n"),
          );
          const types = columns
            .split(", ")
            .map((definition) => definition.replace(/^"(.*)" (.*)$/, `'$1': '$2'`));
          await connection.run(`
            INSERT INTO dixa.${quoted(table.name)} BY NAME
            FROM read_json(${literal(path)}, format = 'newline_delimited', columns = {${types.join(", ")}})`);
          await rm(path);
        }
      }),
    run: (sql) =>
      use(async (connection) => {
        await connection.run(sql);
      }),
    query: (sql) =>
      use(async (connection) => {
        const reader = await connection.runAndReadAll(sql);
        return reader.getRowObjectsJS().map(plain);
      }),
    dbt: (args, vars = {}) => runDbt("duckdb", join(folder, "target"), { DIXA_DUCKDB: file }, args, vars),
    close: () => Promise.resolve(),
  };
}

/** A PostgreSQL server of its own. */
export async function postgres(folder: string): Promise<Warehouse & { url: string }> {
  const server: PostgresServer = await startPostgres();
  const url = await server.createDatabase();
  const client = new pg.Client({ connectionString: url, types });
  await client.connect();
  const { searchParams, pathname } = new URL(url);
  const env = {
    DIXA_PGHOST: searchParams.get("host") ?? "",
    DIXA_PGDATABASE: pathname.slice(1),
  };
  return {
    url,
    async append(tables) {
      await client.query("CREATE SCHEMA IF NOT EXISTS dixa");
      for (const table of tables) {
        const columns = definitions("postgres", table.columns);
        await client.query(`CREATE TABLE IF NOT EXISTS dixa.${quoted(table.name)} (${columns})`);
        await client.query(
          `INSERT INTO dixa.${quoted(table.name)} SELECT * FROM jsonb_to_recordset($1::jsonb) AS row (${columns})`,
          [JSON.stringify(lowered(table))],
        );
      }
    },
    async run(sql) {
      await client.query(sql);
    },
    async query(sql) {
      const { rows } = await client.query<Row>(sql);
      return rows.map(plain);
    },
    dbt: (args, vars = {}) => runDbt("postgres", join(folder, "target"), env, args, vars),
    async close() {
      await client.end();
      await server.stop();
    },
  };
}

function plain(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString();
  return value;
}
