import { resolve } from "node:path";

import yargs from "yargs";
import { hideBin } from "yargs/helpers";

import { runDemo } from "./demo.ts";

const args = await yargs(hideBin(process.argv))
  .scriptName("npm run demo --")
  .usage(
    "$0 [options]\n\nReads Dixa twice, in full and then incrementally, into a DuckDB file. Without --config, the " +
      "bundled simulator plays Dixa.",
  )
  .option("config", {
    type: "string",
    requiresArg: true,
    describe: "Read a real account: file with its configuration (JSON)",
  })
  .option("folder", {
    type: "string",
    default: "demo-data",
    requiresArg: true,
    describe: "Where the DuckDB file and the state are kept",
  })
  .option("conversations", {
    type: "number",
    default: 8000,
    requiresArg: true,
    describe: "Conversations in the simulator",
  })
  .example("$0", "Against the simulator")
  .example("$0 --config mine.json", "Against your account; later runs go on from where the first one ended")
  .strict()
  .version(false)
  .wrap(110)
  .parseAsync();

const { config, folder, conversations } = args;
try {
  await runDemo({ config: config === undefined ? undefined : resolve(config), folder, conversations });
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
