import { generator } from "../dixa/random.ts";

/** When a rule applies. */
export interface Scope {
  /** Default: to every connection, and to requests that name none. */
  connectionId?: string | undefined;
  /** How many times. Default once; with a rate, for as long as the simulator runs. */
  times?: number | undefined;
  /** Share of the occasions, 0 to 1. Default all. */
  rate?: number | undefined;
  /** Not after this instant, ms UTC. */
  untilMs?: number | undefined;
}

/** Rules in the order in which they were added; each is used up. */
export class Rules<T extends Scope> {
  #rules: { rule: T; left: number }[] = [];
  readonly #random: () => number;
  readonly #now: () => number;

  constructor(seed: number, now: () => number) {
    this.#random = generator(seed);
    this.#now = now;
  }

  add(rule: T): void {
    this.#rules.push({ rule, left: rule.times ?? (rule.rate === undefined ? 1 : Infinity) });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The first rule that applies now, which is then used once. */
  take(connectionId: string | undefined, applies: (rule: T) => boolean = () => true): T | undefined {
    const now = this.#now();
    this.#rules = this.#rules.filter(({ rule, left }) => left > 0 && now <= (rule.untilMs ?? Infinity));
    const found = this.#rules.find(({ rule }) => {
      if (rule.connectionId !== undefined && rule.connectionId !== connectionId) return false;
      return applies(rule) && (rule.rate === undefined || this.#random() < rule.rate);
    });
    if (found !== undefined) found.left--;
    return found?.rule;
  }
}
