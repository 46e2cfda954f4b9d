import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { JsonArraySplitter, type SplitterOptions } from "../../src/http/json-array-splitter.ts";

interface Split {
  elements: string[];
  members: Record<string, string>[];
  envelope: Record<string, string>;
  flags: { surrogate: boolean; longNumber: boolean }[];
}

/** Splits a body given in pieces of these sizes, over and over. */
function split(
  body: string | Buffer,
  sizes: readonly number[] = [1e9],
  options: Partial<SplitterOptions> = {},
): Split {
  const result: Split = { elements: [], members: [], envelope: {}, flags: [] };
  const splitter = new JsonArraySplitter({
    ...options,
    onElement: (element) => {
      const { buffer, start, members } = element;
      const text = (from: number, to: number) => buffer.toString("utf8", start + from, start + to);
      result.elements.push(text(0, element.end - start));
      // A key may be "__proto__", which an assignment would swallow.
      const own: [string, string][] = [];
      for (let m = 0; m < element.memberCount; m++) {
        const [keyStart, keyEnd, valueStart, valueEnd] = members.subarray(m * 4, m * 4 + 4);
        own.push([JSON.parse(text(keyStart!, keyEnd!)) as string, text(valueStart!, valueEnd!)]);
      }
      result.members.push(Object.fromEntries(own));
      result.flags.push({ surrogate: element.hasSurrogateEscape, longNumber: element.hasLongNumber });
    },
  });
  const bytes = Buffer.from(body);
  for (let from = 0, i = 0; from < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    splitter.push(Buffer.from(bytes.subarray(from, from + size)));
    from += size;
  }
  splitter.end();
  result.envelope = Object.fromEntries(splitter.envelope);
  return result;
}

