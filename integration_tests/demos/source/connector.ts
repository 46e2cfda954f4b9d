import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type AirbyteMessage } from "../../../src/airbyte/protocol/messages.ts";
import { type DuckDbDestination } from "../../duckdb/destination.ts";
import { runSource, startSource } from "../../support/source-process.ts";
import { parseSummary, type SyncReport } from "./report.ts";

type Catalog = Extract<AirbyteMessage, { type: "CATALOG" }>["catalog"];

/** What the answers are made of, and what they can do without. */
const STREAMS = ["conversations", "messages", "activity_logs"];
const OPTIONAL = ["business_hours"];

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

  /** Discovers all streams, and takes those that the answers are made of, and those that they can do without. */
  async discover(): Promise<{ needed: Catalog; optional: Catalog }> {
    const { messages } = await runSource(["discover", "--config", this.#config]);
    const found = messages.find((message) => message.type === "CATALOG");
    if (found === undefined) throw new Error("discover printed no catalog");
    const { streams } = found.catalog;
    const [needed, optional] = [STREAMS, OPTIONAL].map((names) => ({
      streams: streams.filter(({ name }) => names.includes(name)),
    })) as [Catalog, Catalog];
    await this.#configure("catalog.json", needed, "incremental");
    await this.#configure("optional.json", optional, "full_refresh");
    return { needed, optional };
  }

  /** Reads what the answers are made of. @throws Error with the first ERROR trace if a stream failed */
  async read(destination: DuckDbDestination, state: string | undefined): Promise<SyncReport> {
    return this.#read(destination, "catalog.json", state);
  }

  /** Reads what the answers can do without. @returns why it could not, in a sentence; undefined if it could */
  async readOptional(destination: DuckDbDestination): Promise<string | undefined> {
    return this.#read(destination, "optional.json", undefined).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
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
    catalog: string,
    state: string | undefined,
  ): Promise<SyncReport> {
    const args = ["read", "--config", this.#config, "--catalog", join(this.#folder, catalog)];
    if (state !== undefined) args.push("--state", state);
    const source = startSource(args, { inheritStderr: this.#isTerminal });
    const summaries: SyncReport["summaries"] = new Map();
    let failure: string | undefined;
    const loaded = await destination.load(source.lines, (message) => {
      failure ??= errorOf(message);
      if (message.type !== "LOG") return;
      const { level, message: text } = message.log;
      const summary = parseSummary(text);
      if (summary !== undefined) summaries.set(...summary);
      if (!this.#isTerminal) this.#say(`  ${text}`);
      else if (level === "ERROR") failure ??= text;
    });
    const { code, signal } = await source.ended;
    if (code !== 0) {
      throw new Error(
        failure ?? `the connector ended with ${signal ?? `status ${code ?? "?"}`}: ${source.stderr()}`,
      );
    }
    return { loaded, summaries };
  }
}

function errorOf(message: AirbyteMessage): string | undefined {
  return message.type === "TRACE" && message.trace.type === "ERROR" ? message.trace.error.message : undefined;
}
