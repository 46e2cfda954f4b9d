/** A sync that can't flush in this time ends all the same, ms: PyAirbyte follows up with SIGKILL after 10 s. */
const PATIENCE_MS = 5000;
const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

type StopSignal = keyof typeof NUMBERS;

/**
 * Turns SIGTERM, SIGINT and SIGHUP into an AbortSignal, and in the end lets the process die by the signal it got.
 * Clients tell a stop that they asked for (killed by 15) from a failure (any exit status) that way.
 */
export class StopSignals {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  #received: StopSignal | undefined;
  readonly #listeners = new Map<StopSignal, () => void>();

  constructor() {
    this.signal = this.#controller.signal;
    for (const name of Object.keys(NUMBERS) as StopSignal[]) {
      const listener = () => {
        if (this.#received !== undefined) return;
        this.#received = name;
        this.#controller.abort(new Error(`stopped by ${name}`));
        setTimeout(() => {
          this.finish();
        }, PATIENCE_MS).unref();
      };
      this.#listeners.set(name, listener);
      process.on(name, listener);
    }
  }

  /** Lets go of the signals; if one was received, the process ends by it. */
  finish(): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener);
    if (this.#received === undefined) return;
    const number = NUMBERS[this.#received];
    process.kill(process.pid, this.#received);
    // As the first process of a container, the kernel spares us our own signal.
    setTimeout(() => process.exit(128 + number), 100);
  }
}
