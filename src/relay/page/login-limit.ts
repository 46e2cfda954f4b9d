/** Wrong tokens from one address before it has to wait. */
const MOST_FAILURES = 10;
const PERIOD_MS = 60_000;
/** Addresses remembered; with more, the oldest is forgotten. */
const MOST_ADDRESSES = 10_000;

/** Bounds how often an address may try to sign in: so many failures a minute, right or wrong after that. */
export class LoginLimit {
  readonly #failures = new Map<string, { since: number; count: number }>();

  /** @returns how long the address has to wait, ms; 0: it may try */
  waitOf(address: string, now: number): number {
    const found = this.#failures.get(address);
    if (found === undefined || now >= found.since + PERIOD_MS || now < found.since) return 0;
    return found.count < MOST_FAILURES ? 0 : found.since + PERIOD_MS - now;
  }

  failed(address: string, now: number): void {
    const found = this.#failures.get(address);
    if (found !== undefined && now >= found.since && now < found.since + PERIOD_MS) {
      found.count++;
      return;
    }
    this.#failures.delete(address);
    this.#failures.set(address, { since: now, count: 1 });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MOST_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest);
  }
}
