/** The budget of requests to Airbyte, for all replicas together. */
export interface SharedLimits {
  /** Requests a second on average. */
  readonly perSecond: number;
  /** Requests at once after a pause. */
  readonly burst: number;
  /** Requests in flight. */
  readonly concurrency: number;
  /** After which the slot of a replica that died is free again, ms. */
  readonly slotLease: number;
}

export interface Slot {
  readonly slot: number;
  readonly token: string;
}
