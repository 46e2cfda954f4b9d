import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, test } from "@jest/globals";
import { z } from "zod";

import { NODE_FLAGS } from "../integration_tests/support/node-flags.ts";

const ROOT = join(import.meta.dirname, "..");
const FLAGS = NODE_FLAGS.join(" ");
const file = (name: string) => readFile(join(ROOT, name), "utf8");

/** What names one of the programs as a file to be run. */
const PROGRAM = /source-dixa\.m?js|dixa-relay\.m?js|src\/(?:connector|relay)\.ts|sourceProgram\(|programOf\(/;

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(?:ts|sh|py|md|ya?ml)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
}

describe("Node runs the programs with the same flags, when they are started", () => {
  test.each(["src/connector.ts", "src/relay.ts"])("by the first line of %s", async (entry) => {
    expect((await file(entry)).split("\n")[0]).toBe(`#!/usr/bin/env -S node ${FLAGS}`);
  });

  test("by the images", async () => {
    const dockerfile = await file("Dockerfile");
    const entrypoints = Array.from(dockerfile.matchAll(/^ENTRYPOINT (.+)$/gm), ([, words]) =>
      z.array(z.string()).parse(JSON.parse(words ?? "")),
    );
    expect(entrypoints).toHaveLength(2);
    for (const words of entrypoints) expect(words).toEqual(expect.arrayContaining([...NODE_FLAGS]));
    expect(dockerfile).toMatch(new RegExp(`^ENV AIRBYTE_ENTRYPOINT=".* ${FLAGS} .*"$`, "m"));
  });

  test("by tests and benchmarks", async () => {
    const starting: string[] = [];
    for (const name of (await Promise.all(["spec", "integration_tests", "bench"].map(filesIn))).flat()) {
      const text = await file(name);
      // Its folder alone is put into PATH, where the program's first line has the flags; and scripts want none.
      const startsNode = /(?<!dirname\()process\.execPath(?!, \["scripts\/)|measure\(/.test(text);
      if (!name.endsWith(".ts") || !startsNode || !PROGRAM.test(text)) continue;
      starting.push(name);
      expect([name, text.includes("...NODE_FLAGS")]).toEqual([name, true]);
    }
    expect(starting).toContain("integration_tests/support/source-process.ts");
    expect(starting).toContain("bench/read-path.ts");
  });

  test("by scripts, compose files and what the docs say", async () => {
    const named = ["package.json", "compose.yaml", "README.md", ...(await filesIn("docs"))];
    const scripts = await filesIn("integration_tests");
    for (const name of [...named, ...scripts.filter((path) => !path.endsWith(".ts"))]) {
      const lines = (await file(name))
        .split("\n")
        .filter((line) => /\bnode\b.*/.test(line) && PROGRAM.test(line));
      expect(lines.filter((line) => !line.includes(FLAGS))).toEqual([]);
    }
  });
});
