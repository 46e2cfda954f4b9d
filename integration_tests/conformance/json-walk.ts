/** JSON objects as they come from the connector: what they hold is what the rules are there to find out. */
export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every object inside a value, with its path in dots; the value itself has the path "". */
export function* objectsIn(
  value: unknown,
  path = "",
): Generator<[path: string, object: Json], void, undefined> {
  if (isObject(value)) yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value))
    yield* objectsIn(member, path === "" ? key : `${path}.${key}`);
}

/** One property of a JSON schema, wherever it is nested. */
export interface Property {
  path: string;
  name: string;
  schema: Json;
  /** The properties object that it stands in. */
  siblings: Json;
  /** 0 for the top level. */
  depth: number;
}

/** All properties of a JSON schema, through objects, `oneOf` variants and items of arrays. */
export function* propertiesIn(schema: unknown, path = "", depth = 0): Generator<Property, void, undefined> {
  if (!isObject(schema)) return;
  const siblings = schema["properties"];
  if (isObject(siblings)) {
    for (const [name, property] of Object.entries(siblings)) {
      if (!isObject(property)) continue;
      const here = path === "" ? name : `${path}.${name}`;
      yield { path: here, name, schema: property, siblings, depth };
      yield* propertiesIn(property, here, depth + 1);
    }
  }
  const variants = Array.isArray(schema["oneOf"]) ? (schema["oneOf"] as unknown[]) : [];
  for (const [index, variant] of variants.entries())
    yield* propertiesIn(variant, `${path}.oneOf.${index}`, depth + 1);
  yield* propertiesIn(schema["items"], `${path}.items`, depth + 1);
}

/** The types that a schema names, without null. */
export function typesOf(schema: Json): string[] {
  return [schema["type"] ?? []]
    .flat()
    .filter((type): type is string => typeof type === "string" && type !== "null");
}

/** All paths of the values in a record, with `[]` for places in lists, as test suites compare them with a schema. */
export function* valuePaths(value: unknown, path = ""): Generator<string, void, undefined> {
  if (path !== "") yield path;
  if (Array.isArray(value)) for (const item of value as unknown[]) yield* valuePaths(item, `${path}/[]`);
  else if (isObject(value))
    for (const [key, member] of Object.entries(value)) yield* valuePaths(member, `${path}/${key}`);
}
