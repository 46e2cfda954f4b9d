import { type FastifyReply, type FastifyRequest } from "fastify";
import { z } from "zod";

import { type CredentialConfig } from "../config/relay-config.ts";
import { parseDuration } from "../config/scalars.ts";
import { errorSchema, HttpProblem, notFound } from "./errors.ts";
import { mayForget } from "./forgettable.ts";
import { type Operation, type Parameter, pathParameter, queryParameter } from "./operation.ts";
import {
  connectionSchema,
  type ConnectionView,
  credentialListSchema,
  credentialSchema,
  syncSchema,
  type SyncView,
} from "./schemas.ts";
import { type Services } from "./services.ts";
import { outcomeOf } from "./sync-outcome.ts";
import { connectionView, credentialSummaries, credentialView } from "./views.ts";

/** A longer wait is cut to this: proxies end such requests anyway. ms */
const LONGEST_WAIT_MS = 600_000;
const WAIT = /^[0-9]{1,6}(ms|s|m|h)$/;
/** Between two looks at the store while somebody waits, ms. Another replica may be at work, so nobody tells us. */
const LOOK_MS = 500;

const error = (description: string) => ({ description, schema: errorSchema });
const COMMON = {
  401: error("The admin token is missing or wrong."),
  503: { ...error("The store can't be reached."), headers: { "Retry-After": "Seconds to wait." } },
};

const credentialId: Parameter = {
  name: "credentialId",
  in: "path",
  description: "The id of a credential in the relay's configuration.",
  schema: z.uuid(),
};
const connectionId: Parameter = {
  name: "connectionId",
  in: "path",
  description: "The id of a connection in Airbyte.",
  schema: z.uuid(),
};

/** What the holder of the admin token can see and do. */
export function adminOperations(services: Services): Operation[] {
  const { config, store, clock, wake, isMapped } = services;
  const context = () => ({ config, store, now: clock.now(), isMapped });

  const credentialOf = (request: FastifyRequest): CredentialConfig => {
    const id = pathParameter(request, "credentialId").toLowerCase();
    const found = config.credentials.find((credential) => credential.id === id);
    if (found === undefined) throw notFound("credential");
    return found;
  };

  const applyTo = (type: "park" | "unpark" | "retry") => async (request: FastifyRequest) => {
    const id = pathParameter(request, "connectionId").toLowerCase();
    const applied = await store.apply(id, { type });
    if (applied === undefined) throw notFound("connection");
    request.log.info({ connection: id }, `${type} by hand`);
    wake();
    return connectionView(applied.connection, context());
  };

  const forget = async (request: FastifyRequest): Promise<ConnectionView> => {
    const id = pathParameter(request, "connectionId").toLowerCase();
    const found = await store.forget(id, (connection) => mayForget(config, connection));
    if (found === undefined) throw notFound("connection");
    const view = await connectionView(found.connection, context());
    if (!found.isForgotten) {
      throw new HttpProblem(
        409,
        "still_there",
        `The connection still carries its credential (${view.state_text}). Park it, or take its credential_id away in Airbyte.`,
      );
    }
    request.log.info({ connection: id }, "forgotten by hand");
    return view;
  };

  const sync = async (request: FastifyRequest, reply: FastifyReply): Promise<SyncView> => {
    const credential = credentialOf(request);
    const waitMs = waitOf(request);
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

  const connectionOperation = (type: "park" | "unpark" | "retry", summary: string): Operation => ({
    id: `${type}Connection`,
    method: "POST",
    path: `/v1/connections/{connectionId}/${type}`,
    tag: "Connections",
    summary,
    access: "admin",
    parameters: [connectionId],
    responses: {
      200: { description: "The connection as it is now.", schema: connectionSchema },
      404: error("There is no such connection."),
      ...COMMON,
    },
    handle: applyTo(type),
  });

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
      handle: (request) => credentialView(credentialOf(request), context()),
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
      responses: {
        200: { description: "All these syncs have succeeded.", schema: syncSchema },
        202: { description: "They are under way, or will be.", schema: syncSchema },
        400: error("wait is not a duration."),
        404: error("There is no such credential."),
        424: { description: "At least one connection can't be synced now; see reasons.", schema: syncSchema },
        ...COMMON,
      },
      handle: sync,
    },
    connectionOperation("retry", "Forget back-offs and failures, and sync now what there is to sync"),
    {
      id: "forgetConnection",
      method: "POST",
      path: "/v1/connections/{connectionId}/forget",
      tag: "Connections",
      summary: "Forget a connection that is deleted in Airbyte or carries another credential now",
      description: "If it turns up again, it is new, and owes a sync for the events that came before it.",
      access: "admin",
      parameters: [connectionId],
      responses: {
        200: { description: "The connection as it was.", schema: connectionSchema },
        404: error("There is no such connection."),
        409: error("It is still there, and still carries its credential."),
        ...COMMON,
      },
      handle: forget,
    },
    connectionOperation("park", "Stop syncing a connection; what happens meanwhile is not forgotten"),
    connectionOperation("unpark", "Sync a parked connection again"),
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
