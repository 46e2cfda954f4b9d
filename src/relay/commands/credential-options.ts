import { type CommandLine } from "./command-line.ts";
import { givenSecret } from "./given-secret.ts";

const TOKEN_VARIABLE = "DIXA_API_TOKEN";
const SECRET_VARIABLE = "DIXA_WEBHOOK_SECRET";

const NEVER = "never";

export const tokenOption = {
  type: "string",
  requiresArg: true,
  describe: `File with an API token of Dixa, - for standard input. Default: the variable ${TOKEN_VARIABLE}`,
} as const;
export const secretOption = {
  type: "string",
  requiresArg: true,
  describe: `File with the secret from the webhook's page in Dixa, - for standard input. Default: the variable ${SECRET_VARIABLE}`,
} as const;
export const settingOptions = {
  "max-staleness": {
    type: "string",
    requiresArg: true,
    describe:
      "A sync at least so often, such as 6h, though nothing has come; never: events alone cause syncs",
  },
  "switch-on": {
    type: "boolean",
    describe:
      "Whether the relay may switch the webhook on when it is off in Dixa. Needs a token that is kept",
  },
} as const;
/** Of an account that is made. */
export const keepToken = {
  type: "boolean",
  default: false,
  describe: "Have the relay keep the token, to watch deliveries",
} as const;
/** Of an account that there is. */
export const changedKeeping = {
  type: "boolean",
  describe:
    "Have the relay keep the token that is given, to watch deliveries; --no-keep-token: forget the one that it keeps",
} as const;
export const which = {
  type: "string",
  demandOption: true,
  describe: "Id or name of the credential",
} as const;

export function settingsOf({
  maxStaleness,
  switchOn,
}: {
  maxStaleness?: string | undefined;
  switchOn?: boolean | undefined;
}): { max_staleness?: string | null | undefined; dixa_switch_on?: boolean | undefined } {
  return { max_staleness: maxStaleness === NEVER ? null : maxStaleness, dixa_switch_on: switchOn };
}

/** The secrets that are given, which no line shows from then on. */
export function secretsOf(
  given: { dixaTokenFile?: string | undefined; webhookSecretFile?: string | undefined },
  { secrets }: CommandLine,
): { token: string | undefined; secret: string | undefined } {
  const token = givenSecret(given.dixaTokenFile, TOKEN_VARIABLE);
  const secret = givenSecret(given.webhookSecretFile, SECRET_VARIABLE);
  secrets.hide([token ?? "", secret ?? ""]);
  return { token, secret };
}
