import { type Services } from "../http/services.ts";
import { type HistoryEntry } from "../store/history.ts";

const SPAN_MS = 86_400_000;
const BIN_MS = 900_000;

/** A quarter of an hour in the charts. */
export interface Bin {
  /** Its beginning, ms UTC. */
  readonly at: number;
  readonly events: number;
  readonly syncs: number;
  readonly failures: number;
  /** The longest, ms; 0 if no sync ended well. */
  readonly lagMs: number;
}

/** The last day of an account, oldest first; the last bin is not over. */
export interface AccountHistory {
  readonly binMs: number;
  readonly bins: readonly Bin[];
}

export async function readHistory({ store, clock }: Services, credentialId: string): Promise<AccountHistory> {
  const now = clock.now();
  const last = Math.floor(now / BIN_MS) * BIN_MS;
  const first = last - SPAN_MS + BIN_MS;
  return toBins(await store.history(credentialId, first), first, now);
}

/** @param first beginning of the first bin, ms UTC */
export function toBins(entries: readonly HistoryEntry[], first: number, now: number): AccountHistory {
  const bins = Array.from({ length: Math.floor((now - first) / BIN_MS) + 1 }, (_, index) => ({
    at: first + index * BIN_MS,
    events: 0,
    syncs: 0,
    failures: 0,
    lagMs: 0,
  }));
  for (const { at, events, syncs, failures, lagMs } of entries) {
    // An entry is of the time before it.
    const bin = bins[Math.floor((Math.min(at, now) - 1 - first) / BIN_MS)] ?? bins.at(-1);
    if (bin === undefined || at <= first) continue;
    bin.events += events;
    bin.syncs += syncs;
    bin.failures += failures;
    bin.lagMs = Math.max(bin.lagMs, lagMs ?? 0);
  }
  return { binMs: BIN_MS, bins };
}
