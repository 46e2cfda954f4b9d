import { type Clock } from "../../http/clock.ts";
import { isHttpStatusError } from "../../http/errors.ts";
import { NARROWEST_WINDOW_MS, type Slice } from "./slice-planner.ts";

const DAY_MS = 86_400_000;
/** A refusal that lasts no longer than this is one that passes, ms. */
const REFUSAL_WAIT_MS = 60_000;

export interface ReachOptions {
  /** Age beyond which the API may refuse to answer at all, ms. */
  age: number;
  /** When the sync began, ms UTC: age counts from there, whatever the end of what is read. */
  now: number;
  clock: Clock;
  /** Reads a window and throws its rows away; throws what the request throws. */
  probe: (window: Slice, signal: AbortSignal) => Promise<void>;
}

/**
 * How far back an API answers that may limit its answers by the age of the rows, which is not documented. What is out
 * of reach counts as read, so nothing is believed before it is proved: a 400 may also mean that a window is too wide, or
 * pass.
 */
export class Reach {
  readonly #options: ReachOptions;
  #until = -Infinity;
  #oldestAsked = Infinity;
  #oldestAnswered = Infinity;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /** What lies before this instant (ms UTC) is proved to be out of reach. */
  get until(): number {
    return this.#until;
  }

  /** Notes that a window is about to be asked for. */
  requested({ lo }: Slice): void {
    this.#oldestAsked = Math.min(this.#oldestAsked, lo);
  }

  /** Notes that a window was answered. */
  answered({ lo }: Slice): void {
    this.#oldestAnswered = Math.min(this.#oldestAnswered, lo);
  }

  /** Whether a refusal of this window may be for its age: the limit may count by whole days, of any time zone. */
  mayExplain({ lo }: Slice): boolean {
    return lo < this.#limit + DAY_MS;
  }

  /**
   * Finds out whether a window of the narrowest width was refused for its age. That is believed if the refusal repeats
   * after a wait, no older window has answered, what is older is refused at its oldest and at its newest edge, and the
   * minute beside that edge is accepted; the edge is looked for within a day around the limit.
   *
   * @returns true if so: {@link until} has moved behind the window
   * @throws what a probe throws, but for the 400 that it asks about
   */
  async prove(window: Slice, signal: AbortSignal): Promise<boolean> {
    if (!this.mayExplain(window) || this.#oldestAnswered < window.lo) return false;
    await this.#options.clock.sleep(REFUSAL_WAIT_MS, signal);
    if (await this.#accepts(window.lo, signal)) return false;
    let refused = Math.max(window.lo, this.#limit - DAY_MS);
    let accepted = Math.max(window.lo, this.#limit) + DAY_MS;
    for (const edge of [this.#oldestAsked, refused]) {
      if (edge !== window.lo && (await this.#accepts(edge, signal))) return false;
    }
    if (!(await this.#accepts(accepted, signal))) return false;
    while (accepted - refused > NARROWEST_WINDOW_MS) {
      const middle = refused + Math.ceil((accepted - refused) / 2);
      if (await this.#accepts(middle, signal)) accepted = middle;
      else refused = middle;
    }
    if (this.#oldestAnswered < window.lo) return false;
    this.#until = Math.max(this.#until, refused, window.hi);
    return true;
  }

  get #limit(): number {
    return this.#options.now - this.#options.age;
  }

  async #accepts(lo: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.probe({ lo, hi: lo + NARROWEST_WINDOW_MS }, signal);
      return true;
    } catch (error) {
      if (isHttpStatusError(error) && error.status === 400) return false;
      throw error;
    }
  }
}
