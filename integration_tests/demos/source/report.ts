import Table from "cli-table3";

import { type Loaded } from "../../duckdb/destination.ts";

/** What the connector's closing line of a stream says. */
export interface StreamSummary {
  slices: number;
  requests: number;
  megabytesPerSecond: string;
}

const CLOSING = /^(\w+): complete after \d+ rows, [\d.]+ MB, (\d+) slices, (\d+) requests, ([\d.]+) MB\/s$/;

/** Reads the closing line that the connector logs for each stream; undefined for any other line. */
export function parseSummary(message: string): [stream: string, summary: StreamSummary] | undefined {
  const [, stream, slices, requests, megabytesPerSecond] = CLOSING.exec(message) ?? [];
  if (stream === undefined || megabytesPerSecond === undefined) return undefined;
  return [stream, { slices: Number(slices), requests: Number(requests), megabytesPerSecond }];
}

export interface SyncReport {
  loaded: Map<string, Loaded>;
  summaries: Map<string, StreamSummary>;
  /** Why streams could not be read, in a sentence. */
  failures: Map<string, string>;
}

/** Both syncs, one line a stream. */
export function syncTable(first: SyncReport, second: SyncReport): string {
  const table = new Table({
    head: ["stream", "rows in DuckDB", "first sync", "second sync", "new rows", "slices", "requests", "MB/s"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const [stream, loaded] of first.loaded) {
    const again = second.loaded.get(stream);
    const [one, two] = [first.summaries.get(stream), second.summaries.get(stream)];
    table.push([
      stream,
      count(again?.after),
      count(loaded.rows),
      count(again?.rows),
      count(again === undefined ? undefined : again.after - again.before),
      count(sum(one?.slices, two?.slices)),
      count(sum(one?.requests, two?.requests)),
      one?.megabytesPerSecond ?? "",
    ]);
  }
  return table.toString();
}

/** The streams of one sync, one line each. */
export function streamTable({ loaded, summaries, failures }: SyncReport, names: readonly string[]): string {
  const table = new Table({
    head: ["stream", "rows in DuckDB", "requests", ""],
    colAligns: ["left", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const name of names) {
    const failure = failures.get(name);
    table.push([
      name,
      count(loaded.get(name)?.after),
      count(summaries.get(name)?.requests),
      failure === undefined ? "" : "not read, see below",
    ]);
  }
  return table.toString();
}

function count(value: number | undefined): string {
  return value === undefined ? "" : value.toLocaleString("en");
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}
