import { type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";

import { credentialOf } from "../config/credential-index.ts";
import { type CredentialConfig } from "../config/relay-config.ts";
import { parseDuration } from "../config/scalars.ts";
import { credentialSummaries, credentialView } from "./credential-view.ts";
import { COMMON, credentialId, error } from "./documented.ts";
import { HttpProblem, notFound } from "./errors.ts";
import { type Operation, pathParameter, queryParameter } from "./operation.ts";
import { readBody } from "./read-body.ts";
import { credentialListSchema, credentialSchema, syncSchema, type SyncView } from "./schemas.ts";
import { type Services } from "./services.ts";
import { outcomeOf } from "./sync-outcome.ts";
import { contextOf } from "./view-context.ts";

/** A longer wait is cut to this: proxies end such requests anyway. ms */
const LONGEST_WAIT_MS = 600_000;
const WAIT = /^[0-9]{1,6}(ms|s|m|h)$/;
/** Between two looks at the store while somebody waits, ms. Another replica may be at work, so nobody tells us. */
const LOOK_MS = 500;

const NOTHING = z.strictObject({});

/** Dixa accounts, as they are, and syncs of them. */
export function credentialOperations(services: Services): Operation[] {
  const { store, clock, wake, isMapped, accounts } = services;
  const context = () => contextOf(services);

  const found = async (request: FastifyRequest): Promise<CredentialConfig> => {
    const id = pathParameter(request, "credentialId").toLowerCase();
    // Another replica may have made it a moment ago.
    if (credentialOf(services.config, id) === undefined) await accounts.look();
    const credential = credentialOf(services.config, id);
    if (credential === undefined) throw notFound("credential");
    return credential;
  };

  const sync = async (request: FastifyRequest, reply: FastifyReply): Promise<SyncView> => {
    const credential = await found(request);
    const waitMs = waitOf(request);
    if (Buffer.isBuffer(request.body) && request.body.length > 0) readBody(request, NOTHING);
    const seq = await store.requestSync(credential.id);
    request.log.info({ credential: credential.id, seq }, "sync asked for by hand");
    wake();
    const until = clock.now() + waitMs;
    const gone = AbortSignal.any([services.stopping, closed(reply)]);
    for (;;) {
      const { connections } = await credentialView(credential, context());
      const result = outcomeOf(connections, seq, isMapped());
      const rest = until - clock.now();
      if (result.outcome !== "pending" || rest <= 0 || gone.aborted) {
        reply.code(STATUS[result.outcome]);
        return { seq, ...result, connections };
      }
      await clock.sleep(Math.min(rest, LOOK_MS), gone).catch(() => undefined);
    }
  };

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
      summary: "Read a Dixa account with its connections",
      access: "admin",
      parameters: [credentialId],
      responses: {
        200: { description: "The account.", schema: credentialSchema },
        404: error("There is no such credential."),
        ...COMMON,
      },
      handle: async (request) => credentialView(await found(request), context()),
    },
    {
      id: "syncCredential",
      method: "POST",
      path: "/v1/credentials/{credentialId}/sync",
      tag: "Credentials",
      summary: "Sync every connection of a Dixa account",
      description:
        "Each connection gets a sync that begins to read after this request, without waiting for debounce or minimum interval.",
      access: "admin",
      parameters: [
        credentialId,
        {
          name: "wait",
          in: "query",
          description: `How long to wait for the syncs to succeed, such as 120s, 5m or 1h; at most ${LONGEST_WAIT_MS / 60_000}m. Default 0s.`,
          schema: z.string().regex(WAIT),
        },
      ],
      body: { description: "Nothing, or {}.", schema: NOTHING, isOptional: true },
      responses: {
        200: { description: "All these syncs have succeeded.", schema: syncSchema },
        202: { description: "They are under way, or will be.", schema: syncSchema },
        400: error("wait is not a duration, or the body is not {}."),
        404: error("There is no such credential."),
        424: { description: "At least one connection can't be synced now; see reasons.", schema: syncSchema },
        ...COMMON,
      },
      handle: sync,
    },
  ];
}

const STATUS = { succeeded: 200, pending: 202, failed: 424 } as const;

function waitOf(request: FastifyRequest): number {
  const { query } = request;
  const isGiven = typeof query === "object" && query !== null && "wait" in query;
  if (!isGiven) return 0;
  const text = queryParameter(request, "wait");
  const ms = text === undefined ? undefined : parseWait(text);
  if (ms === undefined) {
    throw new HttpProblem(400, "bad_request", "wait must be one duration such as 500ms, 120s, 5m or 1h.");
  }
  return Math.min(ms, LONGEST_WAIT_MS);
}

function parseWait(text: string): number | undefined {
  if (!WAIT.test(text)) return undefined;
  // Durations that no timer can hold are cut like all long ones.
  return parseDuration(text) ?? LONGEST_WAIT_MS;
}

/** Aborted when the client has gone, so that nobody waits for nobody. */
function closed(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    controller.abort();
  });
  return controller.signal;
}
