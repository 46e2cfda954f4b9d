import { join } from "node:path";

import yargs from "yargs";
import { hideBin } from "yargs/helpers";

import { runRelayDemo } from "./demo.ts";

/** As shells tell of a program that Ctrl-C has ended. */
const EXIT_INTERRUPTED = 130;

const { folder, conversations, events, keep } = await yargs(hideBin(process.argv))
  .scriptName("npm run demo:relay --")
  .usage(
    "$0 [options]\n\nShows how what happens in a simulated Dixa becomes rows in DuckDB: webhook, relay, Airbyte, source-dixa.",
  )
  .option("folder", {
    type: "string",
    default: "demo-data",
    requiresArg: true,
    describe: "Where the DuckDB file and the relay's files are kept, in a folder of their own",
  })
  .option("conversations", {
    type: "number",
    default: 2000,
    requiresArg: true,
    describe: "Conversations in the simulated account",
  })
  .option("events", {
    type: "number",
    default: 200,
    requiresArg: true,
    describe: "Events of the burst",
  })
  .option("keep", {
    type: "boolean",
    default: false,
    describe: "Go on until Ctrl-C, and show the relay's page",
  })
  .check((given) => given.events >= 1 || "--events must be at least 1")
  .check((given) => given.conversations > given.events || "--conversations must be more than --events")
  .strict()
  .version(false)
  .wrap(110)
  .parseAsync();

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    stop.abort();
  });
}
try {
  await runRelayDemo({ folder: join(folder, "relay"), conversations, events, keep, signal: stop.signal });
} catch (error) {
  if (stop.signal.aborted) {
    process.exitCode = EXIT_INTERRUPTED;
  } else {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
