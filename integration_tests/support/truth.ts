import { expect } from "@jest/globals";

import { type AirbyteMessage } from "../../src/airbyte/protocol/messages.ts";
import { type DixaSimulator, type StreamName } from "../simulators/dixa/index.ts";
import { rowsOf } from "./messages.ts";

export const STREAMS: readonly StreamName[] = ["conversations", "messages", "activity_logs"];

/** `id@cursor` of all rows that the simulator holds in `[lo, hi)`, sorted. */
export function truthOf(
  simulator: DixaSimulator,
  stream: StreamName,
  lo = -Infinity,
  hi = Infinity,
): string[] {
  const { span } = simulator.dataset;
  const rows = simulator.dataset.streams[stream].truth({
    lo: Math.max(lo, span.lo),
    hi: Math.min(hi, span.hi + 10 * 365 * 86_400_000),
  });
  return Array.from(rows, ({ id, cursor }) => `${id}@${cursor}`).sort();
}

/** That the messages hold exactly the simulator's rows of `[lo, hi)`, each of them once. */
export function expectTruth(
  messages: readonly AirbyteMessage[],
  simulator: DixaSimulator,
  lo?: number,
  hi?: number,
  streams = STREAMS,
): void {
  for (const stream of streams) {
    const read = rowsOf(messages, stream).sort();
    const truth = truthOf(simulator, stream, lo, hi);
    // Told by the first difference: printing thousands of rows helps nobody.
    const found = new Set(read);
    const missing = truth.filter((row) => !found.has(row)).slice(0, 5);
    const surplus = read.filter((row, index) => row === read[index - 1]).slice(0, 5);
    expect({ stream, missing, repeated: surplus, rows: read.length }).toEqual({
      stream,
      missing: [],
      repeated: [],
      rows: truth.length,
    });
  }
}
