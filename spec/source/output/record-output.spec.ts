import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { pino } from "pino";

import { airbyteMessageSchema } from "../../../src/airbyte/protocol/messages.ts";
import { activityLogs } from "../../../src/dixa/streams/activity-logs.ts";
import { conversations } from "../../../src/dixa/streams/conversations.ts";
import { messages } from "../../../src/dixa/streams/messages.ts";
import { type DixaStream } from "../../../src/dixa/streams/stream.ts";
import { RecordOutput } from "../../../src/source/output/record-output.ts";
import { StdoutWriter } from "../../../src/source/output/stdout-writer.ts";
import { streamRewriter } from "../../../src/source/output/stream-rewriter.ts";
import { elementOf } from "../../support/elements.ts";
import { KEEP_ALL } from "../../support/rows.ts";
import { KeepingSink } from "../../support/sinks.ts";

const NOW = 1704067200000;

interface Options {
  stream?: DixaStream;
  namespace?: string;
  /** Fields that the connection ticks. */
  ticked?: readonly string[];
  now?: () => number;
}

/** The lines in which rows are put out. */
async function put(rows: readonly (string | Buffer)[], options: Options = {}): Promise<string[]> {
  const sink = new KeepingSink();
  const writer = new StdoutWriter(sink);
  const stream = options.stream ?? conversations;
  const properties = Object.fromEntries((options.ticked ?? []).map((field) => [field, {}]));
  const output = new RecordOutput({
    writer,
    stream: stream.name,
    namespace: options.namespace,
    rewriter: streamRewriter(stream, { properties }, KEEP_ALL, pino({ enabled: false })),
    now: options.now ?? (() => NOW),
  });
  for (const row of rows) output.put(elementOf(row));
  await writer.flush();
  expect(output.rows).toBe(rows.length);
  expect(output.bytes).toBe(rows.reduce((sum, row) => sum + Buffer.from(row).length, 0));
  return sink.lines;
}

const line = (data: string, stream = "conversations") =>
  `{"type":"RECORD","record":{"stream":"${stream}","emitted_at":${NOW},"data":${data}}}`;

interface Changes {
  data: Record<string, unknown>;
  changes: unknown;
}

/** Data and changes of one row, after it has been proved that its line is a message of the protocol. */
async function putOne(row: string | Buffer, options: Options = {}): Promise<Changes> {
  const [text = "", ...others] = await put([row], options);
  expect(others).toEqual([]);
  const message = airbyteMessageSchema.parse(JSON.parse(text));
  if (message.type !== "RECORD") throw new Error("no record");
  return { data: message.record.data, changes: message.record.meta?.changes };
}

describe("a row", () => {
  test("leaves as the bytes that came, with large numbers, key order and blanks", async () => {
    const rows = [
      '{"id":9007199254740993,"10":1.50,"2":"\\u00e9\\/é\\"","x": [ 1 , {"a":null} ] }',
      "{}",
      '{"a":1,"a":2}',
      '{"big":9223372036854775807,"small":-9223372036854775808,"e":1e-7,"pair":"\\ud83d\\ude00"}',
    ];
    const wanted = rows.map((row) => line(row));
    // The last is looked at member by member, for its exponent and its pair.
    expect(await put(rows)).toEqual(wanted);
  });

  test("leaves unchanged whatever JSON it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), async (row) => {
        const text = JSON.stringify(row);
        fc.pre(!/\d{19}/.test(text));
        expect(await put([text])).toEqual([line(text)]);
      }),
      { numRuns: 300 },
    );
  });

  test("names its stream, its namespace and when it left", async () => {
    let now = NOW;
    const lines = await put(["{}", "{}"], { stream: messages, namespace: 'a"b', now: () => now++ });
    expect(lines).toEqual(
      [NOW, NOW + 1].map(
        (at) =>
          `{"type":"RECORD","record":{"stream":"messages","namespace":"a\\"b","emitted_at":${at},"data":{}}}`,
      ),
    );
  });

  test("has only those members rewritten that Dixa sends in two shapes", async () => {
    expect(await put(['{"n":1.50,"to":"a@b.test", "id":"x"}'], { stream: messages })).toEqual([
      line('{"n":1.50,"to":["a@b.test"], "id":"x"}', "messages"),
    ]);
    expect(
      await put(['{"activityTimestamp":"2021-12-01T12:46:36Z[GMT]"}'], { stream: activityLogs }),
    ).toEqual([line('{"activityTimestamp":"2021-12-01T12:46:36.000Z"}', "activity_logs")]);
  });
});

