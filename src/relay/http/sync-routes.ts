import { type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";

import { type CredentialConfig } from "../config/relay-config.ts";
import { parseDuration } from "../config/scalars.ts";
import { connectionViews } from "./connection-view.ts";
import { COMMON, credentialId, error } from "./documented.ts";
import { HttpProblem, notFound } from "./errors.ts";
import { type Operation, type Parameter, pathParameter, queryParameter } from "./operation.ts";
import { readBody } from "./read-body.ts";
import { requestedCredential } from "./requested-credential.ts";
import { type Services } from "./services.ts";
import { outcomeOf } from "./sync-outcome.ts";
import { syncSchema, type SyncView } from "./sync-schemas.ts";
import { contextOf } from "./view-context.ts";

/** A longer wait is cut to this: proxies end such requests anyway. ms */
const LONGEST_WAIT_MS = 600_000;
const WAIT = /^[0-9]{1,6}(ms|s|m|h)$/;
/** Between two looks at the store while somebody waits, ms. Another replica may be at work, so nobody tells us. */
const LOOK_MS = 500;
/** Connections that are told of. */
const MOST = 100;

const NOTHING = z.strictObject({});
/** As many digits as surely fit a number. */
const SEQ = /^[1-9][0-9]{0,14}$/;

const wait: Parameter = {
  name: "wait",
  in: "query",
  description: `How long to wait for the syncs to succeed, such as 120s, 5m or 1h; at most ${LONGEST_WAIT_MS / 60_000}m. Default 0s.`,
  schema: z.string().regex(WAIT),
};
const seqParameter: Parameter = {
  name: "seq",
  in: "path",
  description: "The number that the request was answered with.",
  schema: z.string().regex(SEQ),
};

const OUTCOMES = {
  200: { description: "All these syncs have succeeded.", schema: syncSchema },
  202: { description: "They are under way, or will be.", schema: syncSchema },
  424: { description: "At least one connection can't be synced now; see reasons.", schema: syncSchema },
};

/** Syncs of a Dixa account, asked for by hand or by a scheduler. */
export function syncOperations(services: Services): Operation[] {
  const { store, clock, wake, isMapped } = services;

  /** Answers when there is an outcome, the wait has run out, or nobody waits any longer. */
  const answer = async (
    { credential, seq, waitMs }: { credential: CredentialConfig; seq: number; waitMs: number },
    reply: FastifyReply,
  ): Promise<SyncView> => {
    const until = clock.now() + waitMs;
    const gone = AbortSignal.any([services.stopping, closed(reply)]);
    for (;;) {
      const { newestSeq, total, synced, waiting } = await store.syncProgress(credential.id, seq, MOST);
      if (seq > newestSeq) throw notFound("request for a sync");
      const connections = await connectionViews(waiting, contextOf(services));
      const result = outcomeOf({ seq, total, synced, connections }, isMapped());
      const rest = until - clock.now();
      if (result.outcome !== "pending" || rest <= 0 || gone.aborted) {
        reply.code(STATUS[result.outcome]);
        return { seq, ...result, total, synced, connections };
      }
      await clock.sleep(Math.min(rest, LOOK_MS), gone).catch(() => undefined);
    }
  };

  const sync = async (request: FastifyRequest, reply: FastifyReply): Promise<SyncView> => {
    const credential = await requestedCredential(request, services);
    const waitMs = waitOf(request);
    if (Buffer.isBuffer(request.body) && request.body.length > 0) readBody(request, NOTHING);
    const seq = await store.requestSync(credential.id);
    request.log.info({ credential: credential.id, seq }, "sync asked for by hand");
    wake();
    return await answer({ credential, seq, waitMs }, reply);
  };

  const look = async (request: FastifyRequest, reply: FastifyReply): Promise<SyncView> => {
    const credential = await requestedCredential(request, services);
    const waitMs = waitOf(request);
    const seq = pathParameter(request, "seq");
    if (!SEQ.test(seq)) throw notFound("request for a sync");
    return await answer({ credential, seq: Number(seq), waitMs }, reply);
  };

  return [
    {
      id: "syncCredential",
      method: "POST",
      path: "/v1/credentials/{credentialId}/sync",
      tag: "Credentials",
      summary: "Sync every connection of a Dixa account",
      description:
        "Each connection gets a sync that begins to read after this request, without waiting for debounce or minimum interval.",
      access: "admin",
      parameters: [credentialId, wait],
      body: { description: "Nothing, or {}.", schema: NOTHING, isOptional: true },
      responses: {
        ...OUTCOMES,
        400: error("wait is not a duration, or the body is not {}."),
        404: error("There is no such credential."),
        ...COMMON,
      },
      handle: sync,
    },
    {
      id: "getSync",
      method: "GET",
      path: "/v1/credentials/{credentialId}/sync/{seq}",
      tag: "Credentials",
      summary: "See what has become of a request for a sync",
      description:
        "For whoever can't wait within one request as long as a sync may take. The answer is that of the request.",
      access: "admin",
      parameters: [credentialId, seqParameter, wait],
      responses: {
        ...OUTCOMES,
        400: error("wait is not a duration."),
        404: error("There is no such credential, or its events have not reached this number yet."),
        ...COMMON,
      },
      handle: look,
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
  // Whoever went while the request was written down tells it no more.
  if (reply.raw.closed) controller.abort();
  reply.raw.once("close", () => {
    controller.abort();
  });
  return controller.signal;
}
