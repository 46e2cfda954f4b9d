import { type FastifyInstance } from "fastify";

import { type Services } from "../http/services.ts";
import { HISTORY_INTERVAL_MS } from "../store/history-table.ts";
import { type PendingHistory } from "./pending-history.ts";

const SAMPLE_MS = 5000;

/** Adds to what the charts show, from the server's start to its end. */
export function takeSamples(page: FastifyInstance, services: Services, history: PendingHistory): void {
  const { store, clock, logger } = services;
  const sample = async () => {
    const ids = services.config.credentials.map(({ id }) => id);
    await history.sample(store, ids, clock.now());
  };
  let kept: number | undefined;
  const keep = async () => {
    const interval = Math.floor(clock.now() / HISTORY_INTERVAL_MS);
    if (interval === kept) return;
    await store.keepHistory();
    kept = interval;
  };
  const work = () => {
    Promise.all([sample(), keep()]).catch((error: unknown) => {
      logger.debug({ err: error }, "no sample for the charts");
    });
  };
  let timer: NodeJS.Timeout | undefined;
  page.addHook("onReady", async () => {
    work();
    timer = setInterval(work, SAMPLE_MS).unref();
    await Promise.resolve();
  });
  page.addHook("onClose", async () => {
    clearInterval(timer);
    await Promise.resolve();
  });
}
