#!/usr/bin/env -S node --max-semi-space-size=1
import yargs from "yargs";
import { hideBin } from "yargs/helpers";

import { addChangeCommands } from "./relay/commands/change.ts";
import { CommandLine } from "./relay/commands/command-line.ts";
import { addCredentialCommands } from "./relay/commands/credential.ts";
import { addDoctorCommand } from "./relay/commands/doctor.ts";
import { addHealthCommand } from "./relay/commands/health.ts";
import { addServeCommand } from "./relay/commands/serve.ts";
import { addStatusCommand } from "./relay/commands/status.ts";
import { addSubscribeCommand } from "./relay/commands/subscribe.ts";
import { addSyncCommand } from "./relay/commands/sync.ts";
import { RelayProcess } from "./relay/process/process.ts";
import { VERSION } from "./version.ts";

// A reader that has gone – of the log, of a list – is no reason to end.
process.stdout.on("error", ignoreBrokenPipe);
process.stderr.on("error", ignoreBrokenPipe);

const commandLine = new CommandLine();
const program = yargs(hideBin(process.argv))
  .scriptName("dixa-relay")
  .usage(
    "$0 <command>\n\nTurns Dixa's webhooks into syncs of the Airbyte connections that read the same account.",
  );
addServeCommand(program, commandLine, (options, signal) => RelayProcess.start(options, signal));
addSubscribeCommand(program, commandLine);
addSyncCommand(program, commandLine);
addStatusCommand(program, commandLine);
addChangeCommands(program, commandLine);
addCredentialCommands(program, commandLine);
addDoctorCommand(program, commandLine);
addHealthCommand(program, commandLine);

await program
  .example("$0 serve --config relay.yaml", "Run the relay")
  .example("$0 sync --credential 7f0c3f0e-… --wait --timeout 30m", "From cron, Airflow, Dagster")
  .demandCommand(1, "Name a command.")
  .strict()
  .version(VERSION)
  .help()
  .wrap(110)
  .exitProcess(false)
  .fail((message: string | undefined, error: Error | undefined) => {
    commandLine.misused(message ?? String(error));
  })
  .parseAsync();

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
