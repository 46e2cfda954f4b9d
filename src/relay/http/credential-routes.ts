import { credentialSummaries, credentialView } from "./credential-view.ts";
import { COMMON, credentialId, error } from "./documented.ts";
import { type Operation } from "./operation.ts";
import { PAGE_PARAMETERS, pageOf } from "./page-query.ts";
import { requestedCredential } from "./requested-credential.ts";
import { credentialListSchema, credentialSchema } from "./schemas.ts";
import { type Services } from "./services.ts";
import { contextOf } from "./view-context.ts";

/** Dixa accounts, as they are. */
export function credentialOperations(services: Services): Operation[] {
  const context = () => contextOf(services);

  return [
    {
      id: "listCredentials",
      method: "GET",
      path: "/v1/credentials",
      tag: "Credentials",
      summary: "List the Dixa accounts",
      access: "admin",
      responses: { 200: { description: "All of them.", schema: credentialListSchema }, ...COMMON },
      handle: async () => ({ credentials: await credentialSummaries(context()) }),
    },
    {
      id: "getCredential",
      method: "GET",
      path: "/v1/credentials/{credentialId}",
      tag: "Credentials",
      summary: "Read a Dixa account with some of its connections",
      access: "admin",
      parameters: [credentialId, ...PAGE_PARAMETERS],
      responses: {
        200: { description: "The account.", schema: credentialSchema },
        400: error("limit or offset is not a number, or out of bounds."),
        404: error("There is no such credential."),
        ...COMMON,
      },
      handle: async (request) => {
        const credential = await requestedCredential(request, services);
        return credentialView(credential, pageOf(request), context());
      },
    },
  ];
}
