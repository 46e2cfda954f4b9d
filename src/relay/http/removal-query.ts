import { type FastifyRequest } from "fastify";
import { z } from "zod";

import { secret } from "./account-schemas.ts";
import { HttpProblem } from "./errors.ts";
import { type Parameter, queryParameter } from "./operation.ts";

const TOKEN_HEADER = "x-dixa-api-token";
const WEBHOOK = ["keep", "remove"] as const;

/** How the removal of an account is asked for. */
export const REMOVAL_PARAMETERS: readonly Parameter[] = [
  {
    name: "webhook",
    in: "query",
    description: "remove: take its webhook away in Dixa first, with the token that is kept or given.",
    schema: z.enum(WEBHOOK),
  },
  {
    name: TOKEN_HEADER,
    in: "header",
    description: "An API token of Dixa, to take the webhook away with. It is forgotten afterwards.",
    schema: secret,
  },
];

/** @throws HttpProblem */
export function removalIn(request: FastifyRequest): { takeWebhook: boolean; dixaToken: string | undefined } {
  const dixaToken = tokenIn(request);
  const takeWebhook = webhookIn(request) === "remove";
  return { takeWebhook, dixaToken: takeWebhook ? dixaToken : undefined };
}

function tokenIn({ headers }: FastifyRequest): string | undefined {
  const header = headers[TOKEN_HEADER];
  if (header === undefined || secret.safeParse(header).success) return header?.toString();
  throw new HttpProblem(
    400,
    "bad_request",
    `${TOKEN_HEADER} is no API token of Dixa: it has no spaces, nothing beyond ASCII, and at most 500 characters.`,
  );
}

function webhookIn(request: FastifyRequest): (typeof WEBHOOK)[number] {
  const { query } = request;
  if (typeof query !== "object" || query === null || !("webhook" in query)) return "keep";
  const given = WEBHOOK.find((word) => word === queryParameter(request, "webhook"));
  if (given !== undefined) return given;
  throw new HttpProblem(400, "bad_request", "webhook must be keep or remove.");
}
