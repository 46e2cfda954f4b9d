import { type FastifyRequest } from "fastify";

import { connectionPage } from "./connection-view.ts";
import { COMMON, credentialId, error } from "./documented.ts";
import { type Operation } from "./operation.ts";
import { PAGE_PARAMETERS, pageOf } from "./page-query.ts";
import { requestedCredential } from "./requested-credential.ts";
import { connectionPageSchema, type ConnectionPageView } from "./schemas.ts";
import { type Services } from "./services.ts";
import { contextOf } from "./view-context.ts";

/** The connections of an account, for accounts that have many. */
export function connectionListOperation(services: Services): Operation {
  const list = async (request: FastifyRequest): Promise<ConnectionPageView> => {
    const credential = await requestedCredential(request, services);
    return await connectionPage(credential, pageOf(request), contextOf(services));
  };
  return {
    id: "listConnections",
    method: "GET",
    path: "/v1/credentials/{credentialId}/connections",
    tag: "Credentials",
    summary: "List the connections of a Dixa account",
    access: "admin",
    parameters: [credentialId, ...PAGE_PARAMETERS],
    responses: {
      200: { description: "Some of them.", schema: connectionPageSchema },
      400: error("limit or offset is not a number, or out of bounds."),
      404: error("There is no such credential."),
      ...COMMON,
    },
    handle: list,
  };
}
