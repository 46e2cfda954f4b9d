import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { type AirbyteMessage, airbyteMessageSchema } from "../../src/airbyte/protocol/messages.ts";
import { linesOf } from "./lines.ts";
import { NODE_FLAGS } from "./node-flags.ts";

const BUNDLE = fileURLToPath(new URL("../../dist/source-dixa.js", import.meta.url));
const SOURCE = fileURLToPath(new URL("../../src/connector.ts", import.meta.url));

/** The program that tests and demos run: the bundle if it has been built and `bundled` is set, else the source. */
export function sourceProgram(bundled = false): string {
  if (bundled && !existsSync(BUNDLE)) throw new Error("dist/source-dixa.js is missing: run npm run build");
  return bundled ? BUNDLE : SOURCE;
}

export interface SourceProcess {
  child: ChildProcess;
  /** Lines of stdout as they come. */
  lines: AsyncIterable<Buffer>;
  /** How it ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What stderr said so far. */
  stderr: () => string;
}

export interface SourceProcessOptions {
  bundled?: boolean;
  /** Let the program draw its progress on this process's own stderr. */
  inheritStderr?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** Starts the connector with these arguments, as a client would. */
export function startSource(
  args: readonly string[],
  { bundled = false, inheritStderr = false, env = process.env }: SourceProcessOptions = {},
): SourceProcess {
  const child = spawn(process.execPath, [...NODE_FLAGS, sourceProgram(bundled), ...args], {
    stdio: ["ignore", "pipe", inheritStderr ? "inherit" : "pipe"],
    env,
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  if (child.stdout === null) throw new Error("a piped stdout is never null");
  return { child, lines: linesOf(child.stdout as AsyncIterable<Buffer>), ended, stderr: () => stderr };
}

export interface SourceResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  messages: AirbyteMessage[];
  /** All bytes of stdout, as text. */
  stdout: string;
  stderr: string;
}

/** Runs the connector to its end. Every line must be a valid message of the protocol, or this throws. */
export async function runSource(
  args: readonly string[],
  options: SourceProcessOptions = {},
): Promise<SourceResult> {
  const { lines, ended, stderr } = startSource(args, options);
  const texts: string[] = [];
  for await (const line of lines) texts.push(line.toString("utf8"));
  const messages = texts.map((text) => airbyteMessageSchema.parse(JSON.parse(text)));
  return { ...(await ended), messages, stdout: texts.join("\n"), stderr: stderr() };
}
