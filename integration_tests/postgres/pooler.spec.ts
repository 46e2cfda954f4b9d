import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";

import { afterEach, expect, test } from "@jest/globals";

import { webhookEvent } from "../../spec/relay/support/events.ts";
import { DEFAULT_TIMINGS } from "../../src/relay/coalescer/timings.ts";
import { openPostgresStore } from "../../src/relay/store/postgres.ts";
import { postgresDatabases } from "./databases.ts";

const { server } = postgresDatabases();
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** What PgBouncer lets pass of a connection's start; it refuses any other parameter (its `ignore_startup_parameters`). */
const KNOWN: ReadonlySet<string> = new Set([
  "application_name",
  "client_encoding",
  "database",
  "datestyle",
  "standard_conforming_strings",
  "timezone",
  "user",
]);

/** Stands before PostgreSQL like PgBouncer, as far as the start of connections is concerned. */
async function pooler(socketPath: string, seen: string[]): Promise<number> {
  const pool = createServer((client) => {
    client.on("error", () => undefined);
    client.once("data", (message) => {
      const names = parametersOf(message);
      seen.push(...names);
      const unknown = names.find((name) => !KNOWN.has(name.toLowerCase()));
      if (unknown === undefined) relay(client, connect(socketPath), message);
      else client.end(refusal(`unsupported startup parameter: ${unknown}`));
    });
  });
  pool.listen(0, "127.0.0.1");
  await once(pool, "listening");
  ends.push(async () => {
    pool.close();
    await once(pool, "close");
  });
  return (pool.address() as AddressInfo).port;
}

function relay(client: Socket, database: Socket, first: Buffer): void {
  database.on("error", () => undefined);
  database.write(first);
  client.pipe(database);
  database.pipe(client);
}

/** The names in a start-up message: its length, its version, and then names and values, each ended by a zero. */
function parametersOf(message: Buffer): string[] {
  const texts = message.subarray(8, message.readInt32BE(0)).toString("utf8").split("\0");
  return texts.filter((text, index) => index % 2 === 0 && text !== "");
}

/** ErrorResponse of the protocol. */
function refusal(text: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C08P01\0M${text}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

test("a pooler that refuses start-up parameters which it does not know has none to refuse", async () => {
  const address = new URL(await server().createDatabase());
  const seen: string[] = [];
  const port = await pooler(join(address.searchParams.get("host") ?? "", ".s.PGSQL.5432"), seen);
  const store = await openPostgresStore(`postgresql://relay@127.0.0.1:${port}${address.pathname}`, {
    timingsOf: () => DEFAULT_TIMINGS,
    patience: 1000,
  });
  ends.push(() => store.close());
  expect(await store.accept([webhookEvent("a", "1")])).toEqual(["new"]);
  expect(seen).toContain("user");
});

test("the stand-in for such a pooler refuses what PgBouncer refuses", async () => {
  const address = new URL(await server().createDatabase());
  const port = await pooler(join(address.searchParams.get("host") ?? "", ".s.PGSQL.5432"), []);
  const url = `postgresql://relay@127.0.0.1:${port}${address.pathname}?options=-c%20statement_timeout%3D5000`;
  await expect(openPostgresStore(url, { timingsOf: () => DEFAULT_TIMINGS, patience: 500 })).rejects.toThrow(
    "unsupported startup parameter: options",
  );
});
