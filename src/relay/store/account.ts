/** A credential that was made while the relay runs. */
export interface AccountRecord {
  readonly credentialId: string;
  /** JSON */
  readonly settings: string;
  /** JSON, its secrets encrypted. */
  readonly secrets: string;
  /** ms UTC, as the other instants. */
  readonly createdAt: number;
  readonly changedAt: number;
  /** Null: it is not removed. What is removed stays known as such, so that nobody takes its connections for somebody else's. */
  readonly removedAt: number | null;
}

export interface AccountContent {
  readonly settings: string;
  readonly secrets: string;
  readonly isRemoved: boolean;
}

export interface AccountSet {
  /** Grows with every change of any account. */
  readonly version: number;
  readonly accounts: readonly AccountRecord[];
}
