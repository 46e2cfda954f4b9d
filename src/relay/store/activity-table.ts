import { type Note } from "../coalescer/inputs.ts";
import { type Activity } from "./connection.ts";
import { type Database, type Parameter, type Row, type Transaction } from "./database.ts";
import { noteSchema } from "./rows.ts";
import { storedJson } from "./stored-text.ts";

/** What happened to connections, for people. */
export class ActivityTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async recent(connectionIds: readonly string[], limit: number): Promise<Activity[]> {
    // The last ones of all are among the last ones of each.
    return await this.#read(
      connectionIds,
      `a.number > (SELECT max(b.number) FROM relay_activity b WHERE b.connection_id = i.connection_id) - $2
       ORDER BY a.at DESC, a.connection_id, a.number DESC LIMIT $2`,
      [limit],
    );
  }

  async lastJobs(connectionIds: readonly string[]): Promise<Activity[]> {
    return await this.#read(
      connectionIds,
      `a.number = (SELECT b.number FROM relay_activity b WHERE b.connection_id = i.connection_id
         AND ${this.#database.dialect.jsonText("b.note", "jobId")} IS NOT NULL ORDER BY b.number DESC LIMIT 1)`,
    );
  }

  /** @param which of the rows `a` of a connection `i`; its parameters begin with `$2` */
  async #read(
    connectionIds: readonly string[],
    which: string,
    parameters: readonly Parameter[] = [],
  ): Promise<Activity[]> {
    const ids = JSON.stringify(connectionIds.map((id) => ({ connection_id: id })));
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.all(
          `SELECT a.connection_id, a.at, a.note
           FROM (SELECT connection_id FROM ${this.#database.dialect.rows("$1", { connection_id: "TEXT" })}) AS i
           JOIN relay_activity a ON a.connection_id = i.connection_id AND ${which}`,
          [ids, ...parameters],
        );
        return rows.map(toActivity);
      },
      { isRepeatable: true },
    );
  }

  async purge(instant: number): Promise<void> {
    await this.#database.transaction(
      (transaction) => transaction.all("DELETE FROM relay_activity WHERE at < $1", [instant]),
      { isRepeatable: true },
    );
  }
}

function toActivity({ connection_id: id, at, note }: Row): Activity {
  return { connectionId: String(id), at: Number(at), note: noteSchema.parse(JSON.parse(String(note))) };
}

/** Belongs into the transaction of the state. */
export async function keepNote(transaction: Transaction, connectionId: string, note: Note): Promise<void> {
  await transaction.all(
    `INSERT INTO relay_activity (connection_id, at, number, note) VALUES ($1, $2,
       coalesce((SELECT max(number) FROM relay_activity WHERE connection_id = $1), 0) + 1, $3)`,
    [connectionId, transaction.now, storedJson(note)],
  );
}
