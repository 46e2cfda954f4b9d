import { Writable } from "node:stream";

/** A sink that keeps what it is given, and takes it at once. */
export class KeepingSink extends Writable {
  readonly blocks: Buffer[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    // Copied: the writer fills its blocks again.
    this.blocks.push(Buffer.from(chunk));
    done();
  }

  get text(): string {
    return Buffer.concat(this.blocks).toString("utf8");
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}

/** A sink that takes a block only when the test lets it. */
export class SlowSink extends KeepingSink {
  #done: (() => void) | undefined;

  override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
    this.#done = () => {
      super._write(chunk, encoding, done);
    };
  }

  /** Takes the block that waits; says whether there was one. */
  take(): boolean {
    const done = this.#done;
    this.#done = undefined;
    done?.();
    return done !== undefined;
  }
}
