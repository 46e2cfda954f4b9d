import { type FastifyRequest } from "fastify";
import { z } from "zod";

import { connectionPage } from "./connection-view.ts";
import { COMMON, credentialId, error } from "./documented.ts";
import { HttpProblem, notFound } from "./errors.ts";
import { type Operation, pathParameter, queryParameter } from "./operation.ts";
import { connectionPageSchema, type ConnectionPageView } from "./schemas.ts";
import { type Services } from "./services.ts";

const MOST = 100;
const LIMIT = 20;
const COUNT = /^[0-9]{1,9}$/;

/** The connections of an account, for accounts that have many. */
export function connectionListOperation(services: Services): Operation {
  const { store, clock, isMapped } = services;
  const list = async (request: FastifyRequest): Promise<ConnectionPageView> => {
    const id = pathParameter(request, "credentialId").toLowerCase();
    const { config } = services;
    const credential = config.credentials.find((each) => each.id === id);
    if (credential === undefined) throw notFound("credential");
    const limit = countIn(request, "limit", LIMIT);
    if (limit < 1 || limit > MOST) throw new HttpProblem(400, "bad_request", `limit must be 1 to ${MOST}.`);
    const page = { limit, offset: countIn(request, "offset", 0) };
    return await connectionPage(credential, page, { config, store, now: clock.now(), isMapped });
  };
  return {
    id: "listConnections",
    method: "GET",
    path: "/v1/credentials/{credentialId}/connections",
    tag: "Credentials",
    summary: "List the connections of a Dixa account",
    access: "admin",
    parameters: [
      credentialId,
      {
        name: "limit",
        in: "query",
        description: `How many, 1 to ${MOST}. Default ${LIMIT}.`,
        schema: z.int().min(1).max(MOST),
      },
      {
        name: "offset",
        in: "query",
        description: "How many to leave out. Default 0.",
        schema: z.int().min(0).max(999_999_999),
      },
    ],
    responses: {
      200: { description: "Some of them.", schema: connectionPageSchema },
      400: error("limit or offset is not a number, or out of bounds."),
      404: error("There is no such credential."),
      ...COMMON,
    },
    handle: list,
  };
}

function countIn(request: FastifyRequest, name: string, otherwise: number): number {
  const { query } = request;
  if (typeof query !== "object" || query === null || !(name in query)) return otherwise;
  const text = queryParameter(request, name);
  if (text === undefined || !COUNT.test(text)) {
    throw new HttpProblem(400, "bad_request", `${name} must be one whole number.`);
  }
  return Number(text);
}
