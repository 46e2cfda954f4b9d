import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";

import { systemClock } from "../../../src/http/clock.ts";
import { DEFAULT_TIMINGS } from "../../../src/relay/coalescer/timings.ts";
import { openStore } from "../../../src/relay/store/open.ts";
import { missingFrom, startLife } from "../support/acknowledged.ts";
import { webhookEvent } from "../support/events.ts";
import { info } from "./suite.ts";

const options = { clock: systemClock, timingsOf: () => DEFAULT_TIMINGS };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-sqlite-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the store's file", () => {
  test("holds every acknowledged event of five lives that ended by SIGKILL (I7)", async () => {
    const path = join(folder, "relay.db");
    const acknowledged: string[] = [];
    for (const name of ["1", "2", "3", "4", "5"]) {
      const life = startLife(path, name);
      await life.reaches(200);
      await life.kill();
      acknowledged.push(...life.acknowledged);
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(1000);
    const store = await openStore(path, options);
    expect(await missingFrom(store, acknowledged)).toEqual([]);
    await store.close();
  }, 60_000);

  test("is written through to the disk by every commit", async () => {
    const path = join(folder, "relay.db");
    const exec = jest.spyOn(DatabaseSync.prototype, "exec");
    await (await openStore(path, options)).close();
    const executed = exec.mock.calls.map(([sql]) => sql);
    exec.mockRestore();
    expect(executed).toEqual(
      expect.arrayContaining(["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"]),
    );
  });

  test("lets everything else go on between two transactions, however many follow each other", async () => {
    const store = await openStore(join(folder, "relay.db"), options);
    const order: string[] = [];
    setImmediate(() => order.push("a request"));
    for (let number = 0; number < 3; number++) {
      await store.ping();
      order.push("transaction");
    }
    await store.close();
    expect(order).toContain("a request");
  });

  test("has syncs found that a replica of an earlier version has left without a time", async () => {
    const path = join(folder, "relay.db");
    const timingsOf = () => ({ ...DEFAULT_TIMINGS, debounce: 0, maxWait: 0, settleDelay: 0 });
    const store = await openStore(path, { ...options, timingsOf });
    await store.upsertConnections("a", [info("one"), info("two")], "sync");
    await store.accept([webhookEvent("a", "1")]);
    await store.apply("two", { type: "park" });
    const other = new DatabaseSync(path);
    // That version knows neither column.
    other.exec("UPDATE relay_connection SET due_at = NULL, first_at = NULL");
    other.exec("UPDATE relay_credential SET look_at = NULL, look_since = NULL");
    other.close();
    expect(await store.take("r", 8)).toEqual([]);
    await store.recover();
    expect((await store.take("r", 8)).map(({ connection }) => connection.connectionId)).toEqual(["one"]);
    await store.close();
  });

  test("makes others wait while another process writes, and fails in the end", async () => {
    const path = join(folder, "relay.db");
    const store = await openStore(path, options);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const accepted = store.accept([webhookEvent("a", "1")]);
    setTimeout(() => {
      other.exec("COMMIT");
    }, 30);
    expect(await accepted).toEqual(["new"]);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.accept([webhookEvent("a", "2")])).rejects.toMatchObject({
      code: "ERR_STORE_UNAVAILABLE",
    });
    other.close();
    await store.close();
  });

  test("that can't be opened is named, with the remedy", async () => {
    const nowhere = join(folder, "nowhere", "relay.db");
    await expect(openStore(nowhere, options)).rejects.toThrow(
      /there is no folder .*nowhere; create it, or mount it/,
    );
    const text = join(folder, "text.db");
    await writeFile(text, "this is no database, and long enough to be told from an empty one ".repeat(20));
    await expect(openStore(text, options)).rejects.toThrow(
      /can't open the store .*text\.db: .*not a database/,
    );
  });

  test("of a later version of the relay is refused, and left as it is", async () => {
    const path = join(folder, "relay.db");
    await (await openStore(path, options)).close();
    const later = new DatabaseSync(path);
    later.exec("INSERT INTO relay_schema (version) VALUES (999)");
    later.close();
    await expect(openStore(path, options)).rejects.toThrow("schema version 999");
  });
});
