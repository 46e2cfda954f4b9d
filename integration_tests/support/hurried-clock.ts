import { setImmediate } from "node:timers/promises";

import { type Clock } from "../../src/http/clock.ts";

/**
 * A clock on which waiting takes no time: a sleep moves the clock on instead. Sockets and bodies go on in real time,
 * so the clock also moves with it.
 */
export function hurriedClock(start = Date.now()): Clock & { slept: () => number } {
  const realStart = performance.now();
  let skipped = 0;
  const now = () => Math.floor(start + skipped + performance.now() - realStart);
  return {
    now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      const until = now() + ms;
      // Others may sleep at the same time: whoever has waited long enough does not move the clock again.
      await setImmediate();
      signal?.throwIfAborted();
      skipped += Math.max(0, until - now());
    },
    slept: () => skipped,
  };
}
