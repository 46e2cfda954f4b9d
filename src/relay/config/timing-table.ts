import { type Timings } from "../coalescer/timings.ts";
import { type RawRelayConfig } from "./schema.ts";
import { faultsOfTimings, mergeTimings, type RawTimings } from "./timings.ts";

/** All timings, put together once: the store asks for them per connection and row. */
export class TimingTable {
  readonly #raw: RawRelayConfig;
  readonly #general: Timings;
  readonly #byCredential = new Map<string, Timings>();
  readonly #byConnection = new Map<string, Timings>();
  readonly #soonest = new Map<string, number>();

  constructor(raw: RawRelayConfig) {
    this.#raw = raw;
    this.#general = mergeTimings(raw.timings);
    for (const credential of raw.credentials) {
      this.#byCredential.set(credential.id, mergeTimings(raw.timings, credential));
      for (const [id, own] of Object.entries(credential.connection_timings)) {
        const levels: (RawTimings | undefined)[] = [raw.timings, credential, own];
        this.#byConnection.set(`${credential.id} ${id}`, mergeTimings(...levels));
      }
      const ids = ["", ...Object.keys(credential.connection_timings)];
      this.#soonest.set(credential.id, Math.min(...ids.map((id) => soonestOf(this.of(credential.id, id)))));
    }
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
    return this.#raw.credentials.flatMap((credential, index) => {
      const path = ["credentials", index];
      const own = faultsOfTimings(this.of(credential.id, ""), nameOf(path), startTimeout);
      if (own.length > 0) return own;
      return Object.keys(credential.connection_timings).flatMap((id) =>
        faultsOfTimings(
          this.of(credential.id, id),
          nameOf([...path, "connection_timings", id]),
          startTimeout,
        ),
      );
    });
  }
}

function soonestOf({ debounce, maxWait }: Timings): number {
  return Math.min(debounce, maxWait);
}
