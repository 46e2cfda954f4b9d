import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "@jest/globals";

import { FileWatch } from "../../../src/relay/config/file-watch.ts";

let folder: string;
let file: string;
let watch: FileWatch;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "relay-watch-"));
  file = join(folder, "relay.yaml");
  writeFileSync(file, "a");
  watch = new FileWatch();
  await watch.take([file]);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a file that stays the same is no change", async () => {
  expect([await watch.hasSettledChange(), await watch.hasSettledChange()]).toEqual([false, false]);
});

test("a change counts once it has settled, and no longer when it is taken", async () => {
  writeFileSync(file, "ab");
  expect(await watch.hasSettledChange()).toBe(false);
  writeFileSync(file, "abc");
  expect(await watch.hasSettledChange()).toBe(false);
  expect(await watch.hasSettledChange()).toBe(true);
  await watch.take([file]);
  expect([await watch.hasSettledChange(), await watch.hasSettledChange()]).toEqual([false, false]);
});

test("a file that is exchanged by renaming has changed, though it is as long", async () => {
  writeFileSync(join(folder, "new"), "b");
  renameSync(join(folder, "new"), file);
  await watch.hasSettledChange();
  expect(await watch.hasSettledChange()).toBe(true);
});

test("a file behind a link that is turned has changed, as Kubernetes does it", async () => {
  for (const name of ["1", "2"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "secret"), name);
  }
  symlinkSync("1", join(folder, "..data"));
  symlinkSync("..data/secret", join(folder, "secret"));
  await watch.take([join(folder, "secret")]);
  symlinkSync("2", join(folder, "..new"));
  renameSync(join(folder, "..new"), join(folder, "..data"));
  await watch.hasSettledChange();
  expect(await watch.hasSettledChange()).toBe(true);
});

test("a file that comes, and one that goes, is a change", async () => {
  const other = join(folder, "other");
  await watch.turnTo([file, other]);
  writeFileSync(other, "x");
  await watch.hasSettledChange();
  expect(await watch.hasSettledChange()).toBe(true);
  await watch.take([file, other]);
  rmSync(other);
  await watch.hasSettledChange();
  expect(await watch.hasSettledChange()).toBe(true);
});

test("what changes while the files are read is seen afterwards", async () => {
  await watch.take([file]);
  writeFileSync(file, "written while it is read");
  await watch.turnTo([file]);
  await watch.hasSettledChange();
  expect(await watch.hasSettledChange()).toBe(true);
});
