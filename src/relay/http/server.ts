import {
  fastify,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from "fastify";

import { type Rejection } from "../telemetry/metrics.ts";
import { QuietLog } from "../telemetry/quiet-log.ts";
import { accountOperations } from "./account-routes.ts";
import { answerError } from "./answer-error.ts";
import { trackRequests } from "./close-server.ts";
import { connectionListOperation } from "./connection-list.ts";
import { connectionOperations } from "./connection-routes.ts";
import { credentialOperations } from "./credential-routes.ts";
import { HttpProblem, unauthorized } from "./errors.ts";
import { healthOperations } from "./health-routes.ts";
import { notificationOperation } from "./notification-route.ts";
import { openApiDocument } from "./openapi.ts";
import { type Operation, toFastifyPath } from "./operation.ts";
import { RouteTable } from "./route-table.ts";
import { type Services } from "./services.ts";
import { syncOperations } from "./sync-routes.ts";
import { bearerToken, isSameSecret } from "./token.ts";
import { WEBHOOK_BODY_LIMIT, WEBHOOK_PATH, WebhookRoutes } from "./webhook-routes.ts";

export interface ServerTuning {
  /** Time for a whole request to arrive, ms: whoever sends a byte at a time is cut off. */
  requestTimeoutMs: number;
  /** Time for its headers alone, ms. */
  headersTimeoutMs: number;
  /** Between two looks at which requests are late, ms. */
  checkMs: number;
  /** How long readiness and metrics are given out after they were found out, ms. */
  answerAgeMs: number;
}

export const SERVER_TUNING: ServerTuning = {
  requestTimeoutMs: 20_000,
  headersTimeoutMs: 10_000,
  checkMs: 2000,
  answerAgeMs: 1000,
};

/** The relay's HTTP server: webhooks and the interface for programs. It doesn't listen yet. */
export function createServer(services: Services, tuning: ServerTuning = SERVER_TUNING): FastifyInstance {
  const { logger, metrics, clock } = services;
  const loggerInstance: FastifyBaseLogger = logger;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    // A webhook writes lines of its own at debug only; below that, a logger for each would cost for nothing.
    childLoggerFactory: (parent, bindings, options, { url = "" }) =>
      url.startsWith(WEBHOOK_PATH) && !logger.isLevelEnabled("debug")
        ? parent
        : parent.child(bindings, options),
    bodyLimit: WEBHOOK_BODY_LIMIT,
    requestTimeout: tuning.requestTimeoutMs,
    http: { headersTimeout: tuning.headersTimeoutMs, connectionsCheckingInterval: tuning.checkMs },
    // Ids are never that long; the rest is none of ours.
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
    forceCloseConnections: "idle",
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply);
    },
  });
  trackRequests(app);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_, body, done) => {
    done(null, body);
  });
  app.addContentTypeParser("*", { parseAs: "string" }, (request, body, done) => {
    // Many clients send a form or nothing where nothing is wanted.
    const isNothing = NOTHING.has(body.toString().trim());
    if (request.routeOptions.url?.startsWith("/v1/") === true && isNothing) done(null);
    else done(new HttpProblem(415, "media_type", "Send application/json."));
  });
  const routes = new RouteTable(app);
  // Hooks without promises: they run for every webhook.
  app.addHook("onSend", (_, reply, payload, done) => {
    reply.header("x-content-type-options", "nosniff");
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
    done(null, payload);
  });
  app.addHook("onRequestAbort", (request, done) => {
    if (isWebhook(request)) metrics.rejected("aborted");
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const rejection = REJECTIONS[reply.statusCode];
    if (isWebhook(request) && rejection !== undefined) metrics.rejected(rejection);
    request.log.debug(
      {
        method: request.method,
        path: request.url.split("?", 1)[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      "answered",
    );
    done();
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    answerError(error, request, reply);
  });
  const nothingThere = ({ url }: FastifyRequest): HttpProblem => {
    const allowed = routes.methodsAt(url);
    return allowed.length === 0
      ? new HttpProblem(404, "not_found", "There is nothing at this address.")
      : new HttpProblem(405, "method", `Use ${allowed.join(" or ")} here.`, { allow: allowed.join(", ") });
  };
  // Before the body is read, since its form doesn't matter then.
  app.addHook("onRequest", (request, _, done) => {
    done(request.is404 ? nothingThere(request) : undefined);
  });
  app.setNotFoundHandler((request, reply) => {
    answerError(nothingThere(request), request, reply);
  });

  const trouble = new QuietLog(logger, clock);
  const webhooks = new WebhookRoutes(services, trouble);
  const operations = [
    webhooks.operation,
    ...credentialOperations(services),
    ...syncOperations(services),
    ...accountOperations(services),
    ...connectionOperations(services),
    connectionListOperation(services),
    notificationOperation(services),
    ...healthOperations(services, trouble, tuning.answerAgeMs),
  ];
  const beforeBody = async (operation: Operation, request: FastifyRequest): Promise<void> => {
    if (operation === webhooks.operation) await webhooks.beforeBody(request);
    if (operation.access === "admin") {
      const token = bearerToken(request.headers.authorization) ?? "";
      if (!isSameSecret(token, services.config.adminToken)) throw unauthorized();
    }
  };
  for (const operation of operations) {
    app.route({
      method: operation.method,
      url: toFastifyPath(operation.path),
      onRequest: (request) => beforeBody(operation, request),
      handler: operation.handle,
    });
  }
  const document = openApiDocument(operations);
  app.get("/openapi.json", () => Promise.resolve(document));
  return app;
}

/** What may be sent where no body is wanted, whatever it is declared as. */
const NOTHING: ReadonlySet<string> = new Set(["", "{}"]);

/** Which answers to a webhook count as what. */
const REJECTIONS: Readonly<Record<number, Rejection>> = {
  400: "malformed",
  401: "unauthorized",
  404: "unknown_credential",
  405: "method",
  413: "too_large",
  415: "media_type",
  503: "unavailable",
};

function isWebhook(request: FastifyRequest): boolean {
  return request.url.startsWith(WEBHOOK_PATH);
}
