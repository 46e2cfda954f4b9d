import { JsonArraySplitter, type JsonElement } from "../../src/http/json-array-splitter.ts";

/** The elements of a JSON array, copied, so that they outlive the splitter's callback. */
export function elementsOf(array: string | Buffer): JsonElement[] {
  const elements: JsonElement[] = [];
  const splitter = new JsonArraySplitter({
    onElement: (element) => {
      const { buffer, start, end, members } = element;
      elements.push({
        ...element,
        // Not at the buffer's start, as it never is in a body.
        buffer: Buffer.concat([Buffer.from("[,"), buffer.subarray(start, end), Buffer.from(",")]),
        start: 2,
        end: 2 + end - start,
        members: members.slice(),
      });
    },
  });
  splitter.push(Buffer.from(array));
  splitter.end();
  return elements;
}

/** One element, from its JSON text. */
export function elementOf(text: string | Buffer): JsonElement {
  return elementsOf(Buffer.concat([Buffer.from("["), Buffer.from(text), Buffer.from("]")]))[0]!;
}
