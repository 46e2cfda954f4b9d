import { proxySecrets } from "../../http/agents.ts";
import { isEnvironmentError } from "../../http/errors.ts";
import { SecretFilter } from "../../logging/secret-filter.ts";
import { isConfigError } from "../config/config-error.ts";
import { isCommandError } from "./command-error.ts";
import { printable } from "./printable.ts";
import { RelayClient } from "./relay-client.ts";

export const EXIT_FAILED = 1;
export const EXIT_TIMED_OUT = 3;
const EXIT_USAGE = 2;

export const configOption = {
  type: "string",
  requiresArg: true,
  describe: "Configuration file (YAML). Without it, environment variables hold the configuration",
} as const;

/** How a command finds the running relay, and is let in. */
export const clientOptions = {
  url: {
    type: "string",
    requiresArg: true,
    default: process.env["RELAY_URL"] ?? "http://127.0.0.1:8080",
    defaultDescription: "RELAY_URL, or http://127.0.0.1:8080",
    describe: "Address of the running relay",
  },
  token: {
    type: "string",
    requiresArg: true,
    describe: "The relay's admin token. Better given as RELAY_ADMIN_TOKEN, where other users can't see it",
  },
} as const;

/** What all commands share: what they print, without secrets, and how they end the process. */
export class CommandLine {
  readonly secrets = new SecretFilter();
  #isMisused = false;

  readonly #write: (text: string) => void;
  readonly #complain: (text: string) => void;

  /**
   * @param write where answers go. Default: stdout
   * @param complain where faults go. Default: stderr
   */
  constructor(
    write: (text: string) => void = (text) => void process.stdout.write(text),
    complain: (text: string) => void = (text) => void process.stderr.write(text),
  ) {
    this.#write = write;
    this.#complain = complain;
  }

  /** Prints one line, whatever is in it. */
  readonly print = (line: string): void => {
    this.#write(`${printable(this.secrets.apply(line))}\n`);
  };

  /** Runs a command; what goes wrong becomes a message and an exit status. */
  async run(command: () => Promise<number>): Promise<void> {
    // Having told what is wrong with the arguments, yargs calls the command all the same.
    if (this.#isMisused) return;
    this.secrets.hide(proxySecrets());
    try {
      process.exitCode = await command();
    } catch (error) {
      const isExpected = isCommandError(error) || isConfigError(error) || isEnvironmentError(error);
      const message = error instanceof Error ? (isExpected ? error.message : describe(error)) : String(error);
      this.#complain(`dixa-relay: ${this.secrets.apply(message)}\n`);
      process.exitCode = EXIT_FAILED;
    }
  }

  /** Tells what is wrong with the arguments; no command runs any more. */
  misused(message: string): void {
    this.#isMisused = true;
    this.#complain(`${message}\n\nTry: dixa-relay --help\n`);
    process.exitCode = EXIT_USAGE;
  }

  client({ url, token }: { url: string; token?: string | undefined }): RelayClient {
    const given = token ?? process.env["RELAY_ADMIN_TOKEN"] ?? "";
    this.secrets.hide([given]);
    return new RelayClient({ url, token: given });
  }
}

/** A system call that failed says all in its message; anything else is a fault of the program. */
function describe(error: Error): string {
  return "code" in error ? error.message : (error.stack ?? error.message);
}
