#!/usr/bin/env -S node --max-semi-space-size=1
import yargs from "yargs";
import { hideBin } from "yargs/helpers";

import { errorTrace } from "./airbyte/protocol/construct.ts";
import { toConnectorError } from "./dixa/errors.ts";
import { check } from "./source/commands/check.ts";
import { loadConfig } from "./source/commands/config-file.ts";
import { catalogMessage } from "./source/commands/discover.ts";
import { read } from "./source/commands/read.ts";
import { createRuntime, type Runtime } from "./source/commands/runtime.ts";
import { specMessage } from "./source/commands/spec.ts";
import { StopSignals } from "./source/commands/stop-signals.ts";
import { VERSION } from "./version.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** The command line is not one that this program has. */
class UsageError extends Error {}

/** Runs a command; everything that goes wrong becomes an ERROR trace and an exit status. */
async function run(command: (runtime: Runtime) => Promise<boolean>, debug: boolean): Promise<void> {
  const stop = new StopSignals();
  const runtime = createRuntime(stop.signal, debug);
  const { output } = runtime;
  try {
    if (!(await command(runtime))) process.exitCode = EXIT_FAILED;
  } catch (error) {
    if (!runtime.signal.aborted) {
      output.emit(errorTrace(toConnectorError(error), runtime.clock.now()));
      process.exitCode = EXIT_FAILED;
    }
  }
  await output.writer.flush();
  const { failed } = output.writer;
  if (failed.aborted) {
    process.exitCode = EXIT_FAILED;
    const code = (failed.reason as NodeJS.ErrnoException).code;
    // The reader has gone and nobody listens; anything else a person must know.
    if (code !== "EPIPE")
      process.stderr.write(`source-dixa: stdout can't be written: ${String(failed.reason)}\n`);
  }
  stop.finish();
}

const config = {
  type: "string",
  demandOption: true,
  requiresArg: true,
  describe: "File with the configuration (JSON)",
} as const;

const program = yargs(hideBin(process.argv))
  .scriptName("source-dixa")
  .usage("$0 <command>\n\nAirbyte source for Dixa. Messages go to stdout, one JSON object a line.")
  .option("debug", { type: "boolean", default: false, describe: "Log more", global: true })
  .command(
    "spec",
    "Print the connection specification",
    (args) => args,
    ({ debug }) =>
      run(({ output }) => {
        output.emit(specMessage());
        return Promise.resolve(true);
      }, debug),
  )
  .command(
    "check",
    "Check that the configuration works",
    (args) => args.option("config", config),
    ({ config: path, debug }) =>
      run(async (runtime) => {
        await check(path, runtime);
        return true;
      }, debug),
  )
  .command(
    "discover",
    "List the streams and their schemas",
    (args) => args.option("config", { ...config, demandOption: false }),
    ({ config: path, debug }) =>
      run(async ({ clock, output, secrets }) => {
        if (path !== undefined) await loadConfig(path, clock.now(), secrets);
        output.emit(catalogMessage());
        return true;
      }, debug),
  )
  .command(
    "read",
    "Read the configured streams",
    (args) =>
      args
        .option("config", config)
        .option("catalog", { ...config, describe: "File with the configured catalog (JSON)" })
        .option("state", {
          type: "string",
          requiresArg: true,
          describe: "File with the state of an earlier sync (JSON); without it, all is read",
        }),
    ({ config: path, catalog, state, debug }) =>
      run((runtime) => read({ config: path, catalog, state }, runtime), debug),
  )
  .example("$0 check --config config.json", "Is the token right?")
  .example("$0 read --config config.json --catalog catalog.json > rows.jsonl", "Read once, into a file")
  // A path given twice is no list of paths: the last one counts.
  .parserConfiguration({ "duplicate-arguments-array": false, "dot-notation": false })
  .demandCommand(1, "Name a command.")
  .strict()
  .version(VERSION)
  .help()
  .wrap(110)
  .exitProcess(false)
  .fail((message: string | undefined, error: Error | undefined) => {
    // Thrown, since yargs would go on and run the command all the same.
    if (error !== undefined && error.name !== "YError") throw error;
    throw new UsageError(message ?? error?.message);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\nTry: source-dixa --help\n`);
  process.exitCode = EXIT_USAGE;
}
