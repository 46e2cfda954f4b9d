import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { type TimedCredential } from "../config/timing-table.ts";

/** A credential that the store holds. */
export interface StoredCredential {
  readonly credential: CredentialConfig;
  readonly timings: TimedCredential;
}

/**
 * The configuration as it is now: what is declared, and the credentials that the store holds. Each change makes a new
 * one, so whoever has read it works with one that fits together. Where an id is in both, the declared one counts.
 */
export class CurrentConfig {
  #declared: RelayConfig;
  #stored: readonly StoredCredential[] = [];
  #effective: RelayConfig;
  #removed: ReadonlySet<string> = new Set();
  readonly #listeners: ((config: RelayConfig) => void)[] = [];

  constructor(declared: RelayConfig) {
    this.#declared = declared;
    this.#effective = declared;
  }

  get value(): RelayConfig {
    return this.#effective;
  }

  get declared(): RelayConfig {
    return this.#declared;
  }

  /** Credentials that were taken away while the relay runs: nobody's connections follow them any more. */
  get removed(): ReadonlySet<string> {
    return this.#removed;
  }

  /** Credentials of the store that a declared one hides. */
  get hidden(): string[] {
    const declared = this.#declaredIds();
    return this.#stored.map(({ credential }) => credential.id).filter((id) => declared.has(id));
  }

  /** @param removed ids of credentials that the store has held */
  declare(config: RelayConfig, stored: readonly StoredCredential[], removed: readonly string[]): void {
    this.#declared = config;
    this.store(stored, removed);
  }

  store(stored: readonly StoredCredential[], removed: readonly string[]): void {
    this.#stored = stored;
    this.#compose();
    const present = new Set(this.#effective.credentials.map(({ id }) => id));
    this.#removed = new Set(removed.filter((id) => !present.has(id)));
    for (const listener of this.#listeners) listener(this.#effective);
  }

  onChange(listener: (config: RelayConfig) => void): void {
    this.#listeners.push(listener);
  }

  #compose(): void {
    const declared = this.#declaredIds();
    const added = this.#stored.filter(({ credential }) => !declared.has(credential.id));
    const timings = this.#declared.timings.with(added.map((each) => each.timings));
    this.#effective = {
      ...this.#declared,
      credentials: [...this.#declared.credentials, ...added.map(({ credential }) => credential)],
      timings,
      timingsOf: (credentialId, connectionId) => timings.of(credentialId, connectionId),
      soonestOf: (credentialId) => timings.soonest(credentialId),
    };
  }

  #declaredIds(): Set<string> {
    return new Set(this.#declared.credentials.map(({ id }) => id));
  }
}
