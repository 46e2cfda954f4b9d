import { Writable } from "node:stream";
import { setImmediate, setTimeout } from "node:timers/promises";

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { StdoutWriter } from "../../../src/source/output/stdout-writer.ts";
import { KeepingSink, SlowSink } from "../../support/sinks.ts";

const BLOCK = 64 * 1024;

describe("lines", () => {
  test("come out whole and in their order, however long they are", async () => {
    const line = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", " ")),
      fc.integer({ min: BLOCK - 3, max: BLOCK + 3 }).map((length) => "é".repeat(length)),
      fc.integer({ min: 1, max: 300_000 }).map((length) => "x".repeat(length)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.nat(40), async (lines, cuts) => {
        const sink = new KeepingSink();
        const writer = new StdoutWriter(sink);
        for (const [i, text] of lines.entries()) {
          // As a whole, or in parts, as records are added.
          if (i % 2 === 0) writer.line(text);
          else {
            const bytes = Buffer.from(`${text}\n`);
            const middle = Math.floor((bytes.length * cuts) / 40);
            writer.parts(bytes, 0, middle);
            writer.parts(bytes, middle, bytes.length);
          }
        }
        await writer.flush();
        expect(sink.text).toBe(lines.map((text) => `${text.toWellFormed()}\n`).join(""));
      }),
      { numRuns: 100 },
    );
  });

  test("are gathered into blocks of 64 KiB", async () => {
    const sink = new KeepingSink();
    const writer = new StdoutWriter(sink);
    for (let i = 0; i < 5000; i++) writer.line("x".repeat(99));
    await writer.flush();
    expect(sink.blocks.map((block) => block.length)).toEqual([
      ...Array<number>(7).fill(BLOCK),
      500_000 - 7 * BLOCK,
    ]);
  });

  test("are handed over at once when that is asked for, and soon when it isn't", async () => {
    const sink = new KeepingSink();
    const writer = new StdoutWriter(sink);
    writer.line("a state");
    expect(sink.blocks).toEqual([]);
    writer.push();
    expect(sink.lines).toEqual(["a state"]);
    writer.line("a log");
    while (sink.lines.length < 2) await setTimeout(20);
    expect(sink.lines).toEqual(["a state", "a log"]);
  });

  test("keep their bytes while a slow sink holds their block", async () => {
    const sink = new SlowSink();
    const writer = new StdoutWriter(sink);
    const lines = Array.from({ length: 40 }, (_, i) => String(i).padEnd(20_000, "."));
    for (const line of lines) {
      writer.line(line);
      // The sink takes one block now and then, so that blocks are given back and used again.
      if (line.startsWith("1")) {
        sink.take();
        await setImmediate();
      }
    }
    const flushed = writer.flush();
    while (sink.take()) await setImmediate();
    await flushed;
    expect(sink.lines).toEqual(lines);
  });
});

describe("a slow reader", () => {
  test("makes producers wait beyond 256 KiB, until it has taken enough", async () => {
    const sink = new SlowSink();
    const writer = new StdoutWriter(sink);
    for (let i = 0; i < 3; i++) writer.line("x".repeat(BLOCK));
    expect(writer.drained()).toBeUndefined();
    for (let i = 0; i < 3; i++) writer.line("x".repeat(BLOCK));
    const drained = writer.drained();
    expect(drained).toBeDefined();
    let isDrained = false;
    void drained?.then(() => (isDrained = true));
    sink.take();
    await setImmediate();
    expect(isDrained).toBe(false);
    while (sink.take()) await setImmediate();
    await drained;
    expect(writer.drained()).toBeUndefined();
  });

  test("has taken everything when a flush is over, and not before", async () => {
    const sink = new SlowSink();
    const writer = new StdoutWriter(sink);
    writer.line("x".repeat(200_000));
    let isFlushed = false;
    const flushed = writer.flush().then(() => (isFlushed = true));
    for (let i = 0; i < 3; i++) {
      await setImmediate();
      expect(isFlushed).toBe(false);
      sink.take();
    }
    while (sink.take()) await setImmediate();
    await flushed;
    expect(sink.text).toHaveLength(200_001);
  });

  test("may be asked to take nothing", async () => {
    const sink = new SlowSink();
    await new StdoutWriter(sink).flush();
    expect(sink.take()).toBe(false);
  });
});

describe("a reader that has gone", () => {
  const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });

  test("is told once, as the reason of a signal, and lets everybody go who waits", async () => {
    let fail: ((error: Error) => void) | undefined;
    const writer = new StdoutWriter(new Writable({ write: (_, __, done) => (fail = done) }));
    writer.line("x".repeat(10 * BLOCK));
    const drained = writer.drained();
    const flushed = writer.flush();
    expect(writer.failed.aborted).toBe(false);
    fail?.(gone);
    await drained;
    await flushed;
    expect(writer.failed.reason).toBe(gone);
  });

  test("costs nothing more: lines go nowhere and nobody waits", async () => {
    let writes = 0;
    const sink = new Writable({
      write: (_, __, done) => {
        writes++;
        done(gone);
      },
    });
    const writer = new StdoutWriter(sink);
    writer.line("first");
    await writer.flush();
    for (let i = 0; i < 50; i++) writer.line("x".repeat(BLOCK));
    expect(writer.drained()).toBeUndefined();
    await writer.flush();
    expect(writes).toBe(1);
  });
});
