import { type Clock } from "../../http/clock.ts";
import { type Logger } from "./log.ts";

/** At most one line a minute about each kind of trouble. */
const PERIOD_MS = 60_000;
/** Kinds remembered; none comes from outside, so there are few. */
const MOST_KINDS = 1000;

/** Tells of trouble that comes again and again, without letting it, or whoever causes it, fill the log. */
export class QuietLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, { toldAt: number; untold: number }>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  warn(kind: string, message: string): void {
    const now = this.#clock.now();
    const last = this.#kinds.get(kind);
    if (last !== undefined && now - last.toldAt < PERIOD_MS && now >= last.toldAt) {
      last.untold++;
      return;
    }
    if (this.#kinds.size >= MOST_KINDS) this.#kinds.clear();
    this.#kinds.set(kind, { toldAt: now, untold: 0 });
    const more =
      last === undefined || last.untold === 0 ? "" : ` (${last.untold} more since the last line about it)`;
    this.#logger.warn(`${message}${more}`);
  }
}
