import { type FastifyRequest } from "fastify";

import { credentialOf } from "../config/credential-index.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { notFound } from "./errors.ts";
import { pathParameter } from "./operation.ts";
import { type Services } from "./services.ts";

/**
 * The credential that the path of a request names.
 *
 * @throws HttpProblem 404 if there is none
 */
export async function requestedCredential(
  request: FastifyRequest,
  services: Pick<Services, "accounts" | "config">,
): Promise<CredentialConfig> {
  const id = pathParameter(request, "credentialId").toLowerCase();
  // Another replica may have made it a moment ago.
  if (credentialOf(services.config, id) === undefined) await services.accounts.look();
  const credential = credentialOf(services.config, id);
  if (credential === undefined) throw notFound("credential");
  return credential;
}
