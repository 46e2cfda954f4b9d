/**
 * Does one thing after the other to an account, and things to several at once: two that set up the same webhook would make
 * it twice, and one that removes the account would leave what another is making for it.
 */
export class AccountQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** @returns what the work returns; rejects as it does */
  run<T>(credentialId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(credentialId) ?? Promise.resolve();
    const done = before.then(work);
    const settled: Promise<unknown> = done
      .catch(() => undefined)
      .finally(() => {
        if (this.#last.get(credentialId) === settled) this.#last.delete(credentialId);
      });
    this.#last.set(credentialId, settled);
    return done;
  }
}
