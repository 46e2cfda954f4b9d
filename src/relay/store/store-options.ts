import { type Clock } from "../../http/clock.ts";
import { type TimingsOf } from "../coalescer/timings.ts";

export interface StoreOptions {
  /** Undefined: the database's own, so that replicas whose clocks differ agree; for a file, this machine's. */
  clock?: Clock | undefined;
  timingsOf: TimingsOf;
  /** In [0, 1), for the jitter of delays. */
  random?: (() => number) | undefined;
  /**
   * How long after an event some connection of its credential may be due, ms, at the earliest. Default: at once, so all
   * its connections are looked at after each batch of events.
   */
  soonestOf?: ((credentialId: string) => number) | undefined;
  /** Whether an older schema may be brought up to date; if not, it is an error. Default true. */
  mayMigrate?: boolean | undefined;
}
