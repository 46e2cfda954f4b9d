import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { z } from "zod";

import { type AirbyteMessage, airbyteMessageSchema } from "../../src/airbyte/protocol/messages.ts";
import { type Column, columnsOf, literal, quoted } from "./columns.ts";

interface Table {
  name: string;
  columns: Column[];
  keys: string[];
  /** Of rows with the same key the largest stays; undefined: the one that came last. */
  cursor: string | undefined;
}

type Catalog = Extract<AirbyteMessage, { type: "CATALOG" }>["catalog"];
type State = Extract<AirbyteMessage, { type: "STATE" }>["state"];

/** What one sync has brought to one stream. */
export interface Loaded {
  rows: number;
  /** Rows of the table before and after. */
  before: number;
  after: number;
}

const RECORD_HEAD = Buffer.from('{"type":"RECORD","record":{"stream":"');
const QUOTE = 0x22;
/** DuckDB refuses a line that is longer. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

/**
 * A small destination: loads what a source puts out into tables of a DuckDB file, one row a primary key, and keeps
 * the state. Records are gathered in files and merged in one transaction; the state is kept after that, so that a
 * crash in between repeats rows and never loses one.
 */
export class DuckDbDestination {
  readonly file: string;
  readonly stateFile: string;
  readonly #folder: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  #tables = new Map<string, Table>();

  private constructor(folder: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#folder = folder;
    this.file = join(folder, "dixa.duckdb");
    this.stateFile = join(folder, "state.json");
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @param folder is made if it isn't there; keeps `dixa.duckdb` and `state.json` */
  static async open(folder: string): Promise<DuckDbDestination> {
    await mkdir(folder, { recursive: true });
    const instance = await DuckDBInstance.create(join(folder, "dixa.duckdb"));
    return new DuckDbDestination(folder, instance, await instance.connect());
  }

  /** Makes the tables of the streams that a source has discovered. */
  async prepare(catalog: Catalog): Promise<void> {
    for (const stream of catalog.streams) {
      const keys = (stream.source_defined_primary_key ?? []).flatMap(([name = []]) => name);
      const cursor = stream.default_cursor_field?.[0];
      if (keys.length === 0) throw new Error(`${stream.name} has no key`);
      const columns = columnsOf(stream.json_schema);
      this.#tables.set(stream.name, { name: stream.name, columns, keys, cursor });
      const definitions = columns.map(({ name, type }) => `${quoted(name)} ${type}`);
      definitions.push(`PRIMARY KEY (${keys.map(quoted).join(", ")})`);
      await this.#connection.run(
        `CREATE TABLE IF NOT EXISTS ${quoted(stream.name)} (${definitions.join(", ")})`,
      );
    }
  }

  /**
   * Takes all lines of a `read`, then merges what they brought.
   *
   * @param onMessage is told everything that is no record
   */
  async load(
    lines: AsyncIterable<Buffer>,
    onMessage: (message: AirbyteMessage) => void = () => undefined,
  ): Promise<Map<string, Loaded>> {
    const stages = new Map<string, { file: WriteStream; path: string; rows: number }>();
    const states = await this.#states();
    for await (const line of lines) {
      const name = streamOf(line);
      if (name === undefined) {
        const message = airbyteMessageSchema.parse(JSON.parse(line.toString("utf8")));
        if (message.type === "STATE") states.set(descriptorOf(message.state), message.state);
        onMessage(message);
        continue;
      }
      let stage = stages.get(name);
      if (stage === undefined) {
        const path = join(this.#folder, `${name}.stage.jsonl`);
        stages.set(name, (stage = { file: createWriteStream(path), path, rows: 0 }));
      }
      stage.rows++;
      stage.file.write(line);
      if (!stage.file.write("\n")) await once(stage.file, "drain");
    }
    const loaded = new Map<string, Loaded>();
    for (const table of this.#tables.values()) {
      const before = await this.count(table.name);
      const stage = stages.get(table.name);
      if (stage !== undefined) {
        stage.file.end();
        await once(stage.file, "close");
        await this.#merge(table, stage.path);
        await rm(stage.path);
      }
      loaded.set(table.name, { rows: stage?.rows ?? 0, before, after: await this.count(table.name) });
    }
    await writeFile(this.stateFile, JSON.stringify([...states.values()], null, 2));
    return loaded;
  }

  /** The rows of a query, with big integers as JavaScript's. */
  async query(sql: string): Promise<Record<string, unknown>[]> {
    const reader = await this.#connection.runAndReadAll(sql);
    return reader.getRowObjectsJS();
  }

  /** Runs statements that give no rows. */
  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  async count(table: string): Promise<number> {
    const [row] = await this.query(`SELECT count(*) AS n FROM ${quoted(table)}`);
    return Number(row?.["n"]);
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #merge({ name, columns, keys, cursor }: Table, path: string): Promise<void> {
    const fields = columns.map(({ name: field, type }) => `${quoted(field)} ${type}`).join(", ");
    const picked = columns.map(({ name: field }) => `record.data.${quoted(field)} AS ${quoted(field)}`);
    const newest = [...(cursor === undefined ? [] : [`${quoted(cursor)} DESC`]), "record.emitted_at DESC"];
    await this.#connection.run(`
      INSERT OR REPLACE INTO ${quoted(name)}
      SELECT ${picked.join(", ")}
      FROM read_json(
        ${literal(path)}, format = 'newline_delimited', maximum_object_size = ${LONGEST_LINE_BYTES},
        columns = {record: ${literal(`STRUCT(data STRUCT(${fields}), emitted_at BIGINT)`)}}
      )
      QUALIFY row_number() OVER (
        PARTITION BY ${keys.map(quoted).join(", ")} ORDER BY ${newest.join(", ")}
      ) = 1`);
  }

  async #states(): Promise<Map<string, State>> {
    const text = await readFile(this.stateFile, "utf8").catch(() => "[]");
    const states = z.array(z.custom<State>()).parse(JSON.parse(text));
    return new Map(states.map((state) => [descriptorOf(state), state]));
  }
}

/** The stream of a RECORD line, told by its first bytes; undefined for other messages. */
function streamOf(line: Buffer): string | undefined {
  if (line.compare(RECORD_HEAD, 0, RECORD_HEAD.length, 0, RECORD_HEAD.length) !== 0) return undefined;
  return line.toString("utf8", RECORD_HEAD.length, line.indexOf(QUOTE, RECORD_HEAD.length));
}

function descriptorOf(state: State): string {
  return state.stream?.stream_descriptor.name ?? "";
}
