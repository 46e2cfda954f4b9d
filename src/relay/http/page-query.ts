import { type FastifyRequest } from "fastify";
import { z } from "zod";

import { HttpProblem } from "./errors.ts";
import { type Parameter, queryParameter } from "./operation.ts";

const MOST = 100;
const LIMIT = 20;
const COUNT = /^[0-9]{1,9}$/;

/** How a part of a long list is asked for. */
export const PAGE_PARAMETERS: readonly Parameter[] = [
  {
    name: "limit",
    in: "query",
    description: `How many connections, 1 to ${MOST}. Default ${LIMIT}.`,
    schema: z.int().min(1).max(MOST),
  },
  {
    name: "offset",
    in: "query",
    description: "How many of them to leave out. Default 0.",
    schema: z.int().min(0).max(999_999_999),
  },
];

/** @throws HttpProblem */
export function pageOf(request: FastifyRequest): { limit: number; offset: number } {
  const limit = countIn(request, "limit") ?? LIMIT;
  if (limit < 1 || limit > MOST) throw new HttpProblem(400, "bad_request", `limit must be 1 to ${MOST}.`);
  return { limit, offset: countIn(request, "offset") ?? 0 };
}

/**
 * A whole number in the query; undefined: it is not given.
 *
 * @throws HttpProblem
 */
function countIn(request: FastifyRequest, name: string): number | undefined {
  const { query } = request;
  if (typeof query !== "object" || query === null || !(name in query)) return undefined;
  const text = queryParameter(request, name);
  if (text === undefined || !COUNT.test(text)) {
    throw new HttpProblem(400, "bad_request", `${name} must be one whole number.`);
  }
  return Number(text);
}
