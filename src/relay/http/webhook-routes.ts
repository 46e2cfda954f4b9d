import { type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";

import { parseEnvelope, webhookBodySchema } from "../../dixa/webhooks/envelope.ts";
import { proofOf } from "../config/auth.ts";
import { credentialOf } from "../config/credential-index.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { messageOf } from "../store/error-message.ts";
import { type Acceptance } from "../store/event.ts";
import { type QuietLog } from "../telemetry/quiet-log.ts";
import { errorSchema, HttpProblem, notFound, storeUnavailable } from "./errors.ts";
import { type Operation, pathParameter } from "./operation.ts";
import { acceptedSchema } from "./schemas.ts";
import { type Services } from "./services.ts";
import { isRefusedByHeaders, refusalOf } from "./webhook-check.ts";

/** Dixa's webhooks have a few KiB; a long e-mail is cut by Dixa well before this. Bytes. */
export const WEBHOOK_BODY_LIMIT = 256 * 1024;
export const WEBHOOK_PATH = "/webhooks/dixa/";
/** Between two looks at the store that strangers can cause, ms. */
const LOOK_MS = 250;
/** A person has to do something, s. */
const NOT_READY_RETRY = "60";

const error = (description: string) => ({ description, schema: errorSchema });

/** Where Dixa's webhooks come in. */
export class WebhookRoutes {
  readonly operation: Operation;
  readonly #services: Services;
  readonly #refusals: QuietLog;
  #lookedAt = -Infinity;

  constructor(services: Services, refusals: QuietLog) {
    this.#services = services;
    this.#refusals = refusals;
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
          ...error(
            "The store can't be written, too many webhooks wait for it, or the account's secret is not there yet. Nothing was kept.",
          ),
          headers: { "Retry-After": "Seconds to wait." },
        },
      },
      handle: (request, reply) => this.#receive(request, reply),
    };
  }

  /** Turns away what is wrong by its address and headers, before its body is read. */
  readonly beforeBody = async (request: FastifyRequest): Promise<void> => {
    const credential = this.#known(request) ?? (await this.#sought(request));
    if (credential.auth.mode === "waiting") throw this.#notReady(credential);
    if (isRefusedByHeaders(credential.auth, request.headers)) {
      throw this.#refused(credential, "missing or wrong");
    }
  };

  async #receive(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { clock, ingest, metrics } = this.#services;
    const credential = this.#known(request) ?? (await this.#sought(request));
    const body = request.body;
    if (!Buffer.isBuffer(body)) {
      throw new HttpProblem(415, "media_type", "Send the webhook as application/json.");
    }
    const receivedAt = clock.now();
    const refusalBy = ({ auth }: CredentialConfig) => refusalOf(auth, request.headers, body, receivedAt);
    let refusal = refusalBy(credential);
    // Another replica may have learnt a new secret a moment ago.
    if (refusal !== undefined && credential.stored !== undefined && (await this.#look())) {
      refusal = refusalBy(await this.#sought(request));
    }
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

  #known(request: FastifyRequest): CredentialConfig | undefined {
    return credentialOf(this.#services.config, pathParameter(request, "credentialId").toLowerCase());
  }

  /** Another replica may have made it a moment ago. */
  async #sought(request: FastifyRequest): Promise<CredentialConfig> {
    let credential = this.#known(request);
    if (credential === undefined && (await this.#look())) credential = this.#known(request);
    if (credential !== undefined) return credential;
    this.#refusals.warn("unknown_credential", "webhooks for a credential that is not known are refused");
    throw notFound("credential");
  }

  /** Looks whether credentials have changed, but not for every stranger. */
  async #look(): Promise<boolean> {
    const { accounts, clock } = this.#services;
    const now = clock.now();
    if (now - this.#lookedAt < LOOK_MS && now >= this.#lookedAt) return false;
    this.#lookedAt = now;
    return await accounts.look();
  }

  #notReady({ id, name, auth }: CredentialConfig): HttpProblem {
    this.#services.onUnchecked?.(id);
    const why =
      auth.mode === "waiting" && auth.why === "no_secret" ? "has no secret yet" : "must be entered anew";
    this.#refusals.warn(`not ready ${name}`, `webhooks for ${name} can't be checked: its secret ${why}`);
    return new HttpProblem(
      503,
      "not_ready",
      "The relay can't check webhooks of this account yet. Nothing was kept; send it again.",
      { "retry-after": NOT_READY_RETRY },
    );
  }

  #refused({ auth, name }: CredentialConfig, fault: string): HttpProblem {
    this.#refusals.warn(
      `unauthorized ${name}`,
      `webhooks for ${name} are refused: ${auth.mode} is ${fault}. If they come from Dixa, compare with its webhook's page`,
    );
    const proof = proofOf(auth);
    const headers =
      proof === "signature" || proof === "none" ? {} : { "www-authenticate": CHALLENGES[proof] };
    return new HttpProblem(401, "unauthorized", REMEDIES[proof], headers);
  }
}

const CHALLENGES = { basic: 'Basic realm="dixa-relay"', bearer: 'Bearer realm="dixa-relay"' } as const;

const REMEDIES = {
  signature: "The X-DIXA-SIGNATURE header is missing or does not fit the body and this credential's secrets.",
  basic: "The user name or password is missing or wrong.",
  bearer: "The token is missing or wrong.",
  none: "Not authorized.",
} as const;
