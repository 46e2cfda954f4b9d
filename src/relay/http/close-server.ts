import { type Server, type ServerResponse } from "node:http";

import { type FastifyInstance } from "fastify";

/** Between two looks whether requests are under way, ms. */
const LOOK_MS = 20;
const underWay = new WeakMap<Server, Set<ServerResponse>>();

/** Lets {@link closeServer} know which requests are under way. */
export function trackRequests({ server }: FastifyInstance): void {
  const responses = new Set<ServerResponse>();
  underWay.set(server, responses);
  server.on("request", (_, response: ServerResponse) => {
    responses.add(response);
    response.once("close", () => responses.delete(response));
  });
}

/**
 * Closes the server: nothing new comes in, requests under way are answered, and connections that have none are cut –
 * also those that never sent a whole header, for which Node itself would wait without end.
 *
 * @param graceMs after which the connections of requests under way are cut, too
 * @param hurry cuts them at once
 */
export async function closeServer(app: FastifyInstance, graceMs: number, hurry: AbortSignal): Promise<void> {
  const { server } = app;
  const giveUpAt = performance.now() + graceMs;
  const closed = app.close();
  const look = setInterval(() => {
    const isBusy = (underWay.get(server)?.size ?? 0) > 0;
    if (!isBusy || hurry.aborted || performance.now() >= giveUpAt) server.closeAllConnections();
  }, LOOK_MS);
  try {
    await closed;
  } finally {
    clearInterval(look);
  }
}
