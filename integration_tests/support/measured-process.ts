import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { z } from "zod";

/**
 * What a program that is measured does at its end: it writes what it has used, as the operating system counts it, to file
 * descriptor 3. A file in TypeScript would have Node load its compiler, and 17 MiB of that would be counted.
 */
const REPORT = `import { writeSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(3, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, peakRssMiB: maxRSS / 1024 }));
});`;
const PRELOAD = `data:text/javascript,${encodeURIComponent(REPORT)}`;

const usageSchema = z.object({ cpuMs: z.number(), peakRssMiB: z.number() });

export interface Measured extends z.infer<typeof usageSchema> {
  /** From the start of the process to its end, ms. */
  wallMs: number;
  stdoutBytes: number;
  stdoutLines: number;
  code: number | null;
  stderr: string;
}

/**
 * Runs a Node program to its end, takes all of its stdout, and says what it cost.
 *
 * @param slowTo bytes a second at which stdout is taken; undefined: as fast as it comes
 */
export async function measure(args: readonly string[], slowTo?: number): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, ["--import", PRELOAD, ...args], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const usage = text(child.stdio[3] as Readable);
  const stderr = text(child.stdio[2]!);
  let stdoutBytes = 0;
  let stdoutLines = 0;
  for await (const chunk of child.stdio[1] as AsyncIterable<Buffer>) {
    stdoutBytes += chunk.length;
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) stdoutLines++;
    if (slowTo !== undefined) {
      const dueMs = (stdoutBytes / slowTo) * 1000 - (performance.now() - started);
      if (dueMs > 1) await new Promise((resolve) => setTimeout(resolve, dueMs));
    }
  }
  const [code] = (await ended) as [number | null];
  const wallMs = performance.now() - started;
  return {
    ...usageSchema.parse(JSON.parse(await usage)),
    wallMs,
    stdoutBytes,
    stdoutLines,
    code,
    stderr: await stderr,
  };
}
