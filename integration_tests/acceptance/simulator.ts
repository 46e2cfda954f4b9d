import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";

import { z } from "zod";

import {
  type DixaSimulator,
  type DixaSimulatorOptions,
  startDixaSimulator,
} from "../simulators/dixa/index.ts";
import { API_PORT, EXPORTS_PORT, FIXED_ACCOUNT } from "./fixed-data.ts";

/**
 * The simulator for suites that are not written in TypeScript. It says where it listens in one line of JSON, then takes
 * one command a line on stdin and answers each with one line, and ends with stdin.
 *
 *     node integration_tests/acceptance/simulator.ts '{"conversations": 1000}'   options of the simulator
 *     node integration_tests/acceptance/simulator.ts --fixed                     the account of acceptance-test-config.yml
 *
 * The fixed account listens on fixed ports, which EXPORTS_PORT and API_PORT override (0: any that is free).
 */
const commandSchema = z.discriminatedUnion("do", [
  /** Writes all rows as JSON lines: what a reader must have got. */
  z.object({ do: z.literal("truth"), file: z.string() }),
  /** Changes so many conversations; each gets a cursor of its own from `at` (ms UTC) on. */
  z.object({ do: z.literal("touch"), count: z.int(), at: z.int() }),
]);

async function answer(simulator: DixaSimulator, line: string): Promise<unknown> {
  const command = commandSchema.parse(JSON.parse(line));
  switch (command.do) {
    case "truth":
      return { rows: await writeTruth(simulator, command.file) };
    case "touch":
      for (let index = 0; index < command.count; index++) {
        simulator.dataset.touchConversation(index, command.at + index, { subject: `changed ${index}` });
      }
      return { touched: command.count };
  }
}

async function writeTruth({ dataset }: DixaSimulator, file: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const lines: string[] = [];
  for (const [name, stream] of Object.entries(dataset.streams)) {
    const rows = Array.from(stream.texts());
    counts[name] = rows.length;
    // A line break can only stand between the members of a row.
    for (const row of rows.map((text) => text.replace(/[\r\n]/g, " ")))
      lines.push(`{"stream":${JSON.stringify(name)},"row":${row}}\n`);
  }
  await writeFile(file, lines.join(""));
  return counts;
}

const [argument = "{}"] = process.argv.slice(2);
const options: DixaSimulatorOptions =
  argument === "--fixed"
    ? {
        ...FIXED_ACCOUNT,
        exportsPort: Number(process.env["EXPORTS_PORT"] ?? EXPORTS_PORT),
        apiPort: Number(process.env["API_PORT"] ?? API_PORT),
      }
    : (JSON.parse(argument) as DixaSimulatorOptions);
const simulator = await startDixaSimulator(options);
const say = (value: unknown) => process.stdout.write(JSON.stringify(value) + "\n");
say(simulator.config());
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  void answer(simulator, line).then(say, (error: unknown) => {
    say({ error: String(error) });
  });
});
await once(lines, "close");
await simulator.close();
