import { type FastifyRequest } from "fastify";
import { z } from "zod";

import { connectionView } from "./connection-view.ts";
import { COMMON, error } from "./documented.ts";
import { HttpProblem, notFound } from "./errors.ts";
import { mayForget } from "./forgettable.ts";
import { type Operation, type Parameter, pathParameter } from "./operation.ts";
import { connectionSchema, type ConnectionView } from "./schemas.ts";
import { type Services } from "./services.ts";
import { contextOf } from "./view-context.ts";

const connectionId: Parameter = {
  name: "connectionId",
  in: "path",
  description: "The id of a connection in Airbyte.",
  schema: z.uuid(),
};

/** What a person can do to one connection. */
export function connectionOperations(services: Services): Operation[] {
  const { store, wake } = services;
  const context = () => contextOf(services);

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
    const found = await store.forget(id, (connection) => mayForget(services.config, connection));
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
