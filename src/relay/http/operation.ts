import { type FastifyReply, type FastifyRequest } from "fastify";
import { type z } from "zod";

/** Who may do it: the holder of the admin token, Dixa, or anybody. */
export type Access = "admin" | "webhook" | "anybody";

export interface Parameter {
  readonly name: string;
  readonly in: "header" | "path" | "query";
  readonly description: string;
  readonly schema: z.ZodType;
}

export interface DocumentedResponse {
  readonly description: string;
  /** Of a JSON body. */
  readonly schema?: z.ZodType;
  /** Of a body that isn't JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call of the HTTP interface: what is registered with the server and what the OpenAPI document says are the same. */
export interface Operation {
  readonly id: string;
  readonly method: "DELETE" | "GET" | "PATCH" | "POST";
  /** As OpenAPI writes it: `/v1/credentials/{credentialId}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly parameters?: readonly Parameter[];
  readonly body?: {
    readonly description: string;
    readonly schema: z.ZodType;
    readonly isOptional?: boolean;
  };
  readonly responses: Readonly<Record<number, DocumentedResponse>>;
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
}

/** `/v1/credentials/{credentialId}` → `/v1/credentials/:credentialId`. */
export function toFastifyPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

/** A part of the path, by its name. */
export function pathParameter(request: FastifyRequest, name: string): string {
  const { params } = request;
  const value: unknown =
    typeof params === "object" && params !== null ? Reflect.get(params, name) : undefined;
  return typeof value === "string" ? value : "";
}

/** A member of the query; undefined if it is absent or given twice. */
export function queryParameter(request: FastifyRequest, name: string): string | undefined {
  const { query } = request;
  const value: unknown = typeof query === "object" && query !== null ? Reflect.get(query, name) : undefined;
  return typeof value === "string" ? value : undefined;
}
