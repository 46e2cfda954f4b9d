import { type Argv } from "yargs";

import { clientOptions, type CommandLine } from "./command-line.ts";

const CHANGES = {
  park: "Stop syncing a connection; what happens meanwhile is not forgotten",
  unpark: "Sync a parked connection again",
  forget: "Forget a connection that is deleted in Airbyte or carries another credential now",
  retry: "Forget a connection's back-offs and failures, and sync what there is to sync",
} as const;

/** What a person can do to one connection. */
export function addChangeCommands(program: Argv, commandLine: CommandLine): void {
  for (const [action, description] of Object.entries(CHANGES) as [keyof typeof CHANGES, string][]) {
    program.command(
      `${action} <connection>`,
      description,
      (args) =>
        args.options(clientOptions).positional("connection", {
          type: "string",
          demandOption: true,
          describe: "Id of the connection in Airbyte",
        }),
      (args) =>
        commandLine.run(async () => {
          const changed = await commandLine.client(args).change(args.connection, action);
          const { name, connection_id, state_text } = changed;
          const now = action === "forget" ? "forgotten" : state_text;
          commandLine.print(`${name === "" ? connection_id : name}: ${now}`);
          return 0;
        }),
    );
  }
}
