import { type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";

import { parseEnvelope, webhookBodySchema } from "../../dixa/webhooks/envelope.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { messageOf } from "../store/error-message.ts";
import { type Acceptance } from "../store/store.ts";
import { type QuietLog } from "../telemetry/quiet-log.ts";
import { errorSchema, HttpProblem, notFound, storeUnavailable } from "./errors.ts";
import { type Operation, pathParameter } from "./operation.ts";
import { acceptedSchema } from "./schemas.ts";
import { type Services } from "./services.ts";
import { isRefusedByHeaders, refusalOf } from "./webhook-check.ts";

/** Dixa's webhooks have a few KiB; a long e-mail is cut by Dixa well before this. Bytes. */
export const WEBHOOK_BODY_LIMIT = 256 * 1024;
export const WEBHOOK_PATH = "/webhooks/dixa/";

const error = (description: string) => ({ description, schema: errorSchema });

/** Where Dixa's webhooks come in. */
export class WebhookRoutes {
  readonly operation: Operation;
  readonly #services: Services;
  readonly #refusals: QuietLog;
  readonly #credentials: ReadonlyMap<string, CredentialConfig>;

  constructor(services: Services, refusals: QuietLog) {
    this.#services = services;
    this.#refusals = refusals;
    this.#credentials = new Map(services.config.credentials.map((credential) => [credential.id, credential]));
    this.operation = {
      id: "receiveWebhook",
      method: "POST",
      path: `${WEBHOOK_PATH}{credentialId}`,
      tag: "Webhooks",
      summary: "Receive a webhook of Dixa",
      description:
        "Answered with 202 once the event is on disk, or when it was before. How it must be authorized is set per credential.",
      access: "webhook",
      parameters: [
        {
          name: "credentialId",
          in: "path",
          description: "The id of a credential in the relay's configuration.",
          schema: z.uuid(),
        },
      ],
      body: { description: "Dixa's envelope.", schema: webhookBodySchema },
      responses: {
        202: { description: "Kept, or nothing to keep.", schema: acceptedSchema },
        400: error("Not JSON, or without an event_id."),
        401: error("The signature or authorization is missing or wrong."),
        404: error("There is no such credential."),
        408: error("The body took too long."),
        413: error(`The body has more than ${WEBHOOK_BODY_LIMIT / 1024} KiB.`),
        415: error("The body is not declared as application/json."),
        503: {
          ...error("The store can't be written, or too many webhooks wait for it. Nothing was kept."),
          headers: { "Retry-After": "Seconds to wait." },
        },
      },
      handle: (request, reply) => this.#receive(request, reply),
    };
  }

  /** Turns away what is wrong by its address and headers, before its body is read. */
  readonly beforeBody = async (request: FastifyRequest): Promise<void> => {
    const credential = this.#credentialOf(request);
    if (isRefusedByHeaders(credential.auth, request.headers)) {
      throw this.#refused(credential, "missing or wrong");
    }
    await Promise.resolve();
  };

  async #receive(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { clock, ingest, metrics } = this.#services;
    const credential = this.#credentialOf(request);
    const body = request.body;
    if (!Buffer.isBuffer(body)) {
      throw new HttpProblem(415, "media_type", "Send the webhook as application/json.");
    }
    const receivedAt = clock.now();
    const refusal = refusalOf(credential.auth, request.headers, body, receivedAt);
    if (refusal !== undefined) throw this.#refused(credential, refusal);
    const parsed = parseEnvelope(body);
    if (!parsed.ok) throw new HttpProblem(400, "malformed", parsed.message);
    const { eventId, eventFqn } = parsed.envelope;
    if (!credential.events.accepts(eventFqn)) {
      metrics.accepted(credential.id, "filtered");
      return reply.code(202).send({ status: "filtered" });
    }
    let acceptance: Acceptance;
    try {
      acceptance = await ingest.accept({
        credentialId: credential.id,
        eventId,
        eventType: eventFqn,
      });
    } catch (cause) {
      this.#refusals.warn("unavailable", `webhooks can't be kept: ${messageOf(cause)}`);
      throw storeUnavailable();
    }
    metrics.committed(clock.now() - receivedAt);
    metrics.accepted(credential.id, acceptance);
    request.log.debug(
      { credential: credential.id, event: eventId, type: eventFqn },
      `webhook: ${acceptance}`,
    );
    return reply.code(202).send({ status: acceptance });
  }

  #credentialOf(request: FastifyRequest): CredentialConfig {
    const id = pathParameter(request, "credentialId").toLowerCase();
    const credential = this.#credentials.get(id);
    if (credential === undefined) {
      this.#refusals.warn(
        "unknown_credential",
        "webhooks for a credential that is not configured are refused",
      );
      throw notFound("credential");
    }
    return credential;
  }

  #refused({ auth, name }: CredentialConfig, fault: string): HttpProblem {
    this.#refusals.warn(
      `unauthorized ${name}`,
      `webhooks for ${name} are refused: ${auth.mode} is ${fault}. If they come from Dixa, compare with its webhook's page`,
    );
    const headers =
      auth.mode === "signature" || auth.mode === "none" ? {} : { "www-authenticate": CHALLENGES[auth.mode] };
    return new HttpProblem(401, "unauthorized", REMEDIES[auth.mode], headers);
  }
}

const CHALLENGES = { basic: 'Basic realm="dixa-relay"', bearer: 'Bearer realm="dixa-relay"' } as const;

const REMEDIES = {
  signature: "The X-DIXA-SIGNATURE header is missing or does not fit the body and this credential's secrets.",
  basic: "The user name or password is missing or wrong.",
  bearer: "The token is missing or wrong.",
  none: "Not authorized.",
} as const;
