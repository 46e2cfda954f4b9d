import { type FastifyInstance } from "fastify";
import { z } from "zod";

import { HttpProblem, notFound } from "./errors.ts";
import { pathParameter } from "./operation.ts";
import { type Services } from "./services.ts";
import { isSameSecret } from "./token.ts";

const notification = z.looseObject({
  data: z.looseObject({ connection: z.looseObject({ id: z.string().min(1).max(100) }) }),
});

/**
 * Where Airbyte may tell that a job has ended (a webhook under Workspace settings > Notifications). Such messages are
 * not signed, so the address holds a secret, and what they say is only a hint to look at the job now.
 */
export function addNotificationRoute(app: FastifyInstance, services: Services): void {
  const { store, wake } = services;
  app.post("/webhooks/airbyte/:secret", async (request, reply) => {
    const secret = services.config.airbyte.notificationSecret;
    if (secret === undefined || !isSameSecret(pathParameter(request, "secret"), secret))
      throw notFound("address");
    const parsed = notification.safeParse(parse(request.body));
    if (!parsed.success) throw new HttpProblem(400, "malformed", "The body names no data.connection.id.");
    const connectionId = parsed.data.data.connection.id.toLowerCase();
    // Postgres refuses U+0000; no id has one.
    const applied = connectionId.includes("\0")
      ? undefined
      : await store.apply(connectionId, { type: "hint" });
    if (applied !== undefined) wake();
    return reply.code(202).send({ status: applied === undefined ? "unknown" : "noted" });
  });
}

function parse(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
