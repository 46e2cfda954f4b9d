import { afterAll, beforeAll } from "@jest/globals";

import { type TestDatabase } from "../../spec/relay/store/suite.ts";
import { openPostgresStore } from "../../src/relay/store/postgres.ts";
import { type PostgresServer, startPostgres } from "./server.ts";

/** Makes databases on a server that runs as long as the tests of the file. */
export function postgresDatabases(): { create: () => Promise<TestDatabase>; server: () => PostgresServer } {
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
  });
  const running = () => {
    if (server === undefined) throw new Error("PostgreSQL is not running");
    return server;
  };
  return {
    server: running,
    create: async () => {
      const url = await running().createDatabase();
      return { open: (options) => openPostgresStore(url, { ...options, poolSize: 4 }) };
    },
  };
}
