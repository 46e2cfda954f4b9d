import { spawnSync } from "node:child_process";

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { JsonArraySplitter, type JsonElement } from "../../src/http/json-array-splitter.ts";
import { JsonObjects } from "../../src/http/json-objects.ts";

/** More than what is left to the machine at the end of a text. */
const PADDING = `,${" ".repeat(40)}`;

function loaded(): JsonObjects {
  const objects = JsonObjects.load();
  if (objects === undefined) throw new Error("there is no WebAssembly here");
  return objects;
}

const objects = loaded();

/** Where the object ends that the text begins with, in bytes; -1 if it is not taken. */
function scan(text: string): number {
  objects.hold(Buffer.from(text + PADDING), 0);
  return objects.scan(0);
}

interface Found {
  text: string;
  members: number[];
  flags: boolean[];
}

function found({ buffer, start, end, members, memberCount, ...flags }: JsonElement): Found {
  return {
    text: buffer.toString("latin1", start, end),
    members: [...members.subarray(0, memberCount * 4)],
    flags: [flags.hasSurrogateEscape, flags.hasEscapedKey, flags.hasLongNumber],
  };
}

function split(body: string, size: number, using: JsonObjects | undefined): Found[] {
  const elements: Found[] = [];
  const splitter = new JsonArraySplitter({
    objects: using,
    onElement: (element) => {
      elements.push(found(element));
    },
  });
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += size) splitter.push(Buffer.from(bytes.subarray(at, at + size)));
  splitter.end();
  return elements;
}

/** JSON with escapes of every kind, in keys too, and with numbers in every notation. */
const string = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => JSON.stringify(text).slice(1, -1)),
      fc.constantFrom(
        '\\"',
        "\\\\",
        "\\/",
        "\\b",
        "\\u0041",
        "\\ud83D",
        "\\uDE00",
        "\\u00e9",
        "plain and long, so",
      ),
    ),
    { maxLength: 4 },
  )
  .map((parts) => `"${parts.join("")}"`);
