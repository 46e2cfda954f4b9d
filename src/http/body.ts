import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";

import { type Response } from "node-fetch";

import { BodyError, isBodyError } from "./errors.ts";

/** Large pieces make gunzip half as fast again as the default of 16 KiB. */
const GUNZIP_CHUNK_BYTES = 256 * 1024;

/** Codes of an error while a body is read, by what they mean; any other means that it broke off. */
const MALFORMED_CODES: ReadonlySet<string> = new Set(["Z_DATA_ERROR", "Z_STREAM_ERROR", "Z_NEED_DICT"]);

/**
 * The decoded body of an answer.
 *
 * The decoding is done here and not in node-fetch, which takes a gzip body that was cut off for a whole one.
 *
 * @param name what was asked, for messages
 * @param idleTimeoutMs time without a byte from the peer after which reading throws; the time that the reader itself
 *   takes between two pieces does not count
 * @param throwIfAborted throws the caller's reason if it was the caller who ended the request
 */
export async function* bodyOf(
  response: Response,
  name: string,
  idleTimeoutMs: number,
  throwIfAborted: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  // node-fetch types it as a web-ish stream; it is a PassThrough.
  const raw = response.body as Readable | null;
  if (raw === null) return;
  const stream = decoded(raw, response.headers.get("content-encoding"), name);
  let isWaiting = true;
  const timer = setTimeout(() => {
    if (isWaiting) {
      stream.destroy(new BodyError("stalled", `${name} sent no byte for ${idleTimeoutMs / 1000} s`));
    } else {
      timer.refresh();
    }
  }, idleTimeoutMs);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      isWaiting = false;
      yield chunk;
      isWaiting = true;
      timer.refresh();
    }
  } catch (error) {
    throwIfAborted();
    if (isBodyError(error)) throw error;
    const code =
      typeof error === "object" && error !== null && "code" in error ? String(error.code) : "no code";
    const reason = MALFORMED_CODES.has(code) ? "malformed" : "truncated";
    const what = reason === "malformed" ? "sent a damaged body" : "broke off";
    throw new BodyError(reason, `${name} ${what} (${code})`, { cause: error });
  } finally {
    clearTimeout(timer);
    stream.destroy();
    raw.destroy();
  }
}

function decoded(raw: Readable, encoding: string | null, name: string): Readable {
  switch (encoding?.trim().toLowerCase() ?? "identity") {
    case "gzip":
    case "x-gzip": {
      const gunzip = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
      // The error reaches the reader through the destroyed gunzip.
      pipeline(raw, gunzip, () => undefined);
      return gunzip;
    }
    case "identity":
    case "":
      return raw;
    default:
      raw.destroy();
      throw new BodyError(
        "malformed",
        `${name} answered in the unknown encoding ${JSON.stringify(encoding)}`,
      );
  }
}

/**
 * All of a small body, as text.
 *
 * @param name what was asked, for messages
 * @throws BodyError if it is larger than `limit` bytes
 */
export async function readWhole(body: AsyncIterable<Buffer>, name: string, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > limit) throw new BodyError("malformed", `${name} sent more than ${limit} bytes`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** At most the first `limit` bytes of a body, as text. */
export async function readText(body: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString("utf8");
}
