/** A time-out that can be paused: calls `onOver` once it has run for so long in all. */
export class PausableTimeout {
  readonly #limitMs: number;
  readonly #onOver: () => void;
  #usedMs = 0;
  #runningSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number, onOver: () => void) {
    this.#limitMs = limitMs;
    this.#onOver = onOver;
  }

  /** Time that it has run so far, ms. */
  get usedMs(): number {
    const running = this.#runningSince === undefined ? 0 : performance.now() - this.#runningSince;
    return this.#usedMs + running;
  }

  resume(): void {
    if (this.#runningSince !== undefined) return;
    this.#runningSince = performance.now();
    this.#timer = setTimeout(this.#onOver, Math.max(0, this.#limitMs - this.#usedMs)).unref();
  }

  pause(): void {
    this.#usedMs = this.usedMs;
    this.#runningSince = undefined;
    clearTimeout(this.#timer);
  }
}
