import fetch from "node-fetch";
import { type Argv } from "yargs";

import { CommandError } from "./command-error.ts";
import { clientOptions, type CommandLine } from "./command-line.ts";

/** Longer than the relay itself takes to find out, ms. */
const TIMEOUT_MS = 4000;

export function addHealthCommand(program: Argv, commandLine: CommandLine): void {
  program.command(
    "health",
    "Tell whether the relay accepts webhooks: exit status 0 if it does, 1 if not",
    (args) => args.option("url", clientOptions.url),
    ({ url }) =>
      commandLine.run(async () => {
        await health(url);
        commandLine.print("ok");
        return 0;
      }),
  );
}

/**
 * Resolves when the relay at this address accepts webhooks. What a container's health check runs.
 *
 * @throws CommandError that says what it answered instead
 */
export async function health(url: string, timeoutMs = TIMEOUT_MS): Promise<void> {
  const address = `${url.replace(/\/+$/, "")}/readyz`;
  if (!URL.canParse(address) || !/^https?:/.test(address)) {
    throw new CommandError(`${url} is no address of a relay. Give one such as http://127.0.0.1:8080.`);
  }
  let status: number;
  try {
    const response = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    await response.text();
    status = response.status;
  } catch (error) {
    const isLate = error instanceof Error && error.name === "AbortError";
    throw new CommandError(
      `Nothing answers at ${address}${isLate ? ` within ${timeoutMs} ms` : ""}. Is the relay running, and is it the address after --url?`,
      { cause: error },
    );
  }
  if (status !== 200) {
    throw new CommandError(
      `The relay does not accept webhooks now: ${address} answered with status ${status}.`,
    );
  }
}
