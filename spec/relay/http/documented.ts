import { expect } from "@jest/globals";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { type FastifyInstance } from "fastify";
import { type Response } from "light-my-request";
import { z } from "zod";

const documentSchema = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        responses: z.record(
          z.string(),
          z.looseObject({
            content: z.record(z.string(), z.looseObject({ schema: z.unknown() })).optional(),
          }),
        ),
      }),
    ),
  ),
  components: z.looseObject({}),
});

export interface Documentation {
  document: z.infer<typeof documentSchema>;
  /** @param path as the document writes it */
  expectDocumented: (method: string, path: string, response: Response) => void;
}

/** Checks that answers are what the server's own OpenAPI document says. */
export async function documentation(app: FastifyInstance): Promise<Documentation> {
  const document = documentSchema.parse((await app.inject("/openapi.json")).json());
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: "openapi.json", components: document.components });
  return {
    document,
    expectDocumented(method, path, response) {
      const documented = document.paths[path]?.[method.toLowerCase()]?.responses[String(response.statusCode)];
      expect(documented).toBeDefined();
      const [type = ""] = String(response.headers["content-type"]).split(";");
      const content = documented?.content?.[type];
      expect(content).toBeDefined();
      if (type !== "application/json") return;
      const text = JSON.stringify(content?.schema).replaceAll('"#/', '"openapi.json#/');
      const isValid = ajv.compile(JSON.parse(text) as object);
      expect([isValid(response.json()), isValid.errors]).toEqual([true, null]);
    },
  };
}
