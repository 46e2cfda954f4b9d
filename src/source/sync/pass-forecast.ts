import { describeDuration, describeWindow } from "../../logging/describe.ts";
import { type Logger } from "../output/logger.ts";
import { type Slice } from "./slice-planner.ts";

/** Windows of fewer requests are not announced. */
const WORTH_TELLING = 100;

/** Says how long it will take to ask for the children of what was listed. */
export class PassForecast {
  readonly #logger: Logger;
  readonly #requestsPerSecond: number;
  #requests = 0;

  constructor(logger: Logger, requestsPerSecond: number) {
    this.#logger = logger;
    this.#requestsPerSecond = requestsPerSecond;
  }

  /**
   * @param streams names of those that ask
   * @param changed how many conversations were listed in the window
   * @param requests how many requests they need for all these streams together
   */
  listed(streams: readonly string[], { lo, hi }: Slice, changed: number, requests: number): void {
    this.#requests += requests;
    if (requests < WORTH_TELLING) return;
    const lasting = (count: number) =>
      `${count} requests, at least ${describeDuration((count * 1000) / this.#requestsPerSecond)}`;
    this.#logger.info(
      `${streams.join(", ")}: ${changed} conversations changed from ${describeWindow(lo, hi)}: ${lasting(requests)} ` +
        `at ${this.#requestsPerSecond} a second; ${lasting(this.#requests)} for all that is listed so far`,
    );
  }
}
