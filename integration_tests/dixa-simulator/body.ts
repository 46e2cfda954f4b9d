import { once } from "node:events";
import { type ServerResponse } from "node:http";
import { PassThrough, type Transform, type Writable } from "node:stream";
import { constants, createGzip } from "node:zlib";

import { type BodyFault } from "./faults.ts";

/** A fault strikes within so many bytes, so that small answers are struck too. */
const STRIKES_WITHIN_BYTES = 400_000;

export interface BodyOptions {
  gzip: boolean;
  fault: BodyFault | undefined;
  /** In [0, 1): how far into the body the fault strikes. */
  chance: number;
  /** Bytes a second at most; undefined: as fast as it is taken. */
  bytesPerSecond?: number | undefined;
  /** Called now and then while the body is sent. */
  onProgress?: (() => void) | undefined;
}

/** Sends pieces as the body of an answer, piece by piece as the peer takes them, with the fault if there is one. */
export async function sendBody(
  response: ServerResponse,
  pieces: Iterable<Buffer>,
  options: BodyOptions,
): Promise<number> {
  const { fault, chance, bytesPerSecond, onProgress } = options;
  const isGzip = options.gzip || fault === "cut-gzip";
  response.setHeader("content-type", "application/json");
  if (isGzip) response.setHeader("content-encoding", "gzip");
  const gzip = isGzip ? createGzip({ level: constants.Z_BEST_SPEED }) : undefined;
  const sink: Transform = gzip ?? new PassThrough();
  sink.on("error", () => undefined);
  const strikesAt = fault === undefined ? Infinity : Math.floor(chance * STRIKES_WITHIN_BYTES);
  const sent = forward(sink, response, fault === "cut-gzip" ? chance : undefined);
  let bytes = 0;
  const startedAt = performance.now();
  for (const piece of pieces) {
    if (response.destroyed) break;
    const isStruck = bytes + piece.length > strikesAt;
    const part = isStruck ? piece.subarray(0, Math.max(0, strikesAt - bytes)) : piece;
    bytes += part.length;
    if (!sink.write(part)) await drained(sink, response);
    onProgress?.();
    if (bytesPerSecond !== undefined) {
      const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - startedAt);
      if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    }
    if (isStruck) break;
  }
  if (fault === "garbage") sink.write("\u0000}garbage");
  if (fault === "cut" || fault === "stall") {
    // What was written so far shall arrive first.
    await new Promise<void>((resolve) => {
      if (gzip === undefined) resolve();
      else gzip.flush(resolve);
    });
    await new Promise((resolve) => setImmediate(resolve));
    if (fault === "cut") response.destroy();
    else await once(response, "close");
    return bytes;
  }
  if (!response.destroyed) sink.end();
  await sent;
  return bytes;
}

/**
 * @param cutAt set to end the compressed body early and politely, as a proxy that lost its upstream does
 */
async function forward(
  source: Transform,
  response: ServerResponse,
  cutAt: number | undefined,
): Promise<void> {
  let taken = 0;
  const limit = cutAt === undefined ? Infinity : 20 + Math.floor(cutAt * 20_000);
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (response.destroyed) return;
    const isLast = taken + chunk.length >= limit;
    const part = isLast ? chunk.subarray(0, limit - taken) : chunk;
    taken += part.length;
    if (!response.write(part)) await drained(response, response);
    if (isLast) {
      response.end();
      source.resume();
      return;
    }
  }
  // A small body is shorter than the limit: it loses its end all the same.
  response.end();
}

/** Resolves when the stream takes more, or nobody is there to take it. */
async function drained(stream: Writable, response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const settle = () => {
      stream.off("drain", settle).off("error", settle);
      response.off("close", settle);
      resolve();
    };
    stream.once("drain", settle).once("error", settle);
    response.once("close", settle);
    if (response.destroyed || stream.destroyed) settle();
  });
}
