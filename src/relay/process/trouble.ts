import { type Clock } from "../../http/clock.ts";
import { messageOf } from "../store/error-message.ts";
import { isStoreUnavailable } from "../store/store-unavailable.ts";
import { type Logger } from "../telemetry/log.ts";
import { QuietLog } from "../telemetry/quiet-log.ts";

/** Tells of what goes wrong while the relay goes on. */
export class Trouble {
  readonly #logger: Logger;
  readonly #quiet: QuietLog;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#quiet = new QuietLog(logger, clock);
  }

  /** See {@link QuietLog.warn}. */
  warn(kind: string, message: string): void {
    this.#quiet.warn(kind, message);
  }

  /** Tells of an error that nobody has handled: that the store can't be used may last, and is told now and again. */
  readonly onError = (error: unknown): void => {
    if (isStoreUnavailable(error)) {
      this.warn("store", `the store can't be used: ${messageOf(error)}`);
    } else {
      this.#logger.error({ err: error }, "an unexpected error; the relay goes on");
    }
  };
}
