import { type ChildProcessByStdio, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { type Readable } from "node:stream";
import { fileURLToPath } from "node:url";

import { NODE_FLAGS } from "../../integration_tests/support/node-flags.ts";
import { type AirbyteMessage, airbyteMessageSchema } from "../../src/airbyte/protocol/messages.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export type Program = ChildProcessByStdio<null, Readable, Readable>;

/** Starts a script of this repository, or a program as `npm run jest` has built it, on the Node that runs the tests. */
export function startProgram(script: string, args: readonly string[], options: SpawnOptions = {}): Program {
  return spawn(process.execPath, [...NODE_FLAGS, `${ROOT}${script}`, ...args], {
    cwd: ROOT,
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** All that a program says, and how it ends. */
export async function endOf(child: Program): Promise<ProgramEnd> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return {
    code,
    signal,
    stdout: Buffer.concat(out).toString("utf8"),
    stderr: Buffer.concat(err).toString("utf8"),
  };
}

/** The messages on stdout; throws if a line is none. */
export function messagesIn({ stdout }: ProgramEnd): AirbyteMessage[] {
  const lines = stdout.split("\n");
  if (lines.pop() !== "") throw new Error("the last line is not complete");
  return lines.map((line) => airbyteMessageSchema.parse(JSON.parse(line)));
}
