import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { type AirbyteMessage } from "../../../src/airbyte/protocol/messages.ts";
import { type DuckDbDestination } from "../../duckdb/destination.ts";
import { runSource, startSource } from "../../support/source-process.ts";
import { parseSummary, type SyncReport } from "./report.ts";

type Catalog = Extract<AirbyteMessage, { type: "CATALOG" }>["catalog"];

/** What the answers are made of. */
const STREAMS = ["conversations", "messages", "activity_logs"];
/** Followed streams take a request a conversation: as many as come in this time are enough to show, ms. */
const FOLLOWED_MS = 3_600_000;

/** The connector as the demo runs it: as a client would, through its commands and its messages. */
export class DemoConnector {
  readonly #config: string;
  readonly #folder: string;
  readonly #say: (text: string) => void;
  /** On a terminal the program draws its own bars there; elsewhere its log lines are shown. */
  readonly #isTerminal = process.stderr.isTTY;

  /**
   * @param config path of the configuration file
   * @param folder where the configured catalog is kept
   */
  constructor(config: string, folder: string, say: (text: string) => void) {
    this.#config = config;
    this.#folder = folder;
    this.#say = say;
  }

  /** @throws Error with what `check` says is wrong */
  async check(): Promise<void> {
    const { messages, stderr } = await runSource(["check", "--config", this.#config]);
    for (const message of messages) {
      if (message.type !== "CONNECTION_STATUS") continue;
      const { status, message: reason } = message.connectionStatus;
      if (status === "SUCCEEDED") return;
      throw new Error(reason ?? "check failed");
    }
    throw new Error(messages.map(errorOf).find((text) => text !== undefined) ?? stderr);
  }

  /** Discovers all streams: those that the answers are made of, and the others. */
  async discover(): Promise<{ needed: Catalog; others: Catalog }> {
    const { messages } = await runSource(["discover", "--config", this.#config]);
    const found = messages.find((message) => message.type === "CATALOG");
    if (found === undefined) throw new Error("discover printed no catalog");
    const { streams } = found.catalog;
    const isNeeded = ({ name }: { name: string }) => STREAMS.includes(name);
    const needed = { streams: streams.filter(isNeeded) };
    const others = { streams: streams.filter((stream) => !isNeeded(stream)) };
    await this.#configure("catalog.json", needed, "incremental");
    await this.#configure("others.json", others, "full_refresh");
    return { needed, others };
  }

  /** Reads what the answers are made of. @throws Error with the first ERROR trace if a stream failed */
  async read(destination: DuckDbDestination, state: string | undefined): Promise<SyncReport> {
    const { report, failure } = await this.#read(destination, this.#config, "catalog.json", state);
    if (failure !== undefined) throw new Error(failure);
    return report;
  }

  /** Reads the other streams: lists whole, and what belongs to the conversations of the last hour. */
  async readOthers(
    destination: DuckDbDestination,
  ): Promise<{ report: SyncReport; failure: string | undefined }> {
    const config = join(this.#folder, "others-config.json");
    const given = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(this.#config, "utf8")));
    const start = new Date(Date.now() - FOLLOWED_MS).toISOString().replace(/\.\d+Z$/, "Z");
    // It holds the token, as the file that it is made from does.
    await writeFile(config, JSON.stringify({ ...given, start_date: start, end_date: undefined }), {
      mode: 0o600,
    });
    try {
      return await this.#read(destination, config, "others.json", undefined);
    } finally {
      await rm(config);
    }
  }

  async #configure(file: string, catalog: Catalog, mode: "incremental" | "full_refresh"): Promise<void> {
    const streams = catalog.streams.map((stream) => ({
      stream,
      sync_mode: mode,
      destination_sync_mode: mode === "incremental" ? "append_dedup" : "overwrite",
    }));
    await writeFile(join(this.#folder, file), JSON.stringify({ streams }, null, 2));
  }

  async #read(
    destination: DuckDbDestination,
    config: string,
    catalog: string,
    state: string | undefined,
  ): Promise<{ report: SyncReport; failure: string | undefined }> {
    const args = ["read", "--config", config, "--catalog", join(this.#folder, catalog)];
    if (state !== undefined) args.push("--state", state);
    const source = startSource(args, { inheritStderr: this.#isTerminal });
    const summaries: SyncReport["summaries"] = new Map();
    const failures: SyncReport["failures"] = new Map();
    let failure: string | undefined;
    const loaded = await destination.load(source.lines, (message) => {
      const error = errorOf(message);
      failure ??= error;
      const stream = failedStreamOf(message);
      if (stream !== undefined && error !== undefined) failures.set(stream, error);
      if (message.type !== "LOG") return;
      const { level, message: text } = message.log;
      const summary = parseSummary(text);
      if (summary !== undefined) summaries.set(...summary);
      if (!this.#isTerminal) this.#say(`  ${text}`);
      else if (level === "ERROR") failure ??= text;
    });
    const { code, signal } = await source.ended;
    if (code !== 0)
      failure ??= `the connector ended with ${signal ?? `status ${code ?? "?"}`}: ${source.stderr()}`;
    return { report: { loaded, summaries, failures }, failure: code === 0 ? undefined : failure };
  }
}

function errorOf(message: AirbyteMessage): string | undefined {
  return message.type === "TRACE" && message.trace.type === "ERROR" ? message.trace.error.message : undefined;
}

function failedStreamOf(message: AirbyteMessage): string | undefined {
  if (message.type !== "TRACE" || message.trace.type !== "ERROR") return undefined;
  return message.trace.error.stream_descriptor?.name;
}
