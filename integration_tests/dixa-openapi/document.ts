import { readFile } from "node:fs/promises";

export type Schema = Record<string, unknown>;

interface MediaType {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Operation {
  responses: Record<string, { content?: Record<string, MediaType> }>;
}

/** The part of an OpenAPI document that is looked at here. */
export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const VARIABLE = "DIXA_OPENAPI";

/**
 * Dixa's own OpenAPI document of the Dixa API, which is not part of this project.
 *
 * @throws Error that says what to do, if the variable is not set or its file is no such document
 */
export async function loadDocument(path = process.env[VARIABLE]): Promise<OpenApiDocument> {
  if (path === undefined || path === "") {
    throw new Error(
      `Set ${VARIABLE} to the path of Dixa's OpenAPI document of the Dixa API, as JSON. Dixa publishes it with the ` +
        "reference of the Dixa API on docs.dixa.io (Download OpenAPI specification). Nothing has been checked.",
    );
  }
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(`${VARIABLE} names ${path}, which can't be read: ${String(error)}`);
  });
  const document = JSON.parse(text) as Partial<OpenApiDocument>;
  if (document.paths?.["/v1/agents"] === undefined || document.components?.schemas === undefined) {
    throw new Error(`${VARIABLE} names ${path}, which is no OpenAPI document with the path /v1/agents`);
  }
  return document as OpenApiDocument;
}

/** The good answer of a path's GET. */
export function answerOf({ paths }: OpenApiDocument, path: string): MediaType {
  const answer = paths[path]?.["get"]?.responses["200"]?.content?.["application/json"];
  if (answer === undefined) throw new Error(`Dixa's document has no answer of GET ${path}`);
  return answer;
}

/** The document's own examples of an answer. */
export function examplesOf({ example, examples = {} }: MediaType): unknown[] {
  return [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)];
}

/** The schema that a reference names. */
export function resolve({ components }: OpenApiDocument, schema: Schema): Schema {
  const name = refName(schema);
  if (name === undefined) return schema;
  const found = components.schemas[name];
  if (found === undefined) throw new Error(`Dixa's document has no schema ${name}`);
  return found;
}

export function refName({ $ref }: Schema): string | undefined {
  return typeof $ref === "string" ? $ref.split("/").at(-1) : undefined;
}

/** The variants of a union, resolved; undefined if the schema is none. */
export function variantsOf(document: OpenApiDocument, { oneOf }: Schema): Schema[] | undefined {
  return Array.isArray(oneOf) ? (oneOf as Schema[]).map((variant) => resolve(document, variant)) : undefined;
}

/**
 * The names that a union stands for when it is an enumeration that was written as objects without members: the
 * document's examples show them as texts.
 */
export function namesOf(document: OpenApiDocument, schema: Schema): string[] | undefined {
  const variants = variantsOf(document, schema);
  const isEnumeration = variants?.every(
    ({ type, properties }) => type === "object" && properties === undefined,
  );
  return isEnumeration === true ? variants?.map(({ title }) => String(title)) : undefined;
}
