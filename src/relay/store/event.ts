export interface WebhookEvent {
  readonly credentialId: string;
  /** Dixa's `event_id`: what makes a second delivery a duplicate. */
  readonly eventId: string;
  readonly eventType: string;
}

export type Acceptance = "new" | "duplicate";

/** An event in the ledger. */
export interface StoredEvent extends WebhookEvent {
  readonly seq: number;
  /** When it was accepted, ms UTC, by the clock that all replicas share. */
  readonly receivedAt: number;
}
