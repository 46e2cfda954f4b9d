import { z } from "zod";

import { COMMON, error } from "./documented.ts";
import { HttpProblem, notFound } from "./errors.ts";
import { type Operation, pathParameter } from "./operation.ts";
import { notedSchema } from "./schemas.ts";
import { type Services } from "./services.ts";
import { isSameSecret } from "./token.ts";

const notification = z.looseObject({
  data: z.looseObject({ connection: z.looseObject({ id: z.string().min(1).max(100) }) }),
});

/**
 * Where Airbyte may tell that a job has ended (a webhook under Workspace settings > Notifications). Such messages are
 * not signed, so the address holds a secret, and what they say is only a hint to look at the job now.
 */
export function notificationOperation(services: Services): Operation {
  const { store, wake } = services;
  return {
    id: "receiveNotification",
    method: "POST",
    path: "/webhooks/airbyte/{secret}",
    tag: "Webhooks",
    summary: "Receive a notification of Airbyte that a job has ended",
    description: "A hint to look at the job now. Only with airbyte.notification_secret in the configuration.",
    access: "anybody",
    parameters: [
      {
        name: "secret",
        in: "path",
        description: "airbyte.notification_secret of the relay's configuration.",
        schema: z.string().regex(/^[\w-]{16,200}$/),
      },
    ],
    body: { description: "As Airbyte sends it.", schema: notification },
    responses: {
      202: { description: "Noted, or about a connection that is none of the relay's.", schema: notedSchema },
      400: error("The body names no data.connection.id."),
      404: error("The secret is wrong, or there is none in the configuration."),
      408: error("The body took too long."),
      413: error("The body is too large."),
      415: error("The body is not declared as application/json."),
      503: COMMON[503],
    },
    handle: async (request, reply) => {
      const secret = services.config.airbyte.notificationSecret;
      if (secret === undefined || !isSameSecret(pathParameter(request, "secret"), secret)) {
        throw notFound("address");
      }
      const parsed = notification.safeParse(parse(request.body));
      if (!parsed.success) throw new HttpProblem(400, "malformed", "The body names no data.connection.id.");
      const connectionId = parsed.data.data.connection.id.toLowerCase();
      // Postgres refuses U+0000; no id has one.
      const applied = connectionId.includes("\0")
        ? undefined
        : await store.apply(connectionId, { type: "hint" });
      if (applied !== undefined) wake();
      return reply.code(202).send({ status: applied === undefined ? "unknown" : "noted" });
    },
  };
}

function parse(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
