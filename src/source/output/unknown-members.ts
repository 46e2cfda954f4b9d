import { type Logger } from "./logger.ts";

/** Names that are told of one stream; a map whose keys are data would go on for ever. */
const MOST_NAMED = 50;
/** A name that looks like one of Dixa's fields. Others may be data, and data is not logged. */
const FIELD_PATH = /^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63})*$/;

/** Says once of each member that `privacy` holds back for want of knowing it. */
export class UnknownMembers {
  readonly #stream: string;
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  constructor(stream: string, logger: Logger) {
    this.#stream = stream;
    this.#logger = logger;
  }

  /** @param path from the row, as `attributes.whatever` */
  leftOut(path: string): void {
    if (this.#told.has(path) || this.#told.size > MOST_NAMED) return;
    this.#told.add(path);
    if (this.#told.size > MOST_NAMED) {
      this.#logger.warn(
        `${this.#stream}: more than ${MOST_NAMED} such members; the others are left out too, unnamed`,
      );
      return;
    }
    const shown = FIELD_PATH.test(path) ? `"${path}"` : "a member whose name may be personal itself";
    this.#logger.warn(
      `${this.#stream}: ${shown} is not known to this version, so with privacy set it does not leave`,
    );
  }
}
