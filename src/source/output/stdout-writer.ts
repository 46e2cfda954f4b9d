import { type Writable } from "node:stream";

/** Lines are gathered into blocks of this size before they are written. */
const BLOCK_BYTES = 64 * 1024;
/** Beyond this many bytes that the reader hasn't taken yet, producers wait. */
const HIGH_WATER_BYTES = 256 * 1024;
/** A line waits at most this long for its block to fill, ms. */
const LINGER_MS = 200;

/**
 * The one owner of stdout. Everything goes through it in one order, so no line is torn, no STATE overtakes the
 * records it covers, and memory stays bounded however slow the reader is, provided that producers await
 * {@link drained} every so often.
 */
export class StdoutWriter {
  /** Aborted when stdout fails, with the error (`EPIPE` when the reader has gone) as its reason. */
  readonly failed: AbortSignal;

  readonly #sink: Writable;
  readonly #failure = new AbortController();
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #filled = 0;
  /** Blocks that the sink has given back. */
  readonly #free: Buffer[] = [];
  #unwritten = 0;
  #drain: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(sink: Writable) {
    this.#sink = sink;
    this.failed = this.#failure.signal;
    sink.on("error", (error: Error) => {
      this.#fail(error);
    });
  }

  /** Adds one line, given without its line break. */
  line(text: string): void {
    const bytes = Buffer.from(text + "\n");
    this.parts(bytes, 0, bytes.length);
  }

  /** Adds bytes of a line; the caller sees to it that a line is added as a whole before anything else. */
  parts(bytes: Buffer, start: number, end: number): void {
    let from = start;
    while (from < end) {
      if (this.#filled === BLOCK_BYTES) this.#writeBlock();
      const taken = Math.min(end - from, BLOCK_BYTES - this.#filled);
      bytes.copy(this.#block, this.#filled, from, from + taken);
      this.#filled += taken;
      from += taken;
    }
    this.#linger ??= setTimeout(() => {
      this.#linger = undefined;
      this.#writeBlock();
    }, LINGER_MS).unref();
  }

  /** Resolves when the reader has taken enough; undefined if there is nothing to wait for. */
  drained(): Promise<void> | undefined {
    if (this.#unwritten < HIGH_WATER_BYTES || this.failed.aborted) return undefined;
    this.#drain ??= Promise.withResolvers();
    return this.#drain.promise;
  }

  /** Resolves when all lines so far have been taken, or stdout has failed. */
  async flush(): Promise<void> {
    this.#writeBlock();
    if (this.#unwritten === 0 || this.failed.aborted) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** Hands over what has gathered without waiting. */
  push(): void {
    this.#writeBlock();
  }

  #fail(error: Error): void {
    this.#failure.abort(error);
    this.#drain?.resolve();
    this.#idle?.resolve();
  }

  #writeBlock(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    if (this.#filled === 0) return;
    const block = this.#block;
    const bytes = this.#filled;
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#filled = 0;
    if (this.failed.aborted) return;
    this.#unwritten += bytes;
    this.#sink.write(block.subarray(0, bytes), (error) => {
      // The sink's own event comes later, when who waits has gone on already.
      if (error !== undefined && error !== null) this.#fail(error);
      this.#unwritten -= bytes;
      this.#free.push(block);
      if (this.#unwritten < HIGH_WATER_BYTES) {
        this.#drain?.resolve();
        this.#drain = undefined;
      }
      if (this.#unwritten === 0) {
        this.#idle?.resolve();
        this.#idle = undefined;
      }
    });
  }
}
