import { problemOf } from "../accounts/attention.ts";
import { type CurrentConfig } from "../accounts/current-config.ts";
import { type Logger } from "../telemetry/log.ts";

/** Says, once for each, what a person must do about accounts. */
export class AccountNotices {
  readonly #logger: Logger;
  readonly #told = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  tell(current: CurrentConfig): void {
    const notices = new Map<string, string>();
    for (const credential of current.value.credentials) {
      const problem = problemOf(credential);
      if (problem !== undefined) notices.set(credential.id, `${credential.name}: ${problem}`);
    }
    for (const id of current.hidden) {
      notices.set(
        `hidden ${id}`,
        `the credential ${id} is declared in the configuration and kept in the store; the configuration counts`,
      );
    }
    for (const [key, notice] of notices) {
      if (this.#told.get(key) !== notice)
        this.#logger.warn({ credential: key.replace("hidden ", "") }, notice);
    }
    this.#told.clear();
    for (const [key, notice] of notices) this.#told.set(key, notice);
  }
}
