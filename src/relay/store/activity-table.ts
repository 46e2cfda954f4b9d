import { type Note } from "../coalescer/inputs.ts";
import { type Activity } from "./connection.ts";
import { type Database, type Transaction } from "./database.ts";
import { noteSchema } from "./rows.ts";

/** What happened to connections, for people. */
export class ActivityTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async recent(connectionId: string, limit: number): Promise<Activity[]> {
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.all(
          "SELECT at, note FROM relay_activity WHERE connection_id = $1 ORDER BY number DESC LIMIT $2",
          [connectionId, limit],
        );
        return rows.map(({ at, note }) => ({
          connectionId,
          at: Number(at),
          note: noteSchema.parse(JSON.parse(String(note))),
        }));
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

/** Belongs into the transaction of the state. */
export async function keepNote(transaction: Transaction, connectionId: string, note: Note): Promise<void> {
  await transaction.all(
    `INSERT INTO relay_activity (connection_id, at, number, note) VALUES ($1, $2,
       coalesce((SELECT max(number) FROM relay_activity WHERE connection_id = $1), 0) + 1, $3)`,
    [connectionId, transaction.now, JSON.stringify(note)],
  );
}
