import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { z } from "zod";

export interface Load {
  port: number;
  /** In turn. */
  paths: readonly string[];
  /** That webhooks are signed with. */
  secret: string;
  requests: number;
  connections: number;
  /** As many a second, whether the relay keeps up or not. Without it: on each connection the next as soon as it can. */
  perSecond?: number;
}

const resultSchema = z.object({
  /** Answered with 202. */
  accepted: z.number(),
  refused: z.number(),
  seconds: z.number(),
  /** From when a request leaves, or should have, to its whole answer, ms. */
  p50: z.number(),
  p99: z.number(),
  max: z.number(),
});

export type LoadResult = z.infer<typeof resultSchema>;

const PROGRAM = fileURLToPath(new URL("./load.ts", import.meta.url));

/**
 * Sends the load from a process of its own.
 *
 * @throws Error when a connection breaks, or anything but 202 comes back
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, JSON.stringify(load)]);
  const result = resultSchema.parse(JSON.parse(stdout));
  if (result.refused > 0) throw new Error(`${result.refused} webhooks were not answered with 202`);
  return result;
}
