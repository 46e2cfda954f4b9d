/** An answer that many ask for and that is dear to find: found once at a time, and given out for a while. */
export class Recent<T> {
  readonly #find: () => Promise<T>;
  readonly #ageMs: number;
  #answer: Promise<T> | undefined;

  /** @param ageMs how long an answer is given out after it was found; failures as well */
  constructor(ageMs: number, find: () => Promise<T>) {
    this.#ageMs = ageMs;
    this.#find = find;
  }

  get(): Promise<T> {
    return (this.#answer ??= this.#findAnew());
  }

  async #findAnew(): Promise<T> {
    try {
      return await this.#find();
    } finally {
      const forget = () => (this.#answer = undefined);
      if (this.#ageMs === 0) forget();
      else setTimeout(forget, this.#ageMs).unref();
    }
  }
}
