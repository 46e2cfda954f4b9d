import { isDeepStrictEqual } from "node:util";

import { beforeAll, describe, expect, test } from "@jest/globals";

import { toStreamSchema } from "../../src/airbyte/protocol/json-schema.ts";
import { followedFields } from "../../src/dixa/streams/followed.ts";
import { followedStreams, listedStreams, windowedStreams } from "../../src/dixa/streams/index.ts";
import { type DixaStream } from "../../src/dixa/streams/stream.ts";
import {
  answerOf,
  loadDocument,
  namesOf,
  type OpenApiDocument,
  resolve,
  type Schema,
  variantsOf,
} from "./document.ts";
import { PATHS } from "./paths.ts";

/** Of the Dixa API; the two exports have no document. */
const streams: readonly DixaStream[] = [
  ...windowedStreams.filter(({ name }) => name in PATHS),
  ...followedStreams,
  ...listedStreams,
];
/** Members that the connector adds, since only the path knows them or the API has no key. */
const ADDED = ["teamId", "queueId", "endpoint", ...Object.keys(followedFields)];
/** Members that never leave. */
const LEFT_OUT = ["webhooks.secretKey"];

let document: OpenApiDocument;

beforeAll(async () => {
  document = await loadDocument();
});

/** What the document says of a row, and where it lies in the answer. */
function rowOf({ name }: DixaStream): Schema {
  const schema = memberOf(resolve(document, answerOf(document, PATHS[name]?.[0] ?? "").schema), "data");
  const row = "schedule" in propertiesOf(schema) ? memberOf(schema, "schedule") : schema;
  return row["type"] === "array" ? resolve(document, row["items"] as Schema) : row;
}

function memberOf(schema: Schema, name: string): Schema {
  const member = propertiesOf(schema)[name];
  return member === undefined ? schema : resolve(document, member);
}

function propertiesOf(schema: Schema): Record<string, Schema> {
  const variants = variantsOf(document, schema);
  // Whatever a variant has; a member can have a shape in each.
  if (variants === undefined) return (schema["properties"] ?? {}) as Record<string, Schema>;
  const isTagged = variants.every(({ type }) => type === "object");
  const all = new Map<string, Schema[]>(isTagged ? [["_type", [{ type: "string" }]]] : []);
  for (const variant of variants) {
    for (const [name, member] of Object.entries(propertiesOf(variant))) {
      const shapes = all.get(name) ?? [];
      if (!shapes.some((shape) => isDeepStrictEqual(shape, member))) all.set(name, [...shapes, member]);
    }
  }
  return Object.fromEntries(
    Array.from(all, ([name, shapes]) => [name, shapes.length === 1 ? shapes[0]! : { oneOf: shapes }]),
  );
}

/** Types of JSON schema that a schema of the document allows. */
function typesOf(schema: Schema): Set<unknown> {
  if (namesOf(document, schema) !== undefined) return new Set(["string"]);
  const variants = variantsOf(document, schema);
  if (variants !== undefined) return new Set(variants.flatMap((variant) => [...typesOf(variant)]));
  return new Set([schema["type"]]);
}

/** Where our schema says something else than the document, or has a member that it doesn't have, or lacks one. */
function* differences(own: Schema, schema: Schema, path: string): Generator<string> {
  const given = resolve(document, schema);
  const ownTypes = new Set([own["type"] as string | string[]].flat().filter((type) => type !== "null"));
  const wanted = typesOf(given);
  for (const type of wanted) if (!ownTypes.has(String(type))) yield `${path}: ${String(type)} is missing`;
  // A call's number is a number in the document's example.
  const isNumber = path.endsWith("attributes.to") && ownTypes.has("integer");
  for (const type of ownTypes) if (!wanted.has(type) && !isNumber) yield `${path}: ${type} is not documented`;
  if (given["format"] === "date-time" && own["airbyte_type"] !== "timestamp_with_timezone") {
    yield `${path}: is an instant`;
  }
  for (const shape of [given, ...(variantsOf(document, given) ?? [])]) {
    if (shape["type"] === "array") yield* inside(own["items"], shape["items"], `${path}[]`);
  }
  if (namesOf(document, given) !== undefined) return;
  const ownMembers = (own["properties"] ?? {}) as Record<string, Schema>;
  const members = propertiesOf(given);
  // A map of whatever keys, or what lies deeper than a schema can go.
  if (Object.keys(ownMembers).length === 0) return;
  const map = given["additionalProperties"];
  for (const [name, member] of Object.entries(members)) {
    const at = `${path}.${name}`;
    if (ownMembers[name] === undefined) {
      if (!LEFT_OUT.includes(at)) yield `${at}: is missing`;
    } else yield* differences(ownMembers[name], member, at);
  }
  for (const [name, member] of Object.entries(ownMembers)) {
    if (members[name] !== undefined || ADDED.includes(name)) continue;
    if (map !== undefined && typeof map === "object") yield* inside(member, map, `${path}.${name}`);
    else if (name !== "_type" || !isVariant(path)) yield `${path}.${name}: is not documented`;
  }
}

/** Single variants carry the `_type` that only their union's description has. */
function isVariant(path: string): boolean {
  return path.endsWith(".conditions[]") || path.endsWith(".Conversation");
}

/** What our schema says inside a list or a map; nothing if it says nothing there. */
function* inside(own: unknown, schema: unknown, path: string): Generator<string> {
  const described = own as Schema | undefined;
  if (described?.["type"] === undefined) return;
  yield* differences(described, schema as Schema, path);
}

describe.each(streams)("$name", (stream) => {
  test("has the fields of Dixa's document with their types, at every depth, and no others", () => {
    expect([...differences(toStreamSchema(stream.schema), rowOf(stream), stream.name)]).toEqual([]);
  });
});

test("a field that is missing, of another type, undocumented, or an instant without a mark is found", () => {
  const agents = listedStreams.find(({ name }) => name === "agents");
  if (agents === undefined) throw new Error("there is no stream of agents");
  const schema = toStreamSchema(agents.schema) as { properties: Record<string, Schema> };
  const { email, ...properties } = schema.properties;
  const wrong = {
    ...schema,
    properties: {
      ...properties,
      displayName: { type: ["null", "integer"] },
      createdAt: { type: ["null", "string"] },
      mail: email,
    },
  };
  expect([...differences(wrong, rowOf(agents), "agents")]).toEqual([
    "agents.createdAt: is an instant",
    "agents.displayName: string is missing",
    "agents.displayName: integer is not documented",
    "agents.email: is missing",
    "agents.mail: is not documented",
  ]);
});
