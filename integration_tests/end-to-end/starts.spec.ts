import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

import { describe, expect, test } from "@jest/globals";

import { NODE_FLAGS } from "../support/node-flags.ts";

const DIST = join(import.meta.dirname, "../../dist");
const PRETEND = (version: string) =>
  `data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;

interface End {
  code: number | null;
  stdout: string;
  stderr: string;
}

function endOf(file: string, args: readonly string[]): Promise<End> {
  return new Promise((resolve) => {
    const child = execFile(file, args, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

/** Another Node of this machine that is too old; undefined if it has none. */
async function oldNode(): Promise<string | undefined> {
  const nodes = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node"));
  for (const node of nodes.filter((path) => existsSync(path))) {
    const { stdout } = await endOf(node, ["--version"]);
    if (Number(/^v(\d+)/.exec(stdout)?.[1]) < 24) return node;
  }
  return undefined;
}

describe.each(["source-dixa", "dixa-relay"])("dist/%s.js", (name) => {
  const program = join(DIST, `${name}.js`);
  const refusal = (version: string) =>
    new RegExp(
      `^${name} needs Node\\.js 24\\.18 or newer, and this is ${version.replaceAll(".", "\\.")}\\.\n$`,
    );

  test("has Node's flags in its first line", async () => {
    expect((await readFile(program, "utf8")).split("\n")[0]).toBe(
      `#!/usr/bin/env -S node ${NODE_FLAGS.join(" ")}`,
    );
    expect(await endOf(program, ["--version"])).toMatchObject({ code: 0, stderr: "" });
  });

  test.each(["18.20.4", "23.11.0", "24.17.9"])("refuses Node %s in one sentence", async (version) => {
    const end = await endOf(process.execPath, ["--import", PRETEND(version), program, "--help"]);
    expect(end).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(refusal(version)) as unknown });
  });

  test.each(["24.18.0", "25.0.0"])("takes Node %s", async (version) => {
    const end = await endOf(process.execPath, ["--import", PRETEND(version), program, "--version"]);
    expect(end).toMatchObject({ code: 0, stderr: "" });
  });

  test("refuses an old Node of this machine, where there is one", async () => {
    const node = await oldNode();
    if (node === undefined) return;
    const version = (await endOf(node, ["--version"])).stdout.trim().slice(1);
    const end = await endOf(node, [program, "--help"]);
    expect(end).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(refusal(version)) as unknown });
  });
});
