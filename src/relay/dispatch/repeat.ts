import { type Clock } from "../../http/clock.ts";

export interface RepeatOptions {
  clock: Clock;
  /** From the end of one run to the start of the next, ms. */
  every: number | (() => number);
  /** After a run that failed: the first step, ms; doubles up to `every`. */
  retryAfter: number;
  onError: (error: unknown) => void;
  /** Ends the wait; rung while at work, the work is done once more. */
  bell?: Bell | undefined;
}

/** Calls for work before its time. */
export class Bell {
  #rung = new AbortController();

  get signal(): AbortSignal {
    return this.#rung.signal;
  }

  ring(): void {
    const rung = this.#rung;
    this.#rung = new AbortController();
    rung.abort();
  }
}

/** Runs `work` now and again until the signal is aborted. Errors are told and survived. */
export async function repeat(
  work: (signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
  { clock, every, retryAfter, onError, bell }: RepeatOptions,
): Promise<void> {
  let failures = 0;
  const isStopped = () => signal.aborted;
  while (!isStopped()) {
    const rung = bell?.signal;
    try {
      await work(signal);
      failures = 0;
    } catch (error) {
      if (isStopped()) return;
      failures++;
      onError(error);
    }
    const pause = typeof every === "number" ? every : every();
    const wait = failures === 0 ? pause : Math.min(pause, retryAfter * 2 ** (failures - 1));
    await clock
      .sleep(wait, rung === undefined ? signal : AbortSignal.any([signal, rung]))
      .catch(() => undefined);
  }
}
