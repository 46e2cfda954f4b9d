import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll } from "@jest/globals";

import { openSqliteStore } from "../../../src/relay/store/sqlite.ts";
import { type TestDatabase } from "./suite.ts";

/** Makes databases in files of a folder that is removed when the tests of the file are over. */
export function sqliteDatabases(): () => Promise<TestDatabase> {
  const folders: string[] = [];
  afterAll(async () => {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), "relay-sqlite-"));
    folders.push(folder);
    return { open: (options) => openSqliteStore(join(folder, "relay.db"), options) };
  };
}

/** A database for one replica that no crash could survive; for tests of what is above the store. */
export function memoryDatabase(): TestDatabase {
  return { open: (options) => openSqliteStore(":memory:", options) };
}
