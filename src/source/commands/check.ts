import { connectionStatus } from "../../airbyte/protocol/construct.ts";
import { ConnectorError, isConnectorError } from "../../airbyte/protocol/failure.ts";
import { checkAccess } from "../../dixa/check.ts";
import { type Dixa } from "../../dixa/dixa.ts";
import { toConnectorError } from "../../dixa/errors.ts";
import { streams } from "../../dixa/streams/index.ts";
import { refusedStreams } from "../../dixa/streams/readable-streams.ts";
import { isEnvironmentError } from "../../http/errors.ts";
import { loadConfig } from "./config-file.ts";
import { openDixa } from "./open-dixa.ts";
import { type Runtime } from "./runtime.ts";

/** How long `check` waits for an API that answers slowly or limits its rate, ms; a person is waiting too. */
const PATIENCE_MS = 100_000;
/**
 * Failures in a row after which a host counts as down: a little more than a minute. The platform takes a failed check
 * for a wrong configuration, and what heals within a minute is none.
 */
const MAX_FAILURES = 7;

/** How long `check` looks for streams that the account may not read, ms: a help that nobody waits long for. */
const LOOK_MS = 10_000;

/**
 * Proves that the configuration works and says so in one CONNECTION_STATUS. Whatever a person can mend is a status
 * FAILED and no error of the program.
 *
 * @param patienceMs how long Dixa may take for it all
 */
export async function check(configPath: string, runtime: Runtime, patienceMs = PATIENCE_MS): Promise<void> {
  const { clock, logger, output, secrets } = runtime;
  try {
    const { config, warnings } = await loadConfig(configPath, clock.now(), secrets);
    for (const warning of warnings) logger.warn(warning);
    const dixa = openDixa(config, clock);
    try {
      const timeout = AbortSignal.timeout(patienceMs);
      let lastWait = "no answer came";
      try {
        const limitations = await checkAccess(dixa, clock.now(), {
          signal: AbortSignal.any([runtime.signal, timeout]),
          maxFailures: MAX_FAILURES,
          onWait: ({ message }) => {
            lastWait = message;
            logger.warn(message);
            // Who watches shall see why nothing happens.
            output.writer.push();
          },
        });
        for (const limitation of limitations) logger.warn(limitation);
        await warnOfRefusedStreams(dixa, runtime);
      } catch (error) {
        if (!timeout.aborted) throw error;
        throw new ConnectorError(
          "transient_error",
          `Dixa did not let itself be asked within ${patienceMs / 1000} s (${lastWait}). Try again later.`,
          { cause: error },
        );
      }
    } finally {
      dixa.close();
    }
    output.emit(connectionStatus("SUCCEEDED"));
  } catch (cause) {
    runtime.signal.throwIfAborted();
    const error = isEnvironmentError(cause) ? toConnectorError(cause) : cause;
    if (isConnectorError(error)) {
      if (error.internalMessage !== undefined) logger.debug(error.internalMessage);
      output.emit(connectionStatus("FAILED", error.message));
      return;
    }
    throw error;
  }
}

/** Says which lists Dixa refuses, as far as that is known soon. The token is good all the same. */
async function warnOfRefusedStreams(dixa: Dixa, { logger, signal }: Runtime): Promise<void> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
  const listed = streams.filter((stream) => stream.kind === "listed");
  const refused = await refusedStreams(dixa, listed, { signal: soon });
  signal.throwIfAborted();
  for (const { stream, status } of refused) {
    logger.warn(
      `Dixa does not let this account read ${stream} (${status}): untick the stream, or ask a Dixa admin`,
    );
  }
}