function parses(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
const anyJson = fc.jsonValue({ maxDepth: 5, stringUnit: "binary" });
/** JSON texts that were damaged a little: most are no JSON any more, some are another JSON. */
const damaged = fc
  .tuple(
    fc.array(anyJson, { maxLength: 4 }),
    fc.nat(),
    fc.constantFrom("", ...Array.from('{}[],:"\\0-.eE+1tfnulasr \n\t\u0001é')),
    fc.boolean(),
    fc.constantFrom(0, 1, 2),
  )
  .map(([value, position, inserted, cut, indent]) => {
    const text = Array.from(JSON.stringify(value, null, indent));
    const at = position % (text.length + 1);
    if (cut) text.splice(at, 1);
    else text.splice(at, 0, inserted);
    return text.join("");
  });

describe("a bare array", () => {
  test("gives what JSON.parse gives, under any chunking", () => {
    fc.assert(
      fc.property(fc.array(anyJson), sizes, fc.constantFrom(0, 1, "\t", "\r\n"), (value, chunks, indent) => {
        const text = JSON.stringify(value, null, indent).replaceAll("\n", indent === "\r\n" ? "\r\n" : "\n");
        const { elements } = split(text, chunks);
        expect(elements.map((element) => JSON.parse(element) as unknown)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  test("accepts a text if and only if JSON.parse takes it for an array", () => {
    fc.assert(
      fc.property(damaged, sizes, (text, chunks) => {
        const wanted = parses(text);
        if (Array.isArray(wanted)) {
          expect(split(text, chunks).elements.map(parses)).toEqual(wanted);
        } else {
          expect(() => split(text, chunks)).toThrow(expect.objectContaining({ name: "BodyError" }));
        }
      }),
      { numRuns: 5000 },
    );
  });

  test("finds each member of an object at its place", () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: "grapheme" }), anyJson), { minLength: 1 });
    fc.assert(
      fc.property(objects, sizes, (value, chunks) => {
        const text = JSON.stringify(value);
        const found = split(text, chunks).members.map((own) =>
          Object.fromEntries(
            Object.entries(own).map(([key, member]) => [key, JSON.parse(member) as unknown]),
          ),
        );
        expect(found).toEqual(JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  test("never lets a line break out", () => {
    const text = '[\r\n{"a" :\n[1,\r2 ]\n,"b":"x\\ny"}\n]\n';
    expect(split(text, [3]).elements).toEqual(['{"a" : [1, 2 ] ,"b":"x\\ny"}']);
  });

  test("keeps numbers, key order and escapes as they came", () => {
    const row = '{"id":9007199254740993,"10":1.50,"2":"\\u00e9\\/"}';
    expect(split(`[${row},${row}]`, [7]).elements).toEqual([row, row]);
  });

  test("tells elements with surrogate escapes and with numbers that few can hold", () => {
    const rows = [
      '{"a":"\\ud83d"}',
      '{"a":1e400}',
      '{"a":[9223372036854775808]}',
      '{"a":"\\u00e9",b":1.5}'.replace(",b", ',"b'),
    ];
    for (const size of [1, 5, 100]) {
      expect(split(`[${rows.join(",")}]`, [size]).flags).toEqual([
        { surrogate: true, longNumber: false },
        { surrogate: false, longNumber: true },
        { surrogate: false, longNumber: true },
        { surrogate: false, longNumber: false },
      ]);
    }
  });

  test.each([
    ["nothing", "", "malformed"],
    ["an array that is not closed", '[{"a":1}', "truncated"],
    ["an array cut after a comma", '[{"a":1},', "truncated"],
    ["an array cut inside a string", '[{"a":"b', "truncated"],
    ["an object", '{"message":"no"}', "malformed"],
    ["a page of HTML", "<html><body>502</body></html>", "malformed"],
    ["a word", "null", "malformed"],
    ["something after the end", "[] []", "malformed"],
    ["a trailing comma", "[1,]", "malformed"],
    ["a raw control character", '["\u0001"]', "malformed"],
  ])("refuses %s", (_, body, reason) => {
    expect(() => split(body)).toThrow(expect.objectContaining({ reason }));
  });

  test("says how a body starts that is no array", () => {
    expect(() => split("<html>\n<title>502")).toThrow('it starts with "<html> <title>502"');
  });

  test("takes a deeper nesting and more members than it has room for at first", () => {
    const deep = `${"[".repeat(5000)}1${"]".repeat(5000)}`;
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])));
    const { elements, members } = split(`[${deep},${wide}]`, [100]);
    expect(elements).toEqual([deep, wide]);
    expect(Object.keys(members[1]!)).toHaveLength(500);
  });

  test("takes an element of many chunks, but not one beyond its limit", () => {
    const row = JSON.stringify({ text: "x".repeat(300_000) });
    expect(split(`[1,${row},2]`, [1000]).elements).toEqual(["1", row, "2"]);
    expect(() => split(`[${row}]`, [1000], { maxElementBytes: 200_000 })).toThrow("larger than 200000 bytes");
  });
});

describe("an envelope", () => {
  test("gives the array's elements, and its other members as text", () => {
    const members = fc.dictionary(
      fc.string().filter((key) => key !== "data"),
      anyJson,
    );
    fc.assert(
      fc.property(members, fc.array(anyJson), members, sizes, (before, data, after, chunks) => {
        const envelope = { ...before, data, ...after };
        const result = split(JSON.stringify(envelope, null, 1), chunks, { arrayKey: "data" });
        const { data: wanted, ...rest } = JSON.parse(JSON.stringify(envelope)) as Record<string, unknown>;
        expect(result.elements.map(parses)).toEqual(wanted);
        expect(Object.fromEntries(Object.entries(result.envelope).map(([k, v]) => [k, parses(v)]))).toEqual(
          rest,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["without the array", '{"meta":{}}', 'no array "data"'],
    ["with something else in its place", '{"data":{}}', '"data" in the body is not one array'],
    ["with a word in its place", '{"data":null}', '"data" in the body is not one array'],
    ["with two", '{"data":[],"data":[]}', '"data" in the body is not one array'],
    ["that is a bare array", "[]", 'not an object with an array "data"'],
    ["that is not closed", '{"data":[1]', "without closing"],
  ])("%s is refused", (_, body, message) => {
    expect(() => split(body, [1], { arrayKey: "data" })).toThrow(message);
  });
});
