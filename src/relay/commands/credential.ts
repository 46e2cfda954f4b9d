import { type Argv } from "yargs";

import { tell, tellOfRemoval } from "./account-words.ts";
import { CommandError } from "./command-error.ts";
import { clientOptions, type CommandLine } from "./command-line.ts";
import {
  changedKeeping,
  keepToken,
  secretOption,
  secretsOf,
  settingOptions,
  settingsOf,
  tokenOption,
  which,
} from "./credential-options.ts";
import { type RelayClient } from "./relay-client.ts";

/** Credentials that are made, changed and removed while the relay runs. */
export function addCredentialCommands(program: Argv, commandLine: CommandLine): void {
  program.command(
    "credential",
    "Add, rename, set, rotate or remove a Dixa account while the relay runs",
    (args) =>
      args
        .command(
          "add <name>",
          "Add a Dixa account. With a token of Dixa, the relay makes the webhook",
          (add) =>
            add
              .options(clientOptions)
              .positional("name", { type: "string", demandOption: true, describe: "How it is called" })
              .options({
                id: { type: "string", requiresArg: true, describe: "Its UUID. Default: a new one" },
                "dixa-token-file": tokenOption,
                "webhook-secret-file": secretOption,
                "keep-token": keepToken,
                ...settingOptions,
              }),
          (given) =>
            commandLine.run(async () => {
              const { token, secret } = secretsOf(given, commandLine);
              const outcome = await commandLine.client(given).createCredential({
                credential_id: given.id,
                name: given.name,
                webhook_secret: secret,
                dixa_token: token,
                keep_token: given.keepToken,
                ...settingsOf(given),
              });
              tell(outcome, commandLine.print);
              return 0;
            }),
        )
        .command(
          "rename <credential> <name>",
          "Give a Dixa account another name",
          (rename) =>
            rename
              .options(clientOptions)
              .positional("credential", which)
              .positional("name", { type: "string", demandOption: true, describe: "The new name" }),
          (given) =>
            commandLine.run(async () => {
              const client = commandLine.client(given);
              const id = await find(client, given.credential);
              tell(await client.changeCredential(id, { name: given.name }), commandLine.print);
              return 0;
            }),
        )
        .command(
          "set <credential>",
          "Change how a Dixa account is synced and watched",
          (set) =>
            set
              .options(clientOptions)
              .positional("credential", which)
              .options({ ...settingOptions, "dixa-token-file": tokenOption, "keep-token": changedKeeping }),
          (given) =>
            commandLine.run(async () => {
              const { keepToken: keeps } = given;
              if (keeps !== true && given.dixaTokenFile !== undefined) {
                throw new CommandError(
                  "set does nothing with a token but keep it. Add --keep-token, or leave --dixa-token-file out.",
                );
              }
              const client = commandLine.client(given);
              const id = await find(client, given.credential);
              const changes = {
                ...settingsOf(given),
                ...(keeps === true ? { dixa_token: secretsOf(given, commandLine).token } : {}),
                keep_token: keeps,
              };
              tell(await client.changeCredential(id, changes), commandLine.print);
              return 0;
            }),
        )
        .command(
          "rotate <credential>",
          "Change the secret of its webhook: to one that is given, or to a new one that Dixa makes",
          (rotate) =>
            rotate
              .options(clientOptions)
              .positional("credential", which)
              .options({
                "dixa-token-file": tokenOption,
                "webhook-secret-file": secretOption,
                overlap: {
                  type: "string",
                  requiresArg: true,
                  describe: "How long the old secret still counts. Default: 24h",
                },
              }),
          (given) =>
            commandLine.run(async () => {
              const { overlap } = given;
              const { token, secret } = secretsOf(given, commandLine);
              const client = commandLine.client(given);
              const id = await find(client, given.credential);
              const outcome =
                secret === undefined
                  ? await client.rotateCredential(id, { dixa_token: token, overlap })
                  : await client.changeCredential(id, { webhook_secret: secret, overlap });
              tell(outcome, commandLine.print);
              return 0;
            }),
        )
        .command(
          "remove <credential>",
          "Remove a Dixa account: its webhooks are refused from then on, its connections no longer synced",
          (remove) =>
            remove
              .options(clientOptions)
              .positional("credential", which)
              .options({
                webhook: {
                  type: "boolean",
                  default: false,
                  describe: "Take its webhook away in Dixa, too, with the token that is kept or given",
                },
                "dixa-token-file": tokenOption,
              }),
          (given) =>
            commandLine.run(async () => {
              const { token } = secretsOf(given, commandLine);
              const client = commandLine.client(given);
              const id = await find(client, given.credential);
              tellOfRemoval(await client.removeCredential(id, given.webhook, token), commandLine.print);
              return 0;
            }),
        )
        .demandCommand(1, "Name what to do: add, rename, set, rotate or remove."),
  );
}

/** @throws CommandError that lists what there is */
async function find(client: Pick<RelayClient, "credentials">, idOrName: string): Promise<string> {
  const all = await client.credentials();
  const wanted = idOrName.toLowerCase();
  const matches = all.filter(({ credential_id: id, name }) => id === wanted || name.toLowerCase() === wanted);
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match.credential_id;
  const list = (matches.length > 1 ? matches : all)
    .slice(0, 20)
    .map(({ credential_id: id, name }) => `${id} (${name})`);
  throw new CommandError(
    `The relay has ${matches.length === 0 ? "no" : "more than one"} credential “${idOrName}”. Name one of: ${list.join(", ")}.`,
  );
}
