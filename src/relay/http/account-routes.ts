import { type FastifyRequest } from "fastify";

import { type AccountOutcome, type Removal } from "../accounts/account-requests.ts";
import { parseDuration } from "../config/scalars.ts";
import {
  accountChangesSchema,
  accountOutcomeSchema,
  type AccountOutcomeView,
  newAccountSchema,
  removalSchema,
  type RemovalView,
  rotationSchema,
} from "./account-schemas.ts";
import { accountView } from "./account-view.ts";
import { COMMON, credentialId, error } from "./documented.ts";
import { type Operation, pathParameter } from "./operation.ts";
import { readBody } from "./read-body.ts";
import { REMOVAL_PARAMETERS, removalIn } from "./removal-query.ts";
import { type Services } from "./services.ts";

const REFUSALS = {
  400: error("Something in the request can't be used; the message names it."),
  409: error("It stands in the way of what there is, or of how the relay is configured."),
  413: error("The body is too large."),
  415: error("The body is not declared as application/json."),
  424: error("Dixa has refused. Nothing has changed."),
  502: error("Dixa did not answer, so it isn't known what it has done."),
  ...COMMON,
};
const UNKNOWN = { 404: error("There is no such credential.") };

/** Accounts made, changed and removed while the relay runs. */
export function accountOperations(services: Services): Operation[] {
  const { accounts } = services;
  const idOf = (request: FastifyRequest) => pathParameter(request, "credentialId").toLowerCase();
  const view = ({ credential, notes }: AccountOutcome): AccountOutcomeView => ({
    account: accountView(credential, services.config),
    notes: [...notes],
  });

  return [
    {
      id: "createCredential",
      method: "POST",
      path: "/v1/credentials",
      tag: "Credentials",
      summary: "Add a Dixa account",
      description:
        "With dixa_token, the relay makes the webhook in Dixa and keeps its secret. Without, make it by hand: the answer says " +
        "at which address and for which events; give its secret by PATCH.",
      access: "admin",
      body: { description: "The account.", schema: newAccountSchema },
      responses: {
        200: { description: "It was there already.", schema: accountOutcomeSchema },
        201: { description: "It is made.", schema: accountOutcomeSchema },
        ...REFUSALS,
      },
      handle: async (request, reply) => {
        const { credential_id, webhook_secret, dixa_token, keep_token, ...rest } = readBody(
          request,
          newAccountSchema,
        );
        const outcome = await accounts.create({
          ...rest,
          credentialId: credential_id,
          webhookSecret: webhook_secret,
          dixaToken: dixa_token,
          keepToken: keep_token,
        });
        request.log.info({ credential: outcome.credential.id }, "account added");
        return reply.code(outcome.isNew ? 201 : 200).send(view(outcome));
      },
    },
    {
      id: "changeCredential",
      method: "PATCH",
      path: "/v1/credentials/{credentialId}",
      tag: "Credentials",
      summary: "Rename a Dixa account, or change its settings or secret",
      description: "What is left out stays. The secret of before still counts for the overlap.",
      access: "admin",
      parameters: [credentialId],
      body: { description: "What to change.", schema: accountChangesSchema },
      responses: {
        200: { description: "The account as it is now.", schema: accountOutcomeSchema },
        ...UNKNOWN,
        ...REFUSALS,
      },
      handle: async (request) => {
        const { webhook_secret, dixa_token, keep_token, overlap, ...rest } = readBody(
          request,
          accountChangesSchema,
        );
        const outcome = await accounts.change(idOf(request), {
          ...rest,
          webhookSecret: webhook_secret,
          dixaToken: dixa_token,
          keepToken: keep_token,
          overlapMs: durationOf(overlap),
        });
        request.log.info({ credential: outcome.credential.id }, "account changed");
        return view(outcome);
      },
    },
    {
      id: "rotateCredential",
      method: "POST",
      path: "/v1/credentials/{credentialId}/rotate",
      tag: "Credentials",
      summary: "Have Dixa sign with a new secret",
      description:
        "Puts a new webhook in the place of the old one, without missing an event. A secret that was changed by hand is given by PATCH instead.",
      access: "admin",
      parameters: [credentialId],
      body: { description: "The token to do it with.", schema: rotationSchema },
      responses: {
        200: { description: "The account as it is now.", schema: accountOutcomeSchema },
        ...UNKNOWN,
        ...REFUSALS,
      },
      handle: async (request) => {
        const { dixa_token, overlap } = readBody(request, rotationSchema);
        const outcome = await accounts.rotate(idOf(request), {
          dixaToken: dixa_token,
          overlapMs: durationOf(overlap),
        });
        request.log.info({ credential: outcome.credential.id }, "secret rotated");
        return view(outcome);
      },
    },
    {
      id: "removeCredential",
      method: "DELETE",
      path: "/v1/credentials/{credentialId}",
      tag: "Credentials",
      summary: "Remove a Dixa account",
      description: "Its webhooks are answered with 404 from then on, and its connections no longer synced.",
      access: "admin",
      parameters: [credentialId, ...REMOVAL_PARAMETERS],
      responses: {
        200: { description: "What it has stopped.", schema: removalSchema },
        ...UNKNOWN,
        ...REFUSALS,
      },
      handle: async (request) => {
        const removal = await accounts.remove(idOf(request), removalIn(request));
        request.log.info({ credential: removal.credential.id }, "account removed");
        return removalView(removal);
      },
    },
  ];
}

function removalView({ credential, stopped, webhooksRemoved }: Removal): RemovalView {
  return {
    credential_id: credential.id,
    name: credential.name,
    webhooks_removed: webhooksRemoved ?? null,
    stopped: stopped.map(({ connectionId, name }) => ({ connection_id: connectionId, name })),
  };
}

/** Undefined: none is given. The body's schema has seen to its form. */
function durationOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}
