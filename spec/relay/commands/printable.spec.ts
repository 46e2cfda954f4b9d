import { describe, expect, test } from "@jest/globals";

import { CommandLine } from "../../../src/relay/commands/command-line.ts";
import { printable } from "../../../src/relay/commands/printable.ts";

describe("what is printed of a name", () => {
  test.each([
    ["Dixa → Snowflake 🙂", "Dixa → Snowflake 🙂"],
    ["\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
    ["a\nsynced: b\r", "a\\u000asynced: b\\u000d"],
    ["\u009b2J", "\\u009b2J"],
    ["\u202eabc\u2028", "\\u202eabc\\u2028"],
  ])("%j is what a terminal does not act on", (name, expected) => {
    expect(printable(name)).toBe(expected);
  });

  test("is that by whatever way it comes to the command line", () => {
    const written: string[] = [];
    const commandLine = new CommandLine((text) => written.push(text));
    commandLine.print("a\u001b[2J\nb");
    expect(written).toEqual(["a\\u001b[2J\\u000ab\n"]);
  });

  test("stays JSON where it is JSON", () => {
    const line = printable(JSON.stringify({ name: "\u009b\u001b" }));
    expect(JSON.parse(line)).toEqual({ name: "\u009b\u001b" });
  });
});
