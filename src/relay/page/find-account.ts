import { type FastifyRequest } from "fastify";

import { type CredentialConfig } from "../config/relay-config.ts";
import { type Services } from "../http/services.ts";
import { idOf } from "./forms.ts";

/** The account in the address, also if another replica has made it a moment ago. */
export async function findAccount(
  { accounts }: Services,
  request: FastifyRequest,
): Promise<CredentialConfig | undefined> {
  const id = idOf(request);
  const known = accounts.get(id);
  if (known !== undefined) return known;
  await accounts.look();
  return accounts.get(id);
}
