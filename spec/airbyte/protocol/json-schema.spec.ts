import { describe, expect, test } from "@jest/globals";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import fc from "fast-check";
import { z } from "zod";

import { toConnectionSpecification, toStreamSchema } from "../../../src/airbyte/protocol/json-schema.ts";
import { configSchema } from "../../../src/dixa/config.ts";
import { streams } from "../../../src/dixa/streams/index.ts";
import { catalogMessage } from "../../../src/source/commands/discover.ts";
import { specMessage } from "../../../src/source/commands/spec.ts";

type Schema = Record<string, unknown>;

/** Keywords of Airbyte beside those of JSON schema. */
const ANNOTATIONS = ["airbyte_secret", "airbyte_hidden", "airbyte_type", "order", "pattern_descriptor"];
const FORBIDDEN = [
  ...["$ref", "$defs", "definitions", "allOf", "anyOf", "not", "if", "then", "else", "patternProperties"],
  ...["prefixItems", "dependentSchemas", "dependentRequired", "dependencies"],
];
/** Names by which test suites and the platform take a field for a secret. */
const SECRET_NAMES =
  /^(.*_)?(token|secret|password|key|credentials|private_key|service_account|jwt|certificate)$/;

/** Compiles a schema with every check that ajv has; unknown keywords and formats are errors. */
function compile(schema: Schema): ValidateFunction {
  const ajv = new Ajv({ strict: true, strictRequired: true, allowUnionTypes: true, validateFormats: true });
  (formats as unknown as { default: (ajv: Ajv) => Ajv }).default(ajv);
  for (const keyword of ANNOTATIONS) ajv.addKeyword(keyword);
  return ajv.compile(schema);
}

/** All schemas inside one, with the path to each; the schema itself first. */
function* walk(schema: Schema, path = ""): Generator<[string, Schema]> {
  yield [path, schema];
  for (const [name, property] of Object.entries((schema["properties"] ?? {}) as Record<string, Schema>)) {
    yield* walk(property, `${path}/${name}`);
  }
  if (schema["items"] !== undefined) yield* walk(schema["items"] as Schema, `${path}[]`);
}

const specification = (() => {
  const message = specMessage();
  if (message.type !== "SPEC") throw new Error("no spec");
  return message.spec.connectionSpecification;
})();
const catalog = (() => {
  const message = catalogMessage();
  if (message.type !== "CATALOG") throw new Error("no catalog");
  return message.catalog.streams;
})();