describe("a row of which not all fields were chosen", () => {
  test("leaves with these, its key and its cursor alone", async () => {
    const row = '{"secret":"s","a":{"b":1},"id":1,"b":2,"updated_at":3}';
    expect(await put([row, row], { ticked: ["a"] })).toEqual(
      Array(2).fill(line('{"a":{"b":1},"id":1,"updated_at":3}')),
    );
  });

  test("may have none left", async () => {
    expect(await put(['{"x":1,"y":2}', "{}"], { ticked: ["a"] })).toEqual([line("{}"), line("{}")]);
  });

  test("keeps the rewritten form of a chosen field", async () => {
    expect(await put(['{"text":"t","to":"x"}'], { stream: messages, ticked: ["to"] })).toEqual([
      line('{"to":["x"]}', "messages"),
    ]);
  });
});

describe("a row that is no well-formed text", () => {
  const FFFD = "\ufffd";

  test.each<[string, string | Buffer, Record<string, unknown>, string]>([
    ["half a pair", '{"id":1,"a":"x\\ud83dy"}', { id: 1, a: `x${FFFD}y` }, "TRUNCATED"],
    ["a pair the wrong way round", '{"id":1,"a":"\\ude00\\ud83d"}', { id: 1, a: FFFD + FFFD }, "TRUNCATED"],
    ["half a pair deep inside", '{"id":1,"a":[{"b":"\\uD83D"}]}', { id: 1, a: [{ b: FFFD }] }, "TRUNCATED"],
    [
      "half a pair before a whole one",
      '{"id":1,"a":"\\ud83d\\ud83d\\ude00"}',
      { id: 1, a: `${FFFD}😀` },
      "TRUNCATED",
    ],
    ["half a pair in a nested key", '{"id":1,"a":{"\\ud83d":1}}', { id: 1, a: { [FFFD]: 1 } }, "TRUNCATED"],
    [
      "bytes that are no UTF-8",
      Buffer.concat([Buffer.from('{"id":1,"a":"x'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
      { id: 1, a: `x${FFFD}(` },
      "TRUNCATED",
    ],
    [
      "half a pair as bytes",
      Buffer.concat([Buffer.from('{"id":1,"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
      { id: 1, a: FFFD.repeat(3) },
      "TRUNCATED",
    ],
    ["a number that no column holds", '{"id":1,"a":1e400}', { id: 1, a: null }, "NULLED"],
    ["an integer beyond 64 bits", '{"id":1,"a":9223372036854775808}', { id: 1, a: null }, "NULLED"],
    ["an integer below 64 bits", '{"id":1,"a":-9223372036854775809}', { id: 1, a: null }, "NULLED"],
    [
      "one such number among others",
      '{"id":1,"a":[1,-1E999,{"b":2}]}',
      { id: 1, a: [1, null, { b: 2 }] },
      "NULLED",
    ],
  ])("leaves with what can be kept, and says so: %s", async (_, row, data, change) => {
    expect(await putOne(row)).toEqual({
      data,
      changes: [{ field: "a", change, reason: "SOURCE_SERIALIZATION_ERROR" }],
    });
  });

  test.each([
    ["a pair", '{"id":1,"a":"\\ud83d\\ude00"}'],
    ["an escaped backslash before something like half a pair", '{"id":1,"a":"\\\\ud83d"}'],
    ["a number in a text", '{"id":1,"a":"1e400, 9223372036854775808 \\" -1e999","b":1e5}'],
    ["a long fraction", '{"id":1,"a":0.12345678901234567890123}'],
    ["the largest integer", '{"id":1,"a":[9223372036854775807,-9223372036854775808]}'],
  ])("is not one with %s", async (_, row) => {
    expect(await put([row])).toEqual([line(row)]);
  });

  test("has its keys mended too", async () => {
    expect(await putOne('{"id":1,"k\\ud83d":"v"}')).toEqual({
      data: { id: 1, [`k${FFFD}`]: "v" },
      changes: undefined,
    });
    const bytes = Buffer.concat([Buffer.from('{"id":1,"k'), Buffer.from([0xff]), Buffer.from('":"v"}')]);
    expect(await putOne(bytes)).toEqual({ data: { id: 1, [`k${FFFD}`]: "v" }, changes: undefined });
    expect(await putOne('{"id":1,"k\\ud83d":1e400}')).toEqual({
      data: { id: 1, [`k${FFFD}`]: null },
      changes: [{ field: `k${FFFD}`, change: "NULLED", reason: "SOURCE_SERIALIZATION_ERROR" }],
    });
  });

  test("whatever it is, leaves as one line of strict JSON that any reader takes", async () => {
    const bytes = fc.array(
      fc.constantFrom<Buffer>(
        ...["\\ud83d", "\\ude00", "\\u0041", "\\\\", "\\n", "😀", "a", "é", "1e400"].map((text) =>
          Buffer.from(text),
        ),
        ...[0xff, 0xc3, 0xed, 0xa0, 0x80, 0xf0, 0x9f].map((byte) => Buffer.from([byte])),
      ),
      { maxLength: 8 },
    );
    const quoted = bytes.map((parts) => Buffer.concat([Buffer.from('"'), ...parts, Buffer.from('"')]));
    const value = fc.oneof(
      quoted,
      fc
        .constantFrom("1e400", "-12345678901234567890", "1.5e300", "123456789012345678", "null")
        .map((t) => Buffer.from(t)),
      quoted.map((text) => Buffer.concat([Buffer.from("[1e999,"), text, Buffer.from("]")])),
    );
    const row = fc.array(fc.tuple(quoted, value), { maxLength: 5 }).map((members) => {
      const parts = members.flatMap(([key, own], i) => [
        Buffer.from(i > 0 ? "," : ""),
        key,
        Buffer.from(":"),
        own,
      ]);
      return Buffer.concat([Buffer.from("{"), ...parts, Buffer.from("}")]);
    });
    await fc.assert(
      fc.asyncProperty(row, async (bytesOfRow) => {
        const [text = ""] = await put([bytesOfRow]);
        // A decoder that refuses what is no UTF-8, as Python's does.
        const strict = new TextDecoder("utf8", { fatal: true }).decode(Buffer.from(text));
        const { record } = JSON.parse(strict) as { record: { data: unknown } };
        const check = (own: unknown): void => {
          if (typeof own === "string") expect(own.isWellFormed()).toBe(true);
          else if (typeof own === "number") expect(Number.isFinite(own)).toBe(true);
          else if (typeof own === "object" && own !== null)
            [...Object.keys(own), ...(Object.values(own) as unknown[])].forEach(check);
        };
        check(record);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a row of more than 15 MB", () => {
  const LIMIT = 15_000_000;

  test("has its longest text cut between characters, and says so", async () => {
    for (const [character, odd] of [
      ["é", "x"],
      ["😀", "x"],
      ['"', "x"],
    ] as const) {
      const text = odd + character.repeat(Math.ceil(20_000_000 / Buffer.byteLength(character)));
      const [output = ""] = await put([JSON.stringify({ id: 1, text, short: "kept" })], { stream: messages });
      expect(Buffer.byteLength(output)).toBeLessThan(LIMIT);
      expect(Buffer.byteLength(output)).toBeGreaterThan(LIMIT / 2);
      const { record } = JSON.parse(output) as {
        record: { data: { text: string; short: string }; meta: unknown };
      };
      expect(record.data.short).toBe("kept");
      expect(text.startsWith(record.data.text)).toBe(true);
      expect(record.meta).toEqual({
        changes: [{ field: "text", change: "TRUNCATED", reason: "SOURCE_RECORD_SIZE_LIMITATION" }],
      });
    }
  });

  test("loses as few fields as possible, the largest first", async () => {
    const texts = { a: "a".repeat(9e6), b: "b".repeat(10e6), c: "c".repeat(100) };
    const { data, changes } = await putOne(JSON.stringify({ id: 1, ...texts }));
    expect(changes).toEqual([{ field: "b", change: "TRUNCATED", reason: "SOURCE_RECORD_SIZE_LIMITATION" }]);
    expect([data["a"], data["c"]]).toEqual([texts.a, texts.c]);
    expect(String(data["b"]).length).toBeGreaterThan(3_900_000);
  });

  test("loses a list as a whole, since none can be cut", async () => {
    const { data, changes } = await putOne(
      JSON.stringify({ id: 1, list: Array(4_000_000).fill(1234), text: "t" }),
    );
    expect(data).toEqual({ id: 1, list: null, text: "t" });
    expect(changes).toEqual([{ field: "list", change: "NULLED", reason: "SOURCE_RECORD_SIZE_LIMITATION" }]);
  });

  test("is dealt with however many fields it has", async () => {
    const members = Array.from({ length: 150_000 }, (_, i) => `"${String(i).padStart(100, "k")}":null`);
    const [text = ""] = await put([`{${members.join(",")}}`]);
    const { record } = JSON.parse(text) as { record: { data: object } };
    expect(Object.keys(record.data)).toHaveLength(150_000);
  });

  test("is left alone when it is just small enough", async () => {
    const text = "x".repeat(LIMIT - 100);
    expect((await putOne(JSON.stringify({ text }))).changes).toBeUndefined();
  });
});
