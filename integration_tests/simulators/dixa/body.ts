import { once } from "node:events";
import { type ServerResponse } from "node:http";
import { PassThrough, type Transform, type Writable } from "node:stream";
import { constants, createGzip, type Gzip } from "node:zlib";

import { type BodyFault } from "./faults.ts";

/** A fault strikes within so many bytes, so that small answers are struck too. */
const STRIKES_WITHIN_BYTES = 400_000;
/** The same for compressed bytes, which are fewer. */
const CUT_GZIP_WITHIN_BYTES = 20_000;
/** Check sum and length at the end of a gzip body, and some of the data before them. */
const GZIP_END_BYTES = 12;
/** What a body promises (`content-length`) that will not keep its promise. */
const NEVER_REACHED_BYTES = 1e12;

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

/**
 * Sends pieces as the body of an answer, piece by piece as the peer takes them, with the fault if there is one.
 *
 * @returns bytes before compression
 */
export async function sendBody(
  response: ServerResponse,
  pieces: Iterable<Buffer>,
  options: BodyOptions,
): Promise<number> {
  const { fault, chance, bytesPerSecond, onProgress } = options;
  response.setHeader("content-type", "application/json");
  if (fault === "short") response.setHeader("content-length", NEVER_REACHED_BYTES);
  const gzip =
    options.gzip || fault === "cut-gzip" ? createGzip({ level: constants.Z_BEST_SPEED }) : undefined;
  if (gzip !== undefined) response.setHeader("content-encoding", "gzip");
  const sink: Transform = gzip ?? new PassThrough();
  sink.on("error", () => undefined);
  const sent =
    fault === "cut-gzip"
      ? forwardStart(sink, response, 20 + Math.floor(chance * CUT_GZIP_WITHIN_BYTES))
      : forward(sink, response);
  let bytes = 0;
  const startedAt = performance.now();
  for (const piece of struck(pieces, fault, Math.floor(chance * STRIKES_WITHIN_BYTES))) {
    if (response.destroyed || sink.destroyed) break;
    bytes += piece.length;
    if (!sink.write(piece)) await drained(sink, response);
    onProgress?.();
    if (bytesPerSecond !== undefined) {
      const aheadMs = (bytes / bytesPerSecond) * 1000 - (performance.now() - startedAt);
      if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    }
  }
  if (fault === "cut" || fault === "short" || fault === "stall") {
    await endBadly(response, gzip, fault);
    return bytes;
  }
  if (!response.destroyed) sink.end();
  await sent;
  return bytes;
}

/** The pieces as far as the fault lets them through, and with what it puts in. */
function* struck(
  pieces: Iterable<Buffer>,
  fault: BodyFault | undefined,
  strikesAt: number,
): Generator<Buffer, void, undefined> {
  if (fault === undefined || fault === "cut-gzip") {
    yield* pieces;
    return;
  }
  let bytes = 0;
  let isStruck = false;
  let held: Buffer | undefined;
  for (const piece of pieces) {
    if (held !== undefined) yield held;
    held = piece;
    if (isStruck || bytes + piece.length <= strikesAt) {
      bytes += piece.length;
      continue;
    }
    isStruck = true;
    const at = strikesAt - bytes;
    bytes += piece.length;
    yield piece.subarray(0, at);
    if (fault !== "garbage") return;
    yield GARBAGE;
    held = piece.subarray(at);
  }
  if (isStruck || held === undefined) {
    if (held !== undefined) yield held;
    return;
  }
  // The answer was shorter than that: the fault strikes at its end.
  if (fault !== "unclosed") yield held;
  if (fault === "garbage") yield GARBAGE;
  // The last piece closes what the others opened; a small answer is one piece.
  if (fault === "unclosed" && bytes === held.length) yield held.subarray(0, -1);
}

/** Valid nowhere in JSON, within strings neither. */
const GARBAGE = Buffer.from("\u0000}garbage");

/** Says nothing more after what was written so far, which shall arrive first. */
async function endBadly(
  response: ServerResponse,
  gzip: Gzip | undefined,
  fault: "cut" | "short" | "stall",
): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    if (gzip === undefined) resolve();
    else gzip.flush(resolve);
  });
  await new Promise((resolve) => setImmediate(resolve));
  // The peer may have gone meanwhile.
  if (response.closed) return;
  const closed = once(response, "close");
  if (fault === "cut") response.destroy();
  if (fault === "short") response.socket?.end();
  await closed;
}

async function forward(source: Transform, response: ServerResponse): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await drained(response, response);
  }
  response.end();
}

/**
 * Sends the first bytes of a compressed body and ends it politely, as a proxy that lost its upstream does. Never all
 * of them: a body that is shorter loses its end.
 */
async function forwardStart(source: Transform, response: ServerResponse, bytes: number): Promise<void> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes + GZIP_END_BYTES) break;
  }
  if (!response.destroyed)
    response.end(Buffer.concat(chunks).subarray(0, Math.min(bytes, length - GZIP_END_BYTES)));
}

/** Resolves when the stream takes more, or nobody is there to take it. */
async function drained(stream: Writable, response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const settle = () => {
      for (const event of ["drain", "error", "close"]) stream.off(event, settle);
      response.off("close", settle);
      resolve();
    };
    for (const event of ["drain", "error", "close"]) stream.once(event, settle);
    response.once("close", settle);
    if (response.destroyed || stream.destroyed) settle();
  });
}
