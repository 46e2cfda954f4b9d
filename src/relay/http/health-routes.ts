import { errorSchema, unauthorized } from "./errors.ts";
import { type Operation } from "./operation.ts";
import { healthSchema } from "./schemas.ts";
import { type Services } from "./services.ts";
import { bearerToken, isSameSecret } from "./token.ts";

/** How long the store may take to say that it can be written, ms. */
const PING_TIMEOUT_MS = 2000;

/** What orchestrators of containers and Prometheus ask. */
export function healthOperations(services: Services): Operation[] {
  const { config, store, metrics, clock, stopping } = services;
  const health = (description: string) => ({ description, schema: healthSchema });
  return [
    {
      id: "isAlive",
      method: "GET",
      path: "/livez",
      tag: "Health",
      summary: "Whether the process runs",
      access: "anybody",
      responses: { 200: health("It does.") },
      handle: () => Promise.resolve({ status: "ok" }),
    },
    {
      id: "isReady",
      method: "GET",
      path: "/readyz",
      tag: "Health",
      summary: "Whether webhooks can be accepted",
      description: "Depends on the store, and not on Airbyte: webhooks are kept while Airbyte is down.",
      access: "anybody",
      responses: {
        200: health("They can."),
        503: health("The store can't be written, or the relay has been told to stop."),
      },
      handle: async (_, reply) => {
        if (stopping.aborted) return reply.code(503).send({ status: "stopping" });
        try {
          await within(store.ping(), PING_TIMEOUT_MS);
          return { status: "ok" };
        } catch {
          return reply.code(503).send({ status: "unavailable" });
        }
      },
    },
    {
      id: "getMetrics",
      method: "GET",
      path: "/metrics",
      tag: "Health",
      summary: "Metrics for Prometheus",
      description: "Needs the token metrics_token as bearer if the configuration has one.",
      access: "anybody",
      responses: {
        200: { description: "In Prometheus' text format.", contentType: "text/plain" },
        401: { description: "The token is missing or wrong.", schema: errorSchema },
      },
      handle: async (request, reply) => {
        const token = bearerToken(request.headers.authorization) ?? "";
        if (config.metricsToken !== undefined && !isSameSecret(token, config.metricsToken))
          throw unauthorized();
        const text = await metrics.scrape({
          credentials: () => within(store.credentialStatuses(), PING_TIMEOUT_MS),
          connections: () => within(store.connections(), PING_TIMEOUT_MS),
          now: () => clock.now(),
        });
        return reply.type(metrics.registry.contentType).send(text);
      },
    },
  ];
}

/** The promise's outcome; rejects when it takes longer than `ms`. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`no answer in ${ms} ms`));
  }, ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
