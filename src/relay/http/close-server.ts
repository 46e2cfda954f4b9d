import { type FastifyInstance } from "fastify";

/**
 * Closes the server: nothing new comes in, requests under way are answered, and connections that have none are cut –
 * also those that never sent any, for which Node itself would wait without end.
 *
 * @param graceMs after which the connections of requests under way are cut, too
 * @param hurry cuts them at once
 */
export async function closeServer(app: FastifyInstance, graceMs: number, hurry: AbortSignal): Promise<void> {
  const cut = () => {
    app.server.closeAllConnections();
  };
  const timer = setTimeout(cut, graceMs);
  hurry.addEventListener("abort", cut);
  try {
    const closed = app.close();
    if (hurry.aborted) cut();
    await closed;
  } finally {
    clearTimeout(timer);
    hurry.removeEventListener("abort", cut);
  }
}
