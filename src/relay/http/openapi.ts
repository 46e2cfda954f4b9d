import { z } from "zod";

import { VERSION } from "../../version.ts";
import { accountOutcomeSchema, removalSchema } from "./account-schemas.ts";
import { errorSchema } from "./errors.ts";
import { type Access, type DocumentedResponse, type Operation } from "./operation.ts";
import {
  acceptedSchema,
  accountSchema,
  connectionPageSchema,
  connectionSchema,
  credentialListSchema,
  credentialSchema,
  credentialSummarySchema,
  eventSchema,
  healthSchema,
  jobSchema,
  notedSchema,
  owedSchema,
  subscriptionSchema,
} from "./schemas.ts";
import { syncSchema } from "./sync-schemas.ts";

/** Schemas that the document names. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Accepted: acceptedSchema,
  Account: accountSchema,
  AccountOutcome: accountOutcomeSchema,
  Connection: connectionSchema,
  ConnectionPage: connectionPageSchema,
  Credential: credentialSchema,
  CredentialList: credentialListSchema,
  CredentialSummary: credentialSummarySchema,
  Error: errorSchema,
  Event: eventSchema,
  Health: healthSchema,
  Job: jobSchema,
  Noted: notedSchema,
  OwedSync: owedSchema,
  Removal: removalSchema,
  Subscription: subscriptionSchema,
  Sync: syncSchema,
};

const SECURITY: Readonly<Record<Access, readonly Record<string, readonly string[]>[] | undefined>> = {
  admin: [{ adminToken: [] }],
  webhook: [{ dixaSignature: [] }, { dixaBasic: [] }, { dixaBearer: [] }],
  anybody: undefined,
};

/** The OpenAPI 3.1 document of these operations. */
export function openApiDocument(operations: readonly Operation[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase()] = describe(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "dixa-relay",
      version: VERSION,
      summary: "Dixa webhooks become Airbyte syncs, none lost.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        adminToken: { type: "http", scheme: "bearer", description: "The relay's admin token." },
        dixaSignature: {
          type: "apiKey",
          in: "header",
          name: "X-DIXA-SIGNATURE",
          description: "t=<ms>,v1=<hex HMAC-SHA256 of the time, a dot and the raw body>.",
        },
        dixaBasic: {
          type: "http",
          scheme: "basic",
          description: "For a credential whose webhook in Dixa has Basic authorization.",
        },
        dixaBearer: {
          type: "http",
          scheme: "bearer",
          description: "For a credential whose webhook in Dixa has a token.",
        },
      },
    },
  };
}

function describe(operation: Operation): unknown {
  const { id, tag, summary, description, access, parameters = [], body, responses } = operation;
  const security = SECURITY[access];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(security === undefined ? {} : { security }),
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      in: parameter.in,
      required: parameter.in === "path",
      description: parameter.description,
      schema: schemaOf(parameter.schema),
    })),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.isOptional !== true,
            description: body.description,
            content: { "application/json": { schema: schemaOf(body.schema) } },
          },
        }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, describeResponse(response)]),
    ),
  };
}

function describeResponse({ description, schema, contentType, headers }: DocumentedResponse): unknown {
  return {
    description,
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, meaning]) => [
              name,
              { description: meaning, schema: { type: "string" } },
            ]),
          ),
        }),
    ...(schema === undefined ? {} : { content: { "application/json": { schema: schemaOf(schema) } } }),
    ...(contentType === undefined ? {} : { content: { [contentType]: { schema: { type: "string" } } } }),
  };
}

function schemaOf(schema: z.ZodType): unknown {
  const name = Object.keys(NAMED).find((key) => NAMED[key] === schema);
  return name === undefined
    ? clean(z.toJSONSchema(schema, { io: "input" }))
    : { $ref: `#/components/schemas/${name}` };
}

function namedSchemas(): unknown {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, clean(schema)]));
}

/** Without what belongs to a schema that stands alone, and without the bounds of JavaScript's integers. */
function clean(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(clean);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => {
        if (key === "$schema" || key === "$id") return false;
        return value !== Number.MAX_SAFE_INTEGER && value !== Number.MIN_SAFE_INTEGER;
      })
      .map(([key, value]) => [key, clean(value)]),
  );
}
