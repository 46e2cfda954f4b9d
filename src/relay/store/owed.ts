/**
 * Why a credential owes a sync though no event says so:
 * - `outage`: no replica was listening
 * - `refused`: webhooks were refused because the store could not keep them, or before they could be checked
 * - `deliveries`: Dixa tells of deliveries that failed
 * - `switched_off`: its subscription in Dixa was off, or gone
 * - `stale`: nothing has come for as long as the configuration allows
 */
export const OWED_REASONS = ["outage", "refused", "deliveries", "switched_off", "stale"] as const;
export type OwedReason = (typeof OWED_REASONS)[number];

/** A sync that a credential has come to owe: the connections whose watermark is below `seq` owe it still. */
export interface OwedSync {
  readonly credentialId: string;
  readonly reason: OwedReason;
  readonly seq: number;
  /** ms UTC, the store's clock. */
  readonly at: number;
}

/** Something of a credential went unheard. */
export interface Missed {
  readonly credentialId: string;
  readonly reason: OwedReason;
  /** How long ago for the last time, ms. */
  readonly agoMs: number;
}

export interface Beat {
  /** How long no replica has been heard of, ms, if that was too long; only the first replica that notices is told. */
  readonly gapMs: number | undefined;
  /** What is owed for it. */
  readonly owed: readonly OwedSync[];
}
