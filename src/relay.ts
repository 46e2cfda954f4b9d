#!/usr/bin/env node
import yargs from "yargs";
import { hideBin } from "yargs/helpers";

import { systemClock } from "./http/clock.ts";
import { SecretFilter } from "./logging/secret-filter.ts";
import { isCommandError } from "./relay/commands/command-error.ts";
import { openSubscriptions } from "./relay/commands/open-subscriptions.ts";
import { RelayClient } from "./relay/commands/relay-client.ts";
import { serve } from "./relay/commands/serve.ts";
import { status } from "./relay/commands/status.ts";
import { subscribe } from "./relay/commands/subscribe.ts";
import { sync, type SyncEnd } from "./relay/commands/sync.ts";
import { isConfigError } from "./relay/config/config-error.ts";
import { findCredential, loadRelayConfig } from "./relay/config/load.ts";
import { parseDuration } from "./relay/config/scalars.ts";
import { VERSION } from "./version.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_TIMED_OUT = 3;

const EXIT_OF_SYNC: Readonly<Record<SyncEnd, number>> = {
  succeeded: 0,
  requested: 0,
  failed: EXIT_FAILED,
  timed_out: EXIT_TIMED_OUT,
};

const secrets = new SecretFilter();

function print(line: string): void {
  process.stdout.write(`${secrets.apply(line)}\n`);
}

let isMisused = false;

/** Runs a command; what goes wrong becomes a message and an exit status. */
async function run(command: () => Promise<number>): Promise<void> {
  // Having told what is wrong with the arguments, yargs calls the command all the same.
  if (isMisused) return;
  try {
    process.exitCode = await command();
  } catch (error) {
    const isExpected = isCommandError(error) || isConfigError(error);
    const message = error instanceof Error ? (isExpected ? error.message : describe(error)) : String(error);
    process.stderr.write(`dixa-relay: ${secrets.apply(message)}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

/** A system call that failed says all in its message; anything else is a fault of the program. */
function describe(error: Error): string {
  return "code" in error ? error.message : (error.stack ?? error.message);
}

const configOption = {
  type: "string",
  requiresArg: true,
  describe: "Configuration file (YAML). Without it, environment variables hold the configuration",
} as const;
const url = {
  type: "string",
  requiresArg: true,
  default: process.env["RELAY_URL"] ?? "http://127.0.0.1:8080",
  defaultDescription: "RELAY_URL, or http://127.0.0.1:8080",
  describe: "Address of the running relay",
} as const;
const token = {
  type: "string",
  requiresArg: true,
  describe: "The relay's admin token. Better given as RELAY_ADMIN_TOKEN, where other users can't see it",
} as const;

function clientOf(args: { url: string; token?: string | undefined }): RelayClient {
  const given = args.token ?? process.env["RELAY_ADMIN_TOKEN"] ?? "";
  secrets.hide([given]);
  return new RelayClient({ url: args.url, token: given });
}

const changes = {
  park: "Stop syncing a connection; what happens meanwhile is not forgotten",
  unpark: "Sync a parked connection again",
  retry: "Forget a connection's back-offs and failures, and sync what there is to sync",
} as const;

const program = yargs(hideBin(process.argv))
  .scriptName("dixa-relay")
  .usage(
    "$0 <command>\n\nTurns Dixa's webhooks into syncs of the Airbyte connections that read the same account.",
  )
  .command(
    "serve",
    "Run the relay",
    (args) => args.option("config", configOption),
    ({ config }) =>
      run(async () => {
        await serve(config);
        return 0;
      }),
  )
  .command(
    "subscribe",
    "Have Dixa send its webhooks to the relay, and fetch their secret",
    (args) =>
      args
        .option("config", configOption)
        .option("credential", {
          type: "string",
          requiresArg: true,
          describe: "Id or name of the credential; may be left out when there is only one",
        })
        .option("secret-file", {
          type: "string",
          requiresArg: true,
          describe: "File for the secret. Default: webhook_secrets_file of the credential",
        })
        .option("name", {
          type: "string",
          requiresArg: true,
          default: "dixa-relay",
          describe: "Name of the webhook in Dixa",
        }),
    (args) =>
      run(async () => {
        const { config } = loadRelayConfig({
          path: args.config,
          env: process.env,
          secrets,
          mayLackSecrets: true,
        });
        const credential = findCredential(config, args.credential);
        const { subscriptions, close } = openSubscriptions(credential, systemClock);
        try {
          await subscribe({
            subscriptions,
            credential,
            publicUrl: config.publicUrl,
            secretFile: args.secretFile,
            name: args.name,
            secrets,
            print,
          });
        } finally {
          close();
        }
        return 0;
      }),
  )
  .command(
    "sync",
    "Sync every connection of a credential now",
    (args) =>
      args
        .option("url", url)
        .option("token", token)
        .option("credential", {
          type: "string",
          requiresArg: true,
          demandOption: true,
          describe: "Id of the credential",
        })
        .option("wait", {
          type: "boolean",
          default: false,
          describe: "Wait until each has succeeded. Exit status: 0 all did, 1 one can't, 3 time ran out",
        })
        .option("timeout", {
          type: "string",
          requiresArg: true,
          default: "1h",
          describe: "How long to wait, such as 90s or 2h",
        }),
    (args) => {
      const timeoutMs = parseDuration(args.timeout);
      if (timeoutMs === undefined) {
        usage(`--timeout ${args.timeout} is not a duration. Write it like 90s, 15m or 2h.`);
        return;
      }
      return run(async () => {
        const end = await sync({
          client: clientOf(args),
          clock: systemClock,
          credentialId: args.credential,
          waitMs: args.wait ? timeoutMs : undefined,
          print,
        });
        return EXIT_OF_SYNC[end];
      });
    },
  )
  .command(
    "status",
    "Show how credentials and their connections are",
    (args) =>
      args
        .option("url", url)
        .option("token", token)
        .option("credential", {
          type: "string",
          requiresArg: true,
          describe: "Id of one credential; without it, all are shown",
        })
        .option("json", { type: "boolean", default: false, describe: "Print JSON" }),
    (args) =>
      run(async () => {
        await status({
          client: clientOf(args),
          credentialId: args.credential,
          asJson: args.json,
          now: systemClock.now(),
          print,
        });
        return 0;
      }),
  );

for (const [action, description] of Object.entries(changes) as [keyof typeof changes, string][]) {
  program.command(
    `${action} <connection>`,
    description,
    (args) =>
      args.option("url", url).option("token", token).positional("connection", {
        type: "string",
        demandOption: true,
        describe: "Id of the connection in Airbyte",
      }),
    (args) =>
      run(async () => {
        const { name, connection_id, state_text } = await clientOf(args).change(args.connection, action);
        print(`${name === "" ? connection_id : name}: ${state_text}`);
        return 0;
      }),
  );
}

function usage(message: string): void {
  isMisused = true;
  process.stderr.write(`${message}\n\nTry: dixa-relay --help\n`);
  process.exitCode = EXIT_USAGE;
}

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
    usage(message ?? String(error));
  })
  .parseAsync();
