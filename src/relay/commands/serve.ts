import { type Argv } from "yargs";

import { proxySecrets } from "../../http/agents.ts";
import { type Clock, systemClock } from "../../http/clock.ts";
import { SecretFilter } from "../../logging/secret-filter.ts";
import { type LoadedConfig, loadRelayConfig } from "../config/load.ts";
import { createRelayLogger, type Logger } from "../telemetry/log.ts";
import { type CommandLine, configOption } from "./command-line.ts";

/** Starts one replica of the relay. It is given from above, where the replica is put together. */
export type StartRelay = (
  options: {
    loaded: LoadedConfig;
    load: () => LoadedConfig;
    logger: Logger;
    secrets: SecretFilter;
    clock: Clock;
  },
  signal: AbortSignal,
) => Promise<{ stop(hurry: AbortSignal): Promise<void>; reload(why: string): Promise<void> }>;

export function addServeCommand(program: Argv, commandLine: CommandLine, start: StartRelay): void {
  program.command(
    "serve",
    "Run the relay",
    (args) => args.option("config", configOption),
    ({ config }) =>
      commandLine.run(async () => {
        await serve(config, start);
        return 0;
      }),
  );
}

/**
 * Runs the relay until the process is told to stop (SIGTERM or SIGINT). A second signal ends its waits. SIGHUP has the
 * configuration read anew.
 *
 * @param configPath undefined: the environment holds the configuration
 * @throws ConfigError; an error with a message for people when the store or the port can't be used
 */
async function serve(configPath: string | undefined, start: StartRelay): Promise<void> {
  const secrets = new SecretFilter();
  secrets.hide(proxySecrets());
  const load = () => loadRelayConfig({ path: configPath, env: process.env, secrets });
  const loaded = load();
  const { config, warnings } = loaded;
  const logger = createRelayLogger({ secrets, level: config.logLevel });
  for (const warning of warnings) logger.warn(warning);
  const stop = new AbortController();
  const hurry = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    logger.info(stop.signal.aborted ? `${name} again: not waiting any longer` : `${name} received`);
    if (stop.signal.aborted) hurry.abort();
    stop.abort();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  // One that comes while the relay starts must not end it.
  let reload = () => undefined as unknown;
  const onHangUp = () => {
    reload();
  };
  process.on("SIGHUP", onHangUp);
  try {
    const relay = await start({ loaded, load, logger, secrets, clock: systemClock }, stop.signal);
    reload = () => relay.reload("SIGHUP came");
    await new Promise<void>((resolve) => {
      stop.signal.addEventListener("abort", () => {
        resolve();
      });
      if (stop.signal.aborted) resolve();
    });
    await relay.stop(hurry.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
    process.off("SIGHUP", onHangUp);
  }
}
