import { problemOf } from "../accounts/attention.ts";
import { watchedSummary } from "../accounts/watched-summary.ts";
import { credentialOf } from "../config/credential-index.ts";
import { type CredentialSummary } from "../store/credential.ts";
import { messageOf } from "../store/error-message.ts";
import { type QuietLog } from "../telemetry/quiet-log.ts";
import { errorSchema, unauthorized } from "./errors.ts";
import { type Operation } from "./operation.ts";
import { Recent } from "./recent.ts";
import { healthSchema } from "./schemas.ts";
import { type Services } from "./services.ts";
import { bearerToken, isSameSecret } from "./token.ts";

/** How long the store may take to keep something, ms: a container's health check doesn't wait for long. */
const PROBE_TIMEOUT_MS = 2000;

/** What orchestrators of containers and Prometheus ask. */
export function healthOperations(services: Services, trouble: QuietLog, answerAgeMs: number): Operation[] {
  const { store, ingest, metrics, clock, stopping } = services;
  const readiness = new Recent(answerAgeMs, async () => {
    try {
      await within(ingest.probe(), PROBE_TIMEOUT_MS);
      return true;
    } catch (error) {
      trouble.warn("not ready", `not ready: no webhook could be kept now: ${messageOf(error)}`);
      return false;
    }
  });
  // The store may know accounts that are configured no more, or not here yet.
  const ofConfigured = (summary: CredentialSummary): CredentialSummary[] => {
    const credential = credentialOf(services.config, summary.credentialId);
    return credential === undefined ? [] : [watchedSummary(credential, summary)];
  };
  const scrape = new Recent(answerAgeMs, () =>
    metrics.scrape({
      credentials: async () =>
        (await within(store.credentialSummaries(), PROBE_TIMEOUT_MS)).flatMap(ofConfigured),
      isReady: async () => !stopping.aborted && (await readiness.get()),
      now: () => clock.now(),
    }),
  );
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
      description:
        "Depends on the store, and not on Airbyte: webhooks are kept while Airbyte is down. Found out once a second at most.",
      access: "anybody",
      responses: {
        200: health("They can."),
        503: health("The store can't be written, or the relay has been told to stop."),
      },
      handle: async (_, reply) => {
        if (stopping.aborted) return reply.code(503).send({ status: "stopping" });
        if (await readiness.get()) {
          const problems = problemsOf(services);
          return problems.length === 0 ? { status: "ok" } : { status: "ok", problems };
        }
        return reply.code(503).send({ status: "unavailable" });
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
        const { metricsToken } = services.config;
        if (metricsToken !== undefined && !isSameSecret(token, metricsToken)) throw unauthorized();
        return reply.type(metrics.registry.contentType).send(await scrape.get());
      },
    },
  ];
}

/** For whoever may ask: without names. */
function problemsOf({ config, configFault }: Services): string[] {
  const count = config.credentials.filter((credential) => problemOf(credential) !== undefined).length;
  return [
    ...(count === 0
      ? []
      : [`${count} ${count === 1 ? "account lacks" : "accounts lack"} a secret, or can't open it.`]),
    ...(configFault?.() === undefined ? [] : ["A change of the configuration was not taken up."]),
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