const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "0",
    "-0",
    "1e9",
    "-1.5E-10",
    "0.10",
    "1234567890123456789",
    "123456789012345678",
    "1e+400",
  ),
);
const { object } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("null", "true", "false", "{}", "[]"),
    string,
    number,
    tie("object"),
    fc.array(tie("value"), { maxLength: 4 }).map((values) => `[${values.join(",")}]`),
  ),
  object: fc
    .array(fc.tuple(string, tie("value")), { minLength: 1, maxLength: 6 })
    .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(",")}}`),
}));
const damage = fc.record({
  at: fc.nat(),
  cut: fc.integer({ min: 0, max: 2 }),
  put: fc.constantFrom("", ...Array.from('{}[],:"\\0-.eE+1tfnulasr \n\t\u0001\u007fé'), "\\u12g4", "\\x"),
});

describe("an object", () => {
  test("is taken whenever it is written without blanks", () => {
    fc.assert(
      fc.property(object, (text) => {
        expect(scan(text)).toBe(Buffer.byteLength(text));
      }),
      { numRuns: 1000 },
    );
  });

  test("that JSON.parse would refuse is never taken, however little is wrong with it", () => {
    let taken = 0;
    fc.assert(
      fc.property(object, damage, (text, { at, cut, put }) => {
        const place = at % (text.length + 1);
        const damaged = text.slice(0, place) + put + text.slice(place + cut);
        const end = scan(damaged);
        if (end === -1) return;
        taken++;
        const whole = Buffer.from(damaged + PADDING)
          .subarray(0, end)
          .toString();
        expect(() => JSON.parse(whole) as unknown).not.toThrow();
        expect([...split(`[${whole}]`, 1e9, undefined)].map(({ text: one }) => one.length)).toEqual([end]);
      }),
      { numRuns: 10_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test.each([
    ["a number with a leading zero", '{"a":01}'],
    ["a sign alone", '{"a":-}'],
    ["a point without digits", '{"a":1.}'],
    ["an exponent without digits", '{"a":1e+}'],
    ["a plus", '{"a":+1}'],
    ["a point first", '{"a":.5}'],
    ["half a word", '{"a":nul}'],
    ["a word that goes on", '{"a":truee}'],
    ["a raw line break", '{"a":"\n"}'],
    ["a raw zero", '{"a":"\0"}'],
    ["an unknown escape", '{"a":"\\x"}'],
    ["an escape of three digits", '{"a":"\\u123"}'],
    ["a comma at the end", '{"a":1,}'],
    ["a key without quotes", "{a:1}"],
    ["a key without a value", '{"a"}'],
    ["an element missing", '{"a":[1,,2]}'],
    ["another bracket", '{"a":[1}]'],
    ["no braces", '"a"'],
    ["two colons", '{"a"::1}'],
  ])("with %s is not taken", (_, text) => {
    expect(scan(text)).toBe(-1);
  });

  test.each([
    ["blanks", '{"a": 1}'],
    ["no members", "{}"],
    ["a deep nesting", `{"a":${"[".repeat(102)}${"]".repeat(102)}}`],
    [
      "more members than there is room for",
      `{${Array.from({ length: 4096 }, (__, i) => `"${i}":0`).join()}}`,
    ],
  ])("with %s is left to the machine", (_, text) => {
    expect(scan(text)).toBe(-1);
    expect(split(`[${text},1,${text}]`, 1e9, objects)).toEqual(split(`[${text},1,${text}]`, 7, undefined));
  });

  test("is taken with as many members, and as deep, as there is room for", () => {
    expect(scan(`{${Array.from({ length: 4095 }, (_, i) => `"${i}":0`).join()}}`)).toBeGreaterThan(0);
    expect(scan(`{"a":${"[".repeat(100)}${"]".repeat(100)}}`)).toBe(206);
  });

  test("that was cut off is not completed by what an earlier text left", () => {
    const text = `{"a":"${"x".repeat(100)}","b":1234567890,"c":[true,false]}`;
    for (let length = 0; length <= text.length; length++) {
      objects.hold(Buffer.from(text + PADDING), 0);
      objects.hold(Buffer.from(text.slice(0, length)), 0);
      expect(objects.scan(0)).toBe(-1);
    }
  });
});

describe("a splitter", () => {
  test("finds the same with it as without", () => {
    const rows = fc.array(fc.oneof({ weight: 5, arbitrary: object }, { weight: 1, arbitrary: number }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(
        rows,
        fc.integer({ min: 20, max: 2000 }),
        fc.constantFrom(",", ", ", "\r\n,"),
        (all, size, comma) => {
          const body = `[${all.join(comma)}]`;
          expect(split(body, size, objects)).toEqual(split(body, size, undefined));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("finds the same in texts that fit several times, and in rows that never fit", () => {
    const row = (bytes: number) => JSON.stringify({ id: bytes, text: "é".repeat(bytes / 2), list: [1, 2] });
    const sizes = [10, 70_000, 10, 130_000, 131_000, 140_000, 10, 300_000, 10];
    const body = `[${[...sizes, ...sizes].map(row).join(",")}]`;
    for (const size of [65_536, 262_144, 1e9]) {
      expect(split(body, size, objects)).toEqual(split(body, 1000, undefined));
    }
  });

  test("may be used while another one puts out an element", () => {
    // The second object begins at the same place in both, and ends elsewhere.
    const outer = Array.from({ length: 20 }, () => '{"id":1}');
    const inner = outer.map((row, index) => (index === 0 ? row : '{"id":1,"more":[1,2,3]}'));
    const found: string[] = [];
    const splitter = new JsonArraySplitter({
      onElement: ({ buffer, start, end }) => {
        expect(split(`[${inner.join(",")}]`, 1e9, objects).map(({ text }) => text)).toEqual(inner);
        found.push(buffer.toString("utf8", start, end));
      },
      objects,
    });
    splitter.push(Buffer.from(`[${outer.join(",")}]`));
    splitter.end();
    expect(found).toEqual(outer);
  });

  test("is free for the next one after a callback that threw", () => {
    const rows = '[{"id":1},{"id":2},{"id":3},{"id":4},{"id":5}]';
    const splitter = new JsonArraySplitter({
      objects,
      onElement: () => {
        throw new Error("enough");
      },
    });
    expect(() => {
      splitter.push(Buffer.from(rows));
    }).toThrow("enough");
    expect(objects.isTaken).toBe(false);
  });
});

test("where there is no such WebAssembly, there is nothing, and splitters do without", () => {
  expect(JsonObjects.load("AGFzbQ==")).toBeUndefined();
});

test("what is shipped is what its source compiles to", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/assembly.ts", "--check"], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
