import { jest } from "@jest/globals";

/**
 * Runs with `setTimeout`, `setInterval` and `performance.now` in the test's hand: their time passes by `pass` alone,
 * however slow the machine is. Sockets, streams and `setImmediate` go on by themselves.
 */
export async function withManualTimers(run: (pass: (ms: number) => void) => Promise<void>): Promise<void> {
  jest.useFakeTimers({ doNotFake: ["Date", "hrtime", "nextTick", "queueMicrotask", "setImmediate"] });
  try {
    await run((ms) => {
      jest.advanceTimersByTime(ms);
    });
  } finally {
    jest.useRealTimers();
  }
}
