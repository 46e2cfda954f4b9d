import { type FastifyInstance } from "fastify";

import { type Services } from "../http/services.ts";
import { type PendingHistory } from "./pending-history.ts";

const SAMPLE_MS = 5000;

/** Adds to the history from the server's start to its end. */
export function takeSamples(
  page: FastifyInstance,
  { store, config, clock, logger }: Services,
  history: PendingHistory,
): void {
  const ids = config.credentials.map(({ id }) => id);
  const sample = () => {
    history.sample(store, ids, clock.now()).catch((error: unknown) => {
      logger.debug({ err: error }, "no sample of the pending age");
    });
  };
  let timer: NodeJS.Timeout | undefined;
  page.addHook("onReady", async () => {
    sample();
    timer = setInterval(sample, SAMPLE_MS).unref();
    await Promise.resolve();
  });
  page.addHook("onClose", async () => {
    clearInterval(timer);
    await Promise.resolve();
  });
}