describe("the connection specification", () => {
  const properties = specification["properties"] as Record<string, Schema>;
  /** Those of the objects among them too. */
  const fields = Object.entries(properties).flatMap(([name, property]): [string, Schema][] => [
    [name, property],
    ...Object.entries((property["properties"] ?? {}) as Record<string, Schema>),
  ]);

  test("is a strict draft-07 schema of an object that may have more fields", () => {
    expect(specification).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      additionalProperties: true,
      required: ["api_token", "start_date"],
    });
    compile(specification);
  });

  test("uses no keyword that the platform's form can't show", () => {
    for (const [, schema] of walk(specification)) {
      for (const keyword of FORBIDDEN) expect(Object.keys(schema)).not.toContain(keyword);
      expect(schema["additionalProperties"]).not.toBe(false);
      // One type each: none of the fields is a list, a union or an object without fields.
      if (schema["type"] === "object") expect(Object.keys(schema["properties"] as object)).not.toEqual([]);
      else expect(["string", "integer"]).toContain(schema["type"]);
    }
  });

  test("has an order without doubles, and words and an example for every field", () => {
    for (const group of [properties, properties["privacy"]!["properties"] as typeof properties]) {
      const orders = Object.values(group).map(({ order }) => order);
      expect(orders).toEqual([...orders.keys()]);
    }
    for (const [name, property] of fields) {
      expect([name, typeof property["title"], typeof property["description"]]).toEqual([
        name,
        "string",
        "string",
      ]);
      if (property["airbyte_secret"] !== true)
        expect([name, property["examples"]]).toEqual([name, expect.any(Array)]);
    }
  });

  test("marks each secret, and nothing else", () => {
    const secrets = fields
      .filter(([, property]) => property["airbyte_secret"] === true)
      .map(([name]) => name);
    expect(secrets).toEqual(["api_token", "pseudonym_secret"]);
    expect(fields.map(([name]) => name).filter((name) => SECRET_NAMES.test(name))).toEqual(secrets);
  });

  test("has examples and defaults that it accepts itself", () => {
    for (const [name, property] of fields) {
      const validate = compile(property);
      const values = [...((property["examples"] ?? []) as unknown[]), property["default"]];
      for (const value of values.filter((own) => own !== undefined)) {
        expect([name, value, validate(value)]).toEqual([name, value, true]);
      }
    }
  });

  test("says what its patterns mean, and they are what the program accepts", () => {
    const { pattern, pattern_descriptor: descriptor } = properties["start_date"]!;
    expect(descriptor).toBe("YYYY-MM-DD or YYYY-MM-DDTHH:mm:ssZ");
    expect(properties["end_date"]).toMatchObject({ pattern, pattern_descriptor: descriptor });
    const dates = fc.date({
      min: new Date("1990-01-01Z"),
      max: new Date("2090-01-01Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        for (const text of [date.toISOString().slice(0, 10), `${date.toISOString().slice(0, 19)}Z`]) {
          expect(new RegExp(String(pattern)).test(text)).toBe(true);
          expect(configSchema.shape.start_date.safeParse(text).success).toBe(true);
        }
      }),
    );
  });

  test("accepts what the program accepts, and refuses what it refuses, but for dates and addresses that only look good", () => {
    const validate = compile(specification);
    const value = fc.oneof(
      fc.integer({ min: -2, max: 7000 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string(),
      fc.uuid(),
      fc.boolean(),
      fc.constantFrom("2024-01-31", "https://a.test"),
    );
    const config = fc.record(Object.fromEntries(Object.keys(properties).map((name) => [name, value])), {
      requiredKeys: [],
    });
    const complete = { api_token: "abc", start_date: "2024-01-31" };
    fc.assert(
      fc.property(config, fc.boolean(), (fields, isComplete) => {
        const json = isComplete ? { ...fields, ...complete } : fields;
        const accepted = configSchema.safeParse(json).success;
        // The form knows no blanks around a text: it trims them itself.
        if (accepted && Object.values(json).every((own) => typeof own !== "string" || own === own.trim())) {
          expect(validate(json)).toBe(true);
        }
        const looks = Object.entries(json).every(
          ([name, own]) =>
            !/_url$|_date$|_token$/.test(name) ||
            configSchema.shape[name as "api_url"].safeParse(own).success,
        );
        if (!accepted && looks) expect(validate(json)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the schema of each stream", () => {
  test("has its own name", () => {
    expect(new Set(catalog.map(({ name }) => name)).size).toBe(catalog.length);
  });

  describe.each(catalog.map((stream): [string, (typeof catalog)[number]] => [stream.name, stream]))(
    "%s",
    (name, stream) => {
      const schema = stream.json_schema;
      const properties = schema["properties"] as Record<string, Schema>;

      test("is a strict draft-07 schema without any combination", () => {
        expect(schema["$schema"]).toBe("http://json-schema.org/draft-07/schema#");
        expect(schema["type"]).toBe("object");
        compile(schema);
        for (const [, own] of walk(schema)) {
          for (const keyword of [...FORBIDDEN, "oneOf", "required", "pattern", "minimum", "maximum"]) {
            expect(Object.keys(own)).not.toContain(keyword);
          }
        }
      });

      test("allows null and further fields at every depth, and describes every list and object", () => {
        for (const [path, own] of walk(schema)) {
          const types = own["type"] as string | string[];
          if (path !== "") expect([path, types[0]]).toEqual([path, "null"]);
          expect(new Set(types).size).toBe(types.length);
          if (types.includes("object")) {
            expect([path, own["additionalProperties"]]).toEqual([path, true]);
            expect(own["properties"]).toBeDefined();
          }
          if (types.includes("array")) expect([path, typeof own["items"]]).toEqual([path, "object"]);
        }
      });

      test("has types and formats that destinations know, and says so for instants", () => {
        for (const [path, own] of walk(schema)) {
          for (const type of [own["type"]].flat()) {
            expect(["null", "string", "integer", "number", "boolean", "array", "object"]).toContain(type);
          }
          if (own["format"] !== undefined) {
            expect([path, own["format"], own["airbyte_type"]]).toEqual([
              path,
              "date-time",
              "timestamp_with_timezone",
            ]);
          }
        }
      });

      test("has its key and its cursor as fields at the top, of simple types", () => {
        // A list has no cursor, and can't be read in increments.
        const cursor = stream.default_cursor_field ?? [];
        expect(stream).toMatchObject({
          supported_sync_modes: ["full_refresh", ...(cursor.length === 0 ? [] : ["incremental"])],
          source_defined_cursor: true,
          is_resumable: true,
        });
        const key = (stream.source_defined_primary_key ?? []).flat();
        expect(key.length).toBeGreaterThan(0);
        for (const field of [...key, ...cursor]) {
          expect([
            ["null", "integer"],
            ["null", "string"],
          ]).toContainEqual(properties[field]?.["type"]);
        }
      });

      test("accepts any row of its own fields, filled or null, with more besides", () => {
        const validate = compile(schema);
        expect(validate({})).toBe(true);
        expect(validate(Object.fromEntries(Object.keys(properties).map((field) => [field, null])))).toBe(
          true,
        );
        expect(validate({ added_by_dixa_later: { x: [1] } })).toBe(true);
        const [key = ""] = stream.source_defined_primary_key?.[0] ?? [];
        const [cursor = key] = stream.default_cursor_field ?? [];
        expect(validate({ [cursor]: ["no cursor"] })).toBe(false);
        expect(Object.keys(properties)).toEqual(
          Object.keys(streams.find((own) => own.name === name)!.schema.shape),
        );
      });
    },
  );
});

describe("a schema that is emitted", () => {
  test("keeps what a field says about itself, and nothing that zod adds", () => {
    const schema = z.object({
      id: z.int().describe("An id"),
      at: z.iso.datetime().meta({ airbyte_type: "timestamp_with_timezone" }),
      who: z.uuid(),
      several: z.union([z.string(), z.array(z.int())]).describe("One or more"),
      deep: z.array(z.object({ a: z.array(z.boolean()) })),
    });
    expect(toStreamSchema(schema)["properties"]).toEqual({
      id: { type: ["null", "integer"], description: "An id" },
      at: { type: ["null", "string"], format: "date-time", airbyte_type: "timestamp_with_timezone" },
      who: { type: ["null", "string"], format: "uuid" },
      several: {
        type: ["null", "string", "array"],
        items: { type: ["null", "integer"] },
        description: "One or more",
      },
      deep: {
        type: ["null", "array"],
        items: {
          type: ["null", "object"],
          additionalProperties: true,
          properties: { a: { type: ["null", "array"], items: { type: ["null", "boolean"] } } },
        },
      },
    });
  });

  test("of a union of shapes has the members of each of them, at every depth", () => {
    const person = z.object({ id: z.string(), name: z.string(), born: z.iso.datetime(), at: z.int() });
    const group = z.object({ id: z.int(), size: z.int(), born: z.string(), at: z.object({ x: z.int() }) });
    const schema = z.object({
      who: z.union([person, group]).describe("One of two"),
      list: z.array(z.union([z.object({ a: z.int() }), z.object({ b: z.int() })])),
      lists: z.union([z.array(z.object({ a: z.int() })), z.array(z.object({ b: z.int() }))]),
    });
    const integer = { type: ["null", "integer"] };
    const object = { type: ["null", "object"], additionalProperties: true };
    const elements = { ...object, properties: { a: integer, b: integer } };
    expect(toStreamSchema(schema)["properties"]).toEqual({
      who: {
        ...object,
        description: "One of two",
        properties: {
          id: { type: ["null", "string", "integer"] },
          name: { type: ["null", "string"] },
          born: { type: ["null", "string"] },
          at: { ...object, type: ["null", "integer", "object"], properties: { x: integer } },
          size: integer,
        },
      },
      list: { type: ["null", "array"], items: elements },
      lists: { type: ["null", "array"], items: elements },
    });
  });

  test("of a configuration keeps bounds that were meant", () => {
    const schema = z.object({
      few: z.int().min(1).max(5).default(3).meta({ order: 0 }),
      any: z.int().optional(),
      name: z.string(),
    });
    expect(toConnectionSpecification(schema)).toMatchObject({
      required: ["name"],
      properties: { few: { type: "integer", minimum: 1, maximum: 5, default: 3, order: 0 } },
    });
    expect((toConnectionSpecification(schema)["properties"] as Record<string, Schema>)["any"]).toEqual({
      type: "integer",
    });
  });
});
