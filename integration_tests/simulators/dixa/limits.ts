import { type HostName } from "./host-name.ts";

/** A limit on requests; `take` says how long to wait (ms) if there was none left, and 0 if there was. */
export interface Limit {
  take(now: number): number;
}

export const noLimit: Limit = { take: () => 0 };

/** At most `limit` requests in any span of `windowMs`. */
export function slidingWindow(limit: number, windowMs: number): Limit {
  const taken: number[] = [];
  return {
    take(now) {
      while (taken[0] !== undefined && taken[0] <= now - windowMs) taken.shift();
      const oldest = taken[0];
      if (taken.length >= limit && oldest !== undefined) return oldest + windowMs - now;
      taken.push(now);
      return 0;
    },
  };
}

/** `perSecond` requests a second, and `burst` at once after a pause. */
export function tokenBucket(perSecond: number, burst: number): Limit {
  let tokens = burst;
  let at = -Infinity;
  return {
    take(now) {
      tokens = Math.min(burst, tokens + ((now - Math.max(at, now - 60_000)) * perSecond) / 1000);
      at = now;
      if (tokens < 1) return Math.ceil(((1 - tokens) * 1000) / perSecond);
      tokens--;
      return 0;
    },
  };
}

/**
 * The limits of both hosts, for each token apart. The Exports API's 10 a minute are what other connectors keep to; both
 * exports share them here, the stricter reading. The Dixa API's numbers are in its "API standards & rules".
 */
export class RateLimits {
  readonly #isOn: boolean;
  readonly #exportsPerMinute: number;
  readonly #limits = new Map<string, Limit>();

  constructor({ isOn, exportsPerMinute }: { isOn: boolean; exportsPerMinute: number }) {
    this.#isOn = isOn;
    this.#exportsPerMinute = exportsPerMinute;
  }

  /** As {@link Limit.take}. */
  take(host: HostName, token: string, now: number): number {
    const key = `${host} ${token}`;
    const limit = this.#limits.get(key) ?? this.#make(host);
    this.#limits.set(key, limit);
    return limit.take(now);
  }

  #make(host: HostName): Limit {
    if (!this.#isOn) return noLimit;
    return host === "exports" ? slidingWindow(this.#exportsPerMinute, 60_000) : tokenBucket(10, 4);
  }
}
