import { type Argv } from "yargs";

import { toConnectorError } from "../../dixa/errors.ts";
import {
  type DeliveryStatus,
  type Subscription,
  type SubscriptionRequest,
  type Subscriptions,
} from "../../dixa/webhooks/subscriptions.ts";
import { systemClock } from "../../http/clock.ts";
import { isHttpStatusError } from "../../http/errors.ts";
import { type SecretFilter } from "../../logging/secret-filter.ts";
import { isAccountProblem } from "../accounts/account-problem.ts";
import { authorizationOf, DEFAULT_NAME, secretOf, setUpWebhook } from "../accounts/dixa-webhook.ts";
import { openSubscriptions } from "../accounts/open-subscriptions.ts";
import { findCredential, loadRelayConfig } from "../config/load.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { CommandError } from "./command-error.ts";
import { type CommandLine, configOption } from "./command-line.ts";
import { addSecret } from "./secrets-file.ts";

export interface SubscribeOptions {
  subscriptions: Pick<Subscriptions, "create" | "deliveryStatus" | "get" | "list" | "switchTo" | "update">;
  credential: CredentialConfig;
  publicUrl: string | undefined;
  /** Where the secret goes; undefined: the file that the configuration names, if it names one. */
  secretFile: string | undefined;
  /** The webhook's name in Dixa. */
  name: string;
  /** Whether to switch off what sends the account's events to another address of the relay. */
  switchesOffOld: boolean;
  secrets: SecretFilter;
  print: (line: string) => void;
}

export function addSubscribeCommand(program: Argv, commandLine: CommandLine): void {
  program.command(
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
          default: DEFAULT_NAME,
          describe: "Name of the webhook in Dixa",
        })
        .option("switch-off-old", {
          type: "boolean",
          default: false,
          describe: "Switch off webhooks that Dixa sends to an address of the relay from before",
        }),
    ({ config: path, credential: idOrName, secretFile, name, switchOffOld: switchesOffOld }) =>
      commandLine.run(async () => {
        const { secrets, print } = commandLine;
        const { config } = loadRelayConfig({ path, env: process.env, secrets, mayLackSecrets: true });
        const credential = findCredential(config, idOrName);
        const { publicUrl } = config;
        const { id, dixaApiToken: token, dixaApiUrl: url } = credential;
        if (token === undefined) throw new CommandError(lacksToken(id));
        const { subscriptions, close } = openSubscriptions({ token, url }, systemClock);
        try {
          const options = { credential, publicUrl, secretFile, name, switchesOffOld };
          await subscribe({ subscriptions, secrets, print, ...options });
        } finally {
          close();
        }
        return 0;
      }),
  );
}

function lacksToken(id: string): string {
  return (
    `The credential ${id} has no dixa_api_token (or dixa_api_token_file) in the configuration. Make a token in Dixa ` +
    "under Settings > Integrations > API tokens, with “Dixa API” as the API version."
  );
}

/**
 * Has Dixa send its webhooks to the relay: creates the subscription, or brings the one with the same address up to
 * date, and puts its secret where the relay will read it. May be run again at any time.
 *
 * @throws CommandError
 */
export async function subscribe(options: SubscribeOptions): Promise<void> {
  const { credential, publicUrl, print } = options;
  const url = webhookUrl(publicUrl, credential.id);
  if (url === null) {
    throw new CommandError(
      "public_url is missing in the configuration. It is the address at which Dixa reaches the relay, such as https://relay.example.com.",
    );
  }
  if (!url.startsWith("https:")) {
    print(
      `note: ${url} is plain http; Dixa may refuse it, and whoever listens on the way reads the webhooks`,
    );
  }
  const request: SubscriptionRequest = {
    name: options.name,
    url,
    authorization: authorizationOf(credential.auth),
    events: credential.events.apiEvents,
    enabled: true,
  };
  try {
    const subscription = await createOrUpdate(request, options);
    await keepSecret(subscription, options);
    tellOfDelivery(await options.subscriptions.deliveryStatus(subscription.id), print);
  } catch (error) {
    throw asCommandError(error);
  }
}

async function createOrUpdate(
  request: SubscriptionRequest,
  { subscriptions, print, switchesOffOld }: SubscribeOptions,
): Promise<Subscription> {
  const { subscription, isNew, notes, keptName } = await setUpWebhook(subscriptions, request, {
    switchOff: switchesOffOld ? (id) => subscriptions.switchTo(id, false) : undefined,
  });
  for (const note of notes) print(`note: ${note}`);
  if (keptName !== undefined) print(`note: it keeps its name in Dixa, ${keptName}; give another by --name`);
  print(
    `${isNew ? "created" : "updated"}: Dixa sends ${request.events.length} events to ${request.url} (subscription ${subscription.id})`,
  );
  return subscription;
}

async function keepSecret(subscription: Subscription, options: SubscribeOptions): Promise<void> {
  const { subscriptions, credential, secrets, print } = options;
  const secret = await secretOf(subscriptions, subscription);
  if (secret === undefined) {
    throw new CommandError(
      "Dixa did not give the subscription's secret. Copy it from the webhook's page in Dixa (Settings > Integrations > Webhooks).",
    );
  }
  secrets.hide([secret]);
  if (credential.auth.mode === "signature" && credential.auth.secrets.includes(secret)) {
    print("secret: the relay's configuration has it already");
    return;
  }
  const file = options.secretFile ?? credential.secretsFile;
  if (file === undefined) {
    print(
      "secret: not written anywhere. Name a file with --secret-file and put webhook_secrets_file: <that file> into the " +
        "configuration, or copy the secret from the webhook's page in Dixa into webhook_secrets.",
    );
    return;
  }
  const isNew = await addSecret(file, secret);
  print(
    isNew
      ? `secret: written to ${file}; a relay that reads it from there takes it up within seconds`
      : `secret: ${file} has it already`,
  );
  if (credential.secretsFile === undefined) {
    print(`secret: let webhook_secrets_file of this credential name ${file}`);
  }
}

function tellOfDelivery(statuses: readonly DeliveryStatus[], print: (line: string) => void): void {
  const delivered = statuses.filter(({ last }) => last !== undefined);
  if (delivered.length === 0) {
    print("delivery: Dixa has not sent anything lately");
    return;
  }
  for (const { event, last } of delivered) {
    const how = last?.succeeded === true ? "arrived" : "failed";
    const details = [last?.status, last?.text, last?.at].filter((part) => part !== undefined && part !== "");
    print(`delivery: ${event} ${how} (${details.join(", ")})`);
  }
}

function asCommandError(error: unknown): unknown {
  if (error instanceof Error && error.name === "CommandError") return error;
  if (isAccountProblem(error)) return new CommandError(error.message, { cause: error });
  const isRefused = isHttpStatusError(error) && error.status === 400;
  const said = isRefused ? ` Dixa says: ${error.bodyText}` : "";
  return new CommandError(`${toConnectorError(error).message}${said}`, { cause: error });
}
