import { abortable } from "../../http/abortable.ts";

/** Lets a number of holders in at a time, in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Waits for a slot and holds it while `work` runs.
   *
   * @throws the signal's reason if it is aborted before `work` began; what `work` throws
   */
  async hold<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  async #acquire(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const turn = Promise.withResolvers<undefined>();
    const enter = () => {
      turn.resolve(undefined);
    };
    this.#waiting.push(enter);
    try {
      await abortable(turn.promise, signal);
    } catch (error) {
      const place = this.#waiting.indexOf(enter);
      if (place === -1) {
        // The slot came in the same moment as the abort.
        this.#release();
      } else {
        this.#waiting.splice(place, 1);
      }
      throw error;
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
