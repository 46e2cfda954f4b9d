import { type FastifyRequest } from "fastify";
import { type z } from "zod";

import { faultsOf } from "../config/issues.ts";
import { HttpProblem } from "./errors.ts";

/**
 * The JSON body of a request, checked.
 *
 * @throws HttpProblem that names each faulty field by its shape, never by its value
 */
export function readBody<T>({ body }: FastifyRequest, schema: z.ZodType<T>): T {
  if (!Buffer.isBuffer(body)) throw new HttpProblem(415, "media_type", "Send application/json.");
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw new HttpProblem(400, "malformed", "The body is not JSON.");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new HttpProblem(400, "bad_request", faultsOf(parsed.error, value).join(" "));
}
