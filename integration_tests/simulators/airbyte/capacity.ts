/** Places for jobs that run; who finds none waits in line. */
export class Capacity {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  get isFull(): boolean {
    return this.#free <= 0;
  }

  /** @throws the signal's reason */
  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const turn = Promise.withResolvers<undefined>();
    const enter = () => {
      turn.resolve(undefined);
    };
    this.#waiting.push(enter);
    const leave = () => {
      const place = this.#waiting.indexOf(enter);
      if (place === -1) return;
      this.#waiting.splice(place, 1);
      turn.reject(signal.reason as Error);
    };
    signal.addEventListener("abort", leave, { once: true });
    try {
      await turn.promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
