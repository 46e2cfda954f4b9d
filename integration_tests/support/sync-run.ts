import { Writable } from "node:stream";

import { parseConfiguredCatalog } from "../../src/airbyte/protocol/catalog.ts";
import { type AirbyteMessage, airbyteMessageSchema } from "../../src/airbyte/protocol/messages.ts";
import { parseInputState } from "../../src/airbyte/protocol/state.ts";
import { configSchema, toDixaConfig } from "../../src/dixa/config.ts";
import { Dixa } from "../../src/dixa/dixa.ts";
import { streams } from "../../src/dixa/streams/index.ts";
import { type DixaStream } from "../../src/dixa/streams/stream.ts";
import { type Clock } from "../../src/http/clock.ts";
import { SecretFilter } from "../../src/logging/secret-filter.ts";
import { catalogMessage } from "../../src/source/commands/discover.ts";
import { createLogger } from "../../src/source/output/logger.ts";
import { Output } from "../../src/source/output/output.ts";
import { StdoutWriter } from "../../src/source/output/stdout-writer.ts";
import { SLICE_TUNING, type SliceTuning } from "../../src/source/sync/slice-reader.ts";
import { sync, type SyncFailure } from "../../src/source/sync/sync.ts";

export interface SyncRunOptions {
  config: Record<string, unknown>;
  clock: Clock;
  /** The streams that there are. Default: the connector's own. */
  streams?: readonly DixaStream[];
  /** Default: all streams, incremental. */
  catalog?: unknown;
  /** What a state file holds. Default: nothing. */
  state?: unknown;
  tuning?: Partial<SliceTuning>;
  /** Time without a byte after which a body counts as stalled, ms. */
  idleTimeoutMs?: number;
  signal?: AbortSignal;
}

export interface SyncRunResult {
  messages: AirbyteMessage[];
  failures: SyncFailure[];
}

/** Runs one sync in this process, so that a test can give it a clock of its own. */
export async function runSync(options: SyncRunOptions): Promise<SyncRunResult> {
  const { clock, idleTimeoutMs, catalog = configuredCatalog(), state = [] } = options;
  const config = toDixaConfig(configSchema.parse(options.config));
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      // The writer uses its blocks again.
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const secrets = new SecretFilter();
  secrets.hide([config.apiToken]);
  const writer = new StdoutWriter(sink);
  const output = new Output(writer, secrets);
  const logger = createLogger((message) => {
    output.emit(message);
  }, "debug");
  const { apiToken, exportsUrl, apiUrl, exportsRequestsPerMinute, apiRequestsPerSecond, workers } = config;
  const dixa = new Dixa({
    apiToken,
    exportsUrl,
    apiUrl,
    exportsRequestsPerMinute,
    apiRequestsPerSecond,
    connections: workers,
    userAgent: "test",
    clock,
    idleTimeoutMs,
  });
  try {
    const failures = await sync({
      config,
      streams: options.streams ?? streams,
      catalog: parseConfiguredCatalog(catalog),
      state: parseInputState(state),
      dixa,
      output,
      logger,
      clock,
      signal: options.signal ?? new AbortController().signal,
      tuning: { ...SLICE_TUNING, ...options.tuning },
    });
    await writer.flush();
    return { messages: parseMessages(Buffer.concat(chunks).toString("utf8")), failures };
  } finally {
    dixa.close();
  }
}

/** All lines of a source's stdout; throws at the first one that is no message of the protocol. */
export function parseMessages(text: string): AirbyteMessage[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => airbyteMessageSchema.parse(JSON.parse(line)));
}

/** A configured catalog of these streams, as the platform would write it. */
export function configuredCatalog(
  names: readonly string[] = ["conversations", "messages", "activity_logs"],
  syncMode: "incremental" | "full_refresh" = "incremental",
): { streams: Record<string, unknown>[] } {
  const message = catalogMessage();
  if (message.type !== "CATALOG") throw new Error("discover prints a catalog");
  return {
    streams: message.catalog.streams
      .filter(({ name }) => names.includes(name))
      .map((stream) => ({
        stream,
        sync_mode: syncMode,
        destination_sync_mode: "append_dedup",
        cursor_field: stream.default_cursor_field,
        primary_key: stream.source_defined_primary_key,
      })),
  };
}
