/** What Dixa says of the subscription whose webhooks come here. */
export interface SubscriptionStatus {
  /** `missing`: there is none with this address. */
  readonly state: "on" | "off" | "missing";
  /** Since when it has been found so, ms UTC. */
  readonly since: number;
  /** What Dixa says of the last deliveries that failed; null: none has. */
  readonly failing: string | null;
}

export interface SubscriptionReport extends Pick<SubscriptionStatus, "state" | "failing"> {
  /** Whether it was found switched off, and has been switched on. */
  readonly wasOff: boolean;
  /** When the newest delivery failed, ms UTC by Dixa's clock; null: none has, or Dixa does not say. */
  readonly failedAt: number | null;
}
