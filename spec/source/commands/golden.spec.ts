import { readFile } from "node:fs/promises";

import { describe, expect, test } from "@jest/globals";

import { VERSION } from "../../../src/version.ts";
import { endOf, messagesIn, startProgram } from "../../support/program.ts";

const run = (...args: string[]) => endOf(startProgram("dist/source-dixa.js", args));

async function golden(name: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(`../../golden/${name}`, import.meta.url), "utf8"));
}

describe("what the platform is told", () => {
  test.each([
    ["spec", "spec.json"],
    ["discover", "catalog.json"],
  ])("is what was reviewed: %s prints spec/golden/%s in one line", async (command, file) => {
    for (const flags of [[], ["--debug"]]) {
      const end = await run(command, ...flags);
      expect(messagesIn(end)).toEqual([await golden(file)]);
      expect([end.code, end.stderr]).toEqual([0, ""]);
    }
  });

  test.each(["scripts/golden.ts", "scripts/stream-tables.ts"])("is compared by %s too", async (script) => {
    expect(await endOf(startProgram(script, ["--check"]))).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
});

describe("help", () => {
  test("names every command and how to begin, in lines that fit a terminal", async () => {
    const { code, stdout, stderr } = await run("--help");
    expect([code, stderr]).toEqual([0, ""]);
    for (const word of [
      "spec",
      "check",
      "discover",
      "read",
      "--debug",
      "--config",
      "Examples:",
      "rows.jsonl",
    ]) {
      expect(stdout).toContain(word);
    }
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(110);
  });

  test("of a command tells its files and which of them are needed", async () => {
    const { stdout } = await run("read", "--help");
    expect(stdout).toMatch(/--config .*\[required\]/);
    expect(stdout).toMatch(/--catalog .*\[required\]/);
    expect(stdout).toMatch(/--state .*without it, all is read/);
  });

  test("and version are for people, on stdout", async () => {
    expect(await run("--version")).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
  });
});

describe("a command line that is wrong ends with status 2, with a word on stderr, and with nothing done", () => {
  test.each([
    ["nothing at all", [], "Name a command."],
    ["an unknown command", ["write"], "Unknown argument: write"],
    ["an unknown flag", ["spec", "--fast"], "Unknown argument: fast"],
    ["one word too many", ["spec", "spec"], "Unknown argument: spec"],
    ["check without a configuration", ["check"], "Missing required argument: config"],
    ["a flag without its value", ["check", "--config"], "Not enough arguments following: config"],
    ["read without a catalog", ["read", "--config", "config.json"], "Missing required argument: catalog"],
    ["read without anything", ["read"], "Missing required arguments: config, catalog"],
  ])("%s", async (_, args, message) => {
    expect(await run(...args)).toEqual({
      code: 2,
      signal: null,
      stdout: "",
      stderr: `${message}\n\nTry: source-dixa --help\n`,
    });
  });
});
