import { type Input } from "../coalescer/inputs.ts";
import { type Applied, type Connection } from "./connection.ts";
import { CONNECTIONS, toConnection } from "./connection-rows.ts";
import { type ConnectionSteps } from "./connection-steps.ts";
import { type Database, type Parameter } from "./database.ts";

/** Connections, and what the coalescer knows of them. */
export class ConnectionTable {
  readonly #database: Database;
  readonly #steps: ConnectionSteps;

  constructor(database: Database, steps: ConnectionSteps) {
    this.#database = database;
    this.#steps = steps;
  }

  async apply(connectionId: string, input: Input): Promise<Applied | undefined> {
    return await this.#database.transaction(
      async (transaction) => {
        const { forUpdate } = this.#database.dialect;
        const connection = await this.#steps.lock(transaction, connectionId, forUpdate);
        return connection === undefined ? undefined : await this.#steps.step(transaction, connection, input);
      },
      // An answer that has been applied already is ignored.
      { isRepeatable: true },
    );
  }

  /** How far the events have settled is told of a single connection alone: it costs a statement each. */
  async list(where: {
    credentialId?: string | undefined;
    connectionId?: string | undefined;
  }): Promise<Connection[]> {
    const conditions: string[] = [];
    const parameters: Parameter[] = [];
    for (const [column, value] of [
      ["c.credential_id", where.credentialId],
      ["c.connection_id", where.connectionId],
    ] as const) {
      if (value === undefined) continue;
      parameters.push(value);
      conditions.push(`${column} = $${parameters.length}`);
    }
    const filter = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    return await this.#database.transaction(
      async (transaction) => {
        const rows = await transaction.all(
          `${CONNECTIONS} ${filter} ORDER BY c.name, c.connection_id`,
          parameters,
        );
        const connections = rows.map(toConnection);
        if (where.connectionId === undefined) return connections;
        const settled: Connection[] = [];
        for (const connection of connections) {
          const { demand } = await this.#steps.settledContext(transaction, connection);
          settled.push({ ...connection, demand });
        }
        return settled;
      },
      { isRepeatable: true },
    );
  }

  /** Takes a connection out, with its history, if `mayForget` says so of it. @returns it, and whether it was */
  async forget(
    connectionId: string,
    mayForget: (connection: Connection) => boolean,
  ): Promise<{ connection: Connection; isForgotten: boolean } | undefined> {
    return await this.#database.transaction(
      async (transaction) => {
        const connection = await this.#steps.lock(
          transaction,
          connectionId,
          this.#database.dialect.forUpdate,
        );
        if (connection === undefined) return undefined;
        if (!mayForget(connection)) return { connection, isForgotten: false };
        await transaction.all("DELETE FROM relay_activity WHERE connection_id = $1", [connectionId]);
        await transaction.all("DELETE FROM relay_connection WHERE connection_id = $1", [connectionId]);
        return { connection, isForgotten: true };
      },
      { isRepeatable: true },
    );
  }

  async ids(): Promise<string[]> {
    const rows = await this.#database.transaction(
      (transaction) => transaction.all("SELECT connection_id FROM relay_connection"),
      { isRepeatable: true },
    );
    return rows.map(({ connection_id: id }) => String(id));
  }
}
