import { proxySecrets } from "../../http/agents.ts";
import { systemClock } from "../../http/clock.ts";
import { type Clock } from "../../http/clock.ts";
import { SecretFilter } from "../../logging/secret-filter.ts";
import { createLogger, type Logger } from "../output/logger.ts";
import { Output } from "../output/output.ts";
import { StdoutWriter } from "../output/stdout-writer.ts";

/** What every command works with. */
export interface Runtime {
  output: Output;
  logger: Logger;
  secrets: SecretFilter;
  clock: Clock;
  /** Aborted when the command shall end early: by a signal, or because stdout has failed. */
  signal: AbortSignal;
}

export function createRuntime(signal: AbortSignal, debug: boolean): Runtime {
  const secrets = new SecretFilter();
  secrets.hide(proxySecrets());
  const writer = new StdoutWriter(process.stdout);
  const output = new Output(writer, secrets);
  const isDebug = debug || process.env["LOG_LEVEL"]?.toLowerCase() === "debug";
  const logger = createLogger(
    (message) => {
      output.emit(message);
    },
    isDebug ? "debug" : "info",
  );
  return { output, logger, secrets, clock: systemClock, signal: AbortSignal.any([signal, writer.failed]) };
}
