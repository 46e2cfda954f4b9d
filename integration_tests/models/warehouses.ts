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

/** How a destination writes its tables. */
export interface TableForm {
  schema: string;
  /** In front of every table's name. */
  prefix: string;
  /** A column's name, for the member of Dixa's row. */
  columnName: (name: string) => string;
  /** Type of nested values. DuckDB has no JSONB, and takes JSON. */
  json: "JSON" | "JSONB" | "VARCHAR";
  /** Type of instants. */
  timestamp: "TIMESTAMP" | "TIMESTAMPTZ" | "VARCHAR";
  /** Whether Airbyte's own columns are there. */
  hasMeta: boolean;
}

/** PyAirbyte's. */
export const LOWER_CASE: TableForm = {
  schema: "dixa",
  prefix: "",
  columnName: (name) => name.toLowerCase(),
  json: "JSON",
  timestamp: "TIMESTAMP",
  hasMeta: true,
};

/** A warehouse with raw tables, and what dbt makes of them. */
export interface Warehouse {
  /** Where PyAirbyte's cache of the same name writes into it. */
  readonly cache: { name: "duckdb" | "postgres"; options: Row; env: Record<string, string> };
  /** Makes the tables if they are not there, and appends the rows: the same row may be there several times. */
  append(tables: readonly RawTable[], form?: TableForm): Promise<void>;
  run(sql: string): Promise<void>;
  /** Rows with timestamps as ISO 8601 text and numbers as numbers. */
  query(sql: string): Promise<Row[]>;
  /** dbt's own output. @param schema where models go @throws Error with the output, when dbt fails */
  dbt(args: readonly string[], vars?: Row, schema?: string): Promise<string>;
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const META: readonly RawColumn[] = [
  { name: "_airbyte_raw_id", kind: "text" },
  { name: "_airbyte_extracted_at", kind: "timestamp" },
  { name: "_airbyte_meta", kind: "json" },
];

function columnsOf({ columns }: RawTable, { hasMeta }: TableForm): readonly RawColumn[] {
  return hasMeta ? [...columns, ...META] : columns;
}

function definitions(table: RawTable, form: TableForm): string[] {
  const types: Record<RawColumn["kind"], string> = {
    integer: "BIGINT",
    text: "VARCHAR",
    boolean: "BOOLEAN",
    json: form.json,
    timestamp: form.timestamp,
  };
  return columnsOf(table, form).map(({ name, kind }) => `${quoted(form.columnName(name))} ${types[kind]}`);
}

function tableName({ name }: RawTable, { schema, prefix }: TableForm): string {
  return `${schema}.${quoted(prefix + name)}`;
}

/** The rows as members of JSON, under the names of the table's columns. */
function written(table: RawTable, form: TableForm): Row[] {
  return table.rows.map(({ row, loadedAt }, index) => {
    const all: Row = {
      ...row,
      _airbyte_raw_id: String(index),
      _airbyte_extracted_at: new Date(loadedAt).toISOString(),
      _airbyte_meta: {},
    };
    const members = columnsOf(table, form).map(({ name, kind }): [string, unknown] => {
      const value = all[name] ?? null;
      const isText = kind === "json" && form.json === "VARCHAR" && value !== null;
      return [form.columnName(name), isText ? JSON.stringify(value) : value];
    });
    return Object.fromEntries(members);
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
function duckDb(folder: string): Warehouse {
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
    cache: { name: "duckdb", options: { db_path: file }, env: {} },
    append: (tables, form = LOWER_CASE) =>
      use(async (connection) => {
        // A zone of its own, as the session of whoever writes may have one.
        await connection.run(`SET TimeZone = 'UTC'; CREATE SCHEMA IF NOT EXISTS ${form.schema}`);
        for (const table of tables) {
          const columns = definitions(table, { ...form, json: form.json === "JSONB" ? "JSON" : form.json });
          await connection.run(
            `CREATE TABLE IF NOT EXISTS ${tableName(table, form)} (${columns.join(", ")})`,
          );
          if (table.rows.length === 0) continue;
          const path = join(folder, `${table.name}.jsonl`);
          await writeFile(
            path,
            written(table, form)
              .map((row) => JSON.stringify(row))
              .join("\n"),
          );
          const types = columns.map((definition) => definition.replace(/^"(.*)" (.*)$/, `'$1': '$2'`));
          await connection.run(`
            INSERT INTO ${tableName(table, form)} BY NAME
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
    dbt: (args, vars = {}, schema = "marts") =>
      runDbt("duckdb", join(folder, "target"), { DIXA_DUCKDB: file, DIXA_TARGET_SCHEMA: schema }, args, vars),
    close: () => Promise.resolve(),
  };
}

/** A PostgreSQL server of its own. */
async function postgres(folder: string): Promise<Warehouse> {
  const server: PostgresServer = await startPostgres();
  const url = await server.createDatabase();
  const client = new pg.Client({ connectionString: url, types });
  await client.connect();
  const { searchParams, pathname } = new URL(url);
  const [socket, database] = [searchParams.get("host") ?? "", pathname.slice(1)];
  const env = { DIXA_PGHOST: socket, DIXA_PGDATABASE: database };
  return {
    cache: {
      name: "postgres",
      // No host: libpq takes the socket's folder from the environment.
      options: { host: "", port: 5432, username: "relay", password: "", database },
      env: { PGHOST: socket },
    },
    async append(tables, form = LOWER_CASE) {
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${form.schema}`);
      for (const table of tables) {
        const columns = definitions(table, form).join(", ");
        await client.query(`CREATE TABLE IF NOT EXISTS ${tableName(table, form)} (${columns})`);
        await client.query(
          `INSERT INTO ${tableName(table, form)} SELECT * FROM jsonb_to_recordset($1::jsonb) AS row (${columns})`,
          [JSON.stringify(written(table, form))],
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
    dbt: (args, vars = {}, schema = "marts") =>
      runDbt("postgres", join(folder, "target"), { ...env, DIXA_TARGET_SCHEMA: schema }, args, vars),
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

/** Both warehouses, for `describe.each`: a name, and how to open one in a folder. */
export const WAREHOUSES: readonly [name: string, open: (folder: string) => Promise<Warehouse>][] = [
  ["DuckDB", (folder) => Promise.resolve(duckDb(folder))],
  ["PostgreSQL", postgres],
];
