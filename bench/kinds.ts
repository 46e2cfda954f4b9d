import { spawn } from "node:child_process";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";

import { linesOf } from "../integration_tests/support/lines.ts";
import { parseConfiguredCatalog } from "../src/airbyte/protocol/catalog.ts";
import { parseInputState } from "../src/airbyte/protocol/state.ts";
import { configSchema, toDixaConfig } from "../src/dixa/config.ts";
import { followedStreams, listedStreams } from "../src/dixa/streams/index.ts";
import { type DixaStream } from "../src/dixa/streams/stream.ts";
import { systemClock } from "../src/http/clock.ts";
import { SecretFilter } from "../src/logging/secret-filter.ts";
import { openDixa } from "../src/source/commands/open-dixa.ts";
import { createLogger } from "../src/source/output/logger.ts";
import { Output } from "../src/source/output/output.ts";
import { StdoutWriter } from "../src/source/output/stdout-writer.ts";
import { SLICE_TUNING } from "../src/source/sync/slice-reader.ts";
import { sync } from "../src/source/sync/sync.ts";
import { summary } from "./statistics.ts";

const ROWS = 4000;
const CONVERSATIONS = 200;
const RUNS = 3;
/** For which the requests are reckoned. */
const ACCOUNT = 100_000;
const API_REQUESTS_PER_SECOND = 10;

/** CPU time of this process that reading a stream takes, ms. The server is a process of its own. */
async function cpuOf(stream: DixaStream, url: string): Promise<number> {
  const raw = { api_token: "bench-token-1", start_date: "2024-01-01", end_date: "2024-01-20" };
  const budgets = { exports_requests_per_minute: 6000, api_requests_per_second: 1000 };
  const config = toDixaConfig(configSchema.parse({ ...raw, ...budgets, exports_url: url, api_url: url }));
  const sink = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const output = new Output(new StdoutWriter(sink), new SecretFilter());
  const dixa = openDixa(config, systemClock);
  const before = process.cpuUsage();
  try {
    const failures = await sync({
      ...{ config, streams: [stream], dixa, output, clock: systemClock, tuning: SLICE_TUNING },
      catalog: parseConfiguredCatalog({
        streams: [{ stream: { name: stream.name }, sync_mode: "full_refresh" }],
      }),
      state: parseInputState([]),
      logger: createLogger(() => undefined, "info"),
      signal: new AbortController().signal,
    });
    if (failures[0] !== undefined) throw failures[0].error;
  } finally {
    dixa.close();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What listed and followed streams cost: CPU for 1,000 rows, requests included, and requests of a whole account. */
export async function benchKinds(): Promise<void> {
  const script = fileURLToPath(new URL("./kinds-server.ts", import.meta.url));
  const server = spawn(process.execPath, [script, String(CONVERSATIONS), String(ROWS)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const { value } = await linesOf(server.stdout)[Symbol.asyncIterator]().next();
    const { url } = JSON.parse(String(value)) as { url: string };
    process.stdout.write(`\nCPU ms for 1,000 rows, median [min–max] of ${RUNS}, requests included\n`);
    for (const name of ["agents", "conversation_notes"]) {
      const stream = [...listedStreams, ...followedStreams].find((one) => one.name === name);
      if (stream === undefined) throw new Error(`there is no stream ${name}`);
      const runs: number[] = [];
      for (let run = 0; run <= RUNS; run++) {
        const ms = await cpuOf(stream, url);
        if (run > 0) runs.push((ms * 1000) / ROWS);
      }
      process.stdout.write(`${name.padEnd(30)} ${stream.kind.padEnd(10)} ${summary(runs, 1)}\n`);
    }
  } finally {
    server.kill();
  }
  reckonRequests();
}

function reckonRequests(): void {
  process.stdout.write(
    `\nRequests for ${ACCOUNT.toLocaleString("en")} conversations in a year, first sync\n`,
  );
  for (const { name } of followedStreams) {
    const hours = (ACCOUNT / API_REQUESTS_PER_SECOND / 3600).toFixed(1);
    process.stdout.write(
      `${name.padEnd(30)} ${ACCOUNT} and 12 exports for all of them; ${hours} h at 10 a second\n`,
    );
  }
  for (const { name, list, parents } of listedStreams) {
    const pages = list.paged === true ? "1 for up to 100 rows, else 2 a page less 1" : "1";
    process.stdout.write(
      `${name.padEnd(30)} ${parents === undefined ? pages : "1 a parent, and the parents' list"}\n`,
    );
  }
}
