import { catalogMessage } from "../../../src/source/commands/discover.ts";
import { DuckDbDestination } from "../../duckdb/destination.ts";
import { type SyncRun } from "../../simulators/airbyte/index.ts";

/** What Airbyte's jobs load into: a DuckDB file, in which one can look when a row arrived. */
export class Warehouse {
  readonly #destination: DuckDbDestination;
  /** When what a job has read was loaded, ms UTC, by its id. */
  readonly loadedAt = new Map<number, number>();

  private constructor(destination: DuckDbDestination) {
    this.#destination = destination;
  }

  static async open(folder: string): Promise<Warehouse> {
    const destination = await DuckDbDestination.open(folder);
    const message = catalogMessage();
    if (message.type !== "CATALOG") throw new Error("discover prints a catalog");
    const streams = message.catalog.streams.filter(({ name }) => name in TABLES);
    await destination.prepare({ streams });
    return new Warehouse(destination);
  }

  get file(): string {
    return this.#destination.file;
  }

  readonly load = async ({ job }: SyncRun, lines: AsyncIterable<Buffer>): Promise<void> => {
    await this.#destination.load(lines);
    this.loadedAt.set(job.jobId, Date.now());
  };

  /** Rows by table, in words. */
  async contents(): Promise<string> {
    const counts = [];
    for (const [table, name] of Object.entries(TABLES)) {
      counts.push(`${(await this.#destination.count(table)).toLocaleString("en")} ${name}`);
    }
    return counts.join(", ");
  }

  /** How many of these conversations are there as closed. */
  async closed(ids: readonly number[]): Promise<number> {
    const [row] = await this.#destination.query(
      `SELECT count(*)::INTEGER AS n FROM conversations
       WHERE id IN (${ids.join(", ")}) AND status = 'closed' AND closed_at = updated_at`,
    );
    return Number(row?.["n"]);
  }

  close(): void {
    this.#destination.close();
  }
}

const TABLES = { conversations: "conversations", messages: "messages", activity_logs: "activity logs" };
