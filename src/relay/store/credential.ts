import { type PhaseName } from "../coalescer/connection-state.ts";
import { type OwedSync } from "./owed.ts";
import { type SubscriptionStatus } from "./subscription.ts";

export interface CredentialStatus {
  readonly credentialId: string;
  /** Number of the newest event; 0 when there has been none. */
  readonly seq: number;
  readonly lastEventAt: number | null;
}

/** A credential in short, with its connections by their state. */
export interface CredentialSummary extends CredentialStatus {
  /** When the oldest event that some connection has not synced was accepted, ms UTC; null if there is none. */
  readonly pendingSince: number | null;
  readonly phases: Readonly<Partial<Record<PhaseName, number>>>;
  /** The last sync that it came to owe; null if there has been none. */
  readonly owed: OwedSync | null;
  /** Null: nobody has asked Dixa. */
  readonly subscription: SubscriptionStatus | null;
}
