import { type Clock } from "../../http/clock.ts";

export interface RepeatOptions {
  clock: Clock;
  /** From the end of one run to the start of the next, ms. */
  every: number;
  /** After a run that failed: the first step, ms; doubles up to `every`. */
  retryAfter: number;
  onError: (error: unknown) => void;
}

/** Runs `work` now and again until the signal is aborted. Errors are told and survived. */
export async function repeat(
  work: (signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
  { clock, every, retryAfter, onError }: RepeatOptions,
): Promise<void> {
  let failures = 0;
  const isStopped = () => signal.aborted;
  while (!isStopped()) {
    try {
      await work(signal);
      failures = 0;
    } catch (error) {
      if (isStopped()) return;
      failures++;
      onError(error);
    }
    const wait = failures === 0 ? every : Math.min(every, retryAfter * 2 ** (failures - 1));
    await clock.sleep(wait, signal).catch(() => undefined);
  }
}
