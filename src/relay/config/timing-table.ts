import { type Timings } from "../coalescer/timings.ts";
import { faultsOfTimings, mergeTimings, type RawTimings } from "./timings.ts";

export interface TimedCredential {
  readonly id: string;
  readonly timings: RawTimings;
  /** By connection. */
  readonly connectionTimings: Readonly<Record<string, RawTimings>>;
}

/** All timings, put together once: the store asks for them per connection and row. */
export class TimingTable {
  readonly #level: RawTimings;
  readonly #credentials: readonly TimedCredential[];
  readonly #general: Timings;
  readonly #byCredential = new Map<string, Timings>();
  readonly #byConnection = new Map<string, Timings>();
  readonly #soonest = new Map<string, number>();

  /** @param level what holds for every credential that doesn't say otherwise */
  constructor(level: RawTimings, credentials: readonly TimedCredential[]) {
    this.#level = level;
    this.#credentials = credentials;
    this.#general = mergeTimings(level);
    for (const { id: credentialId, timings, connectionTimings } of credentials) {
      this.#byCredential.set(credentialId, mergeTimings(level, timings));
      for (const [id, own] of Object.entries(connectionTimings)) {
        this.#byConnection.set(`${credentialId} ${id}`, mergeTimings(level, timings, own));
      }
      const ids = ["", ...Object.keys(connectionTimings)];
      this.#soonest.set(credentialId, Math.min(...ids.map((id) => soonestOf(this.of(credentialId, id)))));
    }
  }

  /** The same with more credentials. */
  with(more: readonly TimedCredential[]): TimingTable {
    return new TimingTable(this.#level, [...this.#credentials, ...more]);
  }

  of(credentialId: string, connectionId: string): Timings {
    return (
      this.#byConnection.get(`${credentialId} ${connectionId}`) ??
      this.#byCredential.get(credentialId) ??
      this.#general
    );
  }

  /** How long after an event some connection of its credential may be due at the earliest, ms. */
  soonest(credentialId: string): number {
    return this.#soonest.get(credentialId) ?? soonestOf(this.#general);
  }

  get shortestLease(): number {
    const all = [this.#general, ...this.#byCredential.values(), ...this.#byConnection.values()];
    return Math.min(...all.map(({ lease }) => lease));
  }

  faults(startTimeout: number, nameOf: (path: readonly PropertyKey[]) => string): string[] {
    const general = faultsOfTimings(this.#general, nameOf(["timings"]), startTimeout);
    // What is wrong for all need not be said of each.
    if (general.length > 0) return general;
    return this.#credentials.flatMap(({ id: credentialId, connectionTimings }, index) => {
      const path = ["credentials", index];
      const own = faultsOfTimings(this.of(credentialId, ""), nameOf(path), startTimeout);
      if (own.length > 0) return own;
      return Object.keys(connectionTimings).flatMap((id) =>
        faultsOfTimings(this.of(credentialId, id), nameOf([...path, "connection_timings", id]), startTimeout),
      );
    });
  }

  /** What doesn't fit together if a credential had these timings of its own; to be said of `timings`. */
  faultsOf(timings: RawTimings, startTimeout: number): string[] {
    return faultsOfTimings(mergeTimings(this.#level, timings), "timings", startTimeout);
  }
}

function soonestOf({ debounce, maxWait }: Timings): number {
  return Math.min(debounce, maxWait);
}
