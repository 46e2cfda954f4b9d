import { type ConfiguredStream, parseConfiguredCatalog } from "../../airbyte/protocol/catalog.ts";
import { errorTrace } from "../../airbyte/protocol/construct.ts";
import { ConnectorError, type FailureType } from "../../airbyte/protocol/failure.ts";
import { type InputState, parseInputState } from "../../airbyte/protocol/state.ts";
import { streams } from "../../dixa/streams/index.ts";
import { showProgress } from "../output/terminal-progress.ts";
import { SLICE_TUNING } from "../sync/slice-reader.ts";
import { sync } from "../sync/sync.ts";
import { loadConfig } from "./config-file.ts";
import { readJsonFile } from "./inputs.ts";
import { openDixa } from "./open-dixa.ts";
import { type Runtime } from "./runtime.ts";

export interface ReadFiles {
  config: string;
  catalog: string;
  state: string | undefined;
}

/** The platform looks at the first failure only: a `config_error` there ends all retries. */
const RETRYABLE_FIRST: readonly FailureType[] = ["transient_error", "system_error", "config_error"];

/**
 * Reads the configured streams.
 *
 * @returns whether all of them are complete
 * @throws ConnectorError if the files are not usable
 */
export async function read(files: ReadFiles, runtime: Runtime): Promise<boolean> {
  const { clock, logger, output, secrets, signal } = runtime;
  refuseSockets(process.env);
  const { config, warnings } = await loadConfig(files.config, clock.now(), secrets);
  for (const warning of warnings) logger.warn(warning);
  const catalog = parseConfiguredCatalog(await readJsonFile("catalog", files.catalog));
  const state = parseInputState(files.state === undefined ? [] : await readJsonFile("state", files.state));
  warnOfStrangers(state, catalog, runtime);
  const dixa = openDixa(config, clock);
  let hideProgress: () => void = () => undefined;
  try {
    const failures = await sync({
      config,
      streams,
      catalog,
      state,
      dixa,
      output,
      logger,
      clock,
      signal,
      tuning: SLICE_TUNING,
      onStart: (snapshots) => {
        hideProgress = showProgress(process.stderr, snapshots, process.stdout.isTTY);
      },
    });
    failures.sort((a, b) => rank(a.error.failureType) - rank(b.error.failureType));
    for (const { error, stream } of failures) output.emit(errorTrace(error, clock.now(), stream));
    return failures.length === 0;
  } finally {
    hideProgress();
    dixa.close();
  }
}

/** @throws ConnectorError config_error if the platform wants the rows on sockets of its own */
function refuseSockets(env: NodeJS.ProcessEnv): void {
  if (env["DATA_CHANNEL_MEDIUM"]?.toUpperCase() !== "SOCKET") return;
  throw new ConnectorError(
    "config_error",
    "Airbyte asks for rows over sockets (DATA_CHANNEL_MEDIUM=SOCKET), and this connector puts them out on stdout. " +
      "Let it run with DATA_CHANNEL_MEDIUM=STDIO.",
  );
}

function rank(type: FailureType): number {
  return RETRYABLE_FIRST.indexOf(type);
}

function warnOfStrangers(
  { streams: saved }: InputState,
  catalog: readonly ConfiguredStream[],
  { logger }: Runtime,
): void {
  const known = new Map(
    streams.flatMap((stream) => {
      const aliases = stream.kind === "windowed" ? stream.aliases : [];
      return [stream.name, ...aliases].map((own) => [own, stream.name]);
    }),
  );
  const strangers = saved.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (strangers.length > 0) {
    logger.warn(
      `The state holds streams that this connector does not have, which are ignored: ${strangers.join(", ")}`,
    );
  }
  for (const { name, namespace = "" } of saved) {
    const configured = catalog.filter((stream) => stream.name === known.get(name));
    if (configured.length === 0 || configured.some((stream) => (stream.namespace ?? "") === namespace))
      continue;
    logger.warn(
      `The state of ${name} is ignored: its namespace is "${namespace}", which the catalog has not for this stream`,
    );
  }
}
