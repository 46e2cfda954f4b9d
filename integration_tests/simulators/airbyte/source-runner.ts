import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type AirbyteMessage, airbyteMessageSchema } from "../../../src/airbyte/protocol/messages.ts";
import { startSource } from "../../support/source-process.ts";
import { configuredCatalog } from "../../support/sync-run.ts";
import { type RunSync, type SyncResult, type SyncRun } from "./jobs.ts";
import { type Source } from "./workspace.ts";

type State = Extract<AirbyteMessage, { type: "STATE" }>["state"];

export interface SourceRunnerOptions {
  /** Where configurations, catalogs and states are kept. */
  folder: string;
  sourceOf: (sourceId: string) => Source | undefined;
  /** Run `dist/source-dixa.js` and not the sources. Default false. */
  bundled?: boolean;
  /** Takes the lines of one attempt, as a destination does; what it returns is of no interest. Default: drops them. */
  load?: (run: SyncRun, lines: AsyncIterable<Buffer>) => Promise<unknown>;
}

const RECORD_HEAD = Buffer.from('{"type":"RECORD"');

/**
 * Syncs as Airbyte does: starts source-dixa with the source's configuration and the connection's last state, and keeps
 * the states that came once what was before them is loaded, also when the source failed after that.
 */
export class SourceRunner {
  readonly #options: SourceRunnerOptions;
  /** Of each connection, by stream. */
  readonly #states = new Map<string, Map<string, State>>();
  /** Rows so far, of each connection. */
  readonly rows = new Map<string, number>();

  constructor(options: SourceRunnerOptions) {
    this.#options = options;
  }

  /** The last state of each of a connection's streams. */
  statesOf(connectionId: string): State[] {
    return [...(this.#states.get(connectionId)?.values() ?? [])];
  }

  readonly run: RunSync = async (run: SyncRun): Promise<SyncResult> => {
    const { load = drain } = this.#options;
    const { connectionId } = run.connection;
    run.signal.throwIfAborted();
    const source = startSource(await this.#arguments(run), { bundled: this.#options.bundled ?? false });
    const stop = () => source.child.kill("SIGKILL");
    run.signal.addEventListener("abort", stop, { once: true });
    const result = { rows: 0, bytes: 0 };
    const fresh = new Map<string, State>();
    try {
      await load(run, watch(source.lines, result, fresh));
      this.#keep(connectionId, result.rows, fresh);
      const { code, signal } = await source.ended;
      if (code !== 0) {
        throw new Error(`source-dixa ended with ${signal ?? `status ${String(code)}`}: ${source.stderr()}`);
      }
      return result;
    } finally {
      run.signal.removeEventListener("abort", stop);
      if (source.child.exitCode === null) stop();
    }
  };

  async #arguments({ connection }: SyncRun): Promise<string[]> {
    const { connectionId, sourceId, streams } = connection;
    const source = this.#options.sourceOf(sourceId);
    if (source === undefined) throw new Error(`there is no source ${sourceId}`);
    const folder = join(this.#options.folder, connectionId);
    await mkdir(folder, { recursive: true });
    const [config, catalog, state] = ["config.json", "catalog.json", "state.json"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeFile(config, JSON.stringify(source.configuration));
    await writeFile(catalog, JSON.stringify(configuredCatalog(streams)));
    await writeFile(state, JSON.stringify(this.statesOf(connectionId)));
    return ["read", "--config", config, "--catalog", catalog, "--state", state];
  }

  #keep(connectionId: string, rows: number, fresh: ReadonlyMap<string, State>): void {
    this.#states.set(connectionId, new Map([...(this.#states.get(connectionId) ?? []), ...fresh]));
    this.rows.set(connectionId, (this.rows.get(connectionId) ?? 0) + rows);
  }
}

/** The same lines, counted, with their states set aside. */
async function* watch(
  lines: AsyncIterable<Buffer>,
  result: SyncResult,
  states: Map<string, State>,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const line of lines) {
    if (line.subarray(0, RECORD_HEAD.length).equals(RECORD_HEAD)) {
      result.rows++;
      result.bytes += line.length;
    } else {
      const message = airbyteMessageSchema.parse(JSON.parse(line.toString("utf8")));
      if (message.type === "STATE") {
        states.set(JSON.stringify(message.state.stream?.stream_descriptor), message.state);
      }
    }
    yield line;
  }
}

async function drain(_run: SyncRun, lines: AsyncIterable<Buffer>): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}
