/** How much happened to a credential in an interval. */
export interface HistoryEntry {
  /** When it ended, ms UTC; of the interval that has not ended: now. */
  readonly at: number;
  /** Syncs asked for by hand count as events here. */
  readonly events: number;
  /** Ended well, whoever started them. */
  readonly syncs: number;
  /** Failed or cancelled. */
  readonly failures: number;
  /** The longest time from an event to the end of its sync, ms; null if no sync ended well. */
  readonly lagMs: number | null;
}
