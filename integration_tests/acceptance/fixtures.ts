import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CONVERSATION_UPDATED_AT, followedCursor } from "../../src/dixa/streams/followed.ts";
import { followedStreams, streams, windowedStreams } from "../../src/dixa/streams/index.ts";
import { catalogMessage } from "../../src/source/commands/discover.ts";
import { specMessage } from "../../src/source/commands/spec.ts";
import { type DixaSimulator } from "../simulators/dixa/index.ts";
import { messagesOf } from "../support/messages.ts";
import { runSource } from "../support/source-process.ts";
import { configuredCatalog } from "../support/sync-run.ts";
import { CONFIG, EXPECTED_STEP, FUTURE, UNEXPECTED, USUAL_STEP } from "./fixed-data.ts";

/** The files that `acceptance-test-config.yml` names, by their path under `integration_tests/acceptance`. */
export async function acceptanceFixtures(simulator: DixaSimulator): Promise<Map<string, string>> {
  const spec = specMessage();
  const catalog = catalogMessage();
  if (spec.type !== "SPEC" || catalog.type !== "CATALOG")
    throw new Error("the commands print something else");
  return new Map([
    ["spec.json", pretty(spec.spec)],
    ["configs/config.json", pretty(CONFIG)],
    ["configs/only-what-is-required.json", pretty(onlyRequired())],
    ["configs/wrong-token.json", pretty({ ...CONFIG, api_token: "some-other-token-0815" })],
    ["configs/no-rights.json", pretty({ ...CONFIG, api_token: "powerless-token-0123456789" })],
    ["configs/end-before-start.json", pretty({ ...CONFIG, end_date: "2025-12-31" })],
    ["catalogs/full-refresh.json", pretty(slimCatalog("full_refresh"))],
    ["catalogs/incremental.json", pretty(slimCatalog("incremental"))],
    ["states/future.json", pretty(futureState())],
    ["expected-records.jsonl", await expectedRecords(simulator)],
  ]);
}

function onlyRequired(): Record<string, unknown> {
  const { api_token, start_date, exports_url, api_url } = CONFIG;
  return { api_token, start_date, exports_url, api_url };
}

/** All streams that know the sync mode, without schemas, which are in `spec/golden`: an empty one means all fields. */
function slimCatalog(syncMode: "full_refresh" | "incremental"): unknown {
  const names = streams
    .filter(({ kind }) => syncMode === "full_refresh" || kind !== "listed")
    .map(({ name }) => name);
  const destinationSyncMode = syncMode === "incremental" ? "append_dedup" : "overwrite";
  return {
    streams: configuredCatalog(names, syncMode).streams.map(({ stream }) => ({
      stream: { ...(stream as object), json_schema: {} },
      sync_mode: syncMode,
      destination_sync_mode: destinationSyncMode,
    })),
  };
}

function futureState(): unknown {
  const windowed = windowedStreams.map(({ name, cursorField, cursor }) => [
    name,
    { [cursorField]: cursor.format(FUTURE) },
  ]);
  const followed = followedStreams.map(({ name }) => [
    name,
    { [CONVERSATION_UPDATED_AT]: followedCursor.format(FUTURE) },
  ]);
  return [...windowed, ...followed].map(([name, state]) => ({
    type: "STREAM",
    stream: { stream_descriptor: { name }, stream_state: state },
  }));
}

/** Some records of each stream, as a read puts them out: every kind of activity is among them. */
async function expectedRecords(simulator: DixaSimulator): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "source-dixa-"));
  try {
    const names = streams.map(({ name }) => name).filter((name) => !(name in UNEXPECTED));
    const config = join(folder, "config.json");
    const catalog = join(folder, "catalog.json");
    const { exportsUrl: exports_url, apiUrl: api_url } = simulator;
    // One worker, so that the records come in the order of their cursors.
    await writeFile(config, JSON.stringify({ ...CONFIG, exports_url, api_url, num_workers: 1 }));
    await writeFile(catalog, JSON.stringify(configuredCatalog(names)));
    const { code, messages, stderr } = await runSource(["read", "--config", config, "--catalog", catalog]);
    if (code !== 0) throw new Error(`the read failed: ${stderr}`);
    const records = messagesOf(messages, "RECORD").map(({ record }) => record);
    const lines = names.flatMap((name) =>
      records
        .filter(({ stream }) => stream === name)
        .filter((_, index) => index % (EXPECTED_STEP[name] ?? USUAL_STEP) === 0)
        .map(({ stream, data }) => JSON.stringify({ stream, data, emitted_at: 0 })),
    );
    return lines.join("\n") + "\n";
  } finally {
    await rm(folder, { recursive: true });
  }
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}
