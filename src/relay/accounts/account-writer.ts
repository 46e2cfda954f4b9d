import { type Clock } from "../../http/clock.ts";
import { type StoredSettings } from "../config/stored-settings.ts";
import { type AccountContent } from "../store/account.ts";
import { type AccountBook } from "./account-book.ts";
import { type AccountSettings, parseSettings } from "./account-record.ts";
import { parseSealed, type SealedSecrets } from "./account-secrets.ts";
import { withSecret } from "./webhook-secrets.ts";

/** What is kept of an account. */
export interface KeptAccount {
  readonly settings: AccountSettings;
  readonly sealed: SealedSecrets;
}

/** An account while it is changed, with what seals its secrets. */
export interface OpenedDraft extends KeptAccount {
  /**
   * The secrets of its webhook with another before them, sealed.
   *
   * @param overlapMs how long the others still count; null: they stay
   */
  readonly sealWebhookWith: (secret: string, overlapMs: number | null) => string;
  readonly sealToken: (token: string) => string;
}

/** Writes accounts into the book. A change to one that is gone, or removed, is none. */
export class AccountWriter {
  readonly #book: AccountBook;
  readonly #clock: Clock;

  constructor(book: AccountBook, clock: Clock) {
    this.#book = book;
    this.#clock = clock;
  }

  /** @returns false: there is one with this id, which is left as it is */
  async create(credentialId: string, settings: StoredSettings, secret: string | undefined): Promise<boolean> {
    const secrets = this.#book.secretsOf(credentialId);
    const found = { isNew: true };
    await this.#book.write(credentialId, (known) => {
      found.isNew = known?.removedAt !== null;
      if (!found.isNew) return undefined;
      const webhook = secret === undefined ? undefined : secrets.sealWebhook([{ secret, until: null }]);
      return contentOf({ settings, sealed: { webhook } });
    });
    return found.isNew;
  }

  /** @param change may be called more than once, when others write at the same time */
  async change(credentialId: string, change: (draft: OpenedDraft) => KeptAccount): Promise<void> {
    const secrets = this.#book.secretsOf(credentialId);
    await this.#book.write(credentialId, (known) => {
      if (known?.removedAt !== null) return undefined;
      const settings = parseSettings(known.settings);
      const sealed = parseSealed(known.secrets);
      const now = this.#clock.now();
      // What can't be opened any more is given up when a new secret is entered.
      const kept = (sealed.webhook === undefined ? undefined : secrets.openWebhook(sealed.webhook)) ?? [];
      const draft: OpenedDraft = {
        settings,
        sealed,
        sealWebhookWith: (secret, overlapMs) =>
          secrets.sealWebhook(withSecret(kept, secret, overlapMs === null ? null : now + overlapMs, now)),
        sealToken: (token) => secrets.sealToken(token),
      };
      return contentOf(change(draft));
    });
  }

  /**
   * Takes back an account that was made for a webhook that Dixa refuses.
   *
   * @returns false: another replica has set it up meanwhile, and it stays
   */
  async takeBack(credentialId: string): Promise<boolean> {
    const found = { isSetUp: false };
    await this.#book.write(credentialId, (known) => {
      if (known?.removedAt !== null) return undefined;
      found.isSetUp = parseSettings(known.settings).subscriptionId !== undefined;
      return found.isSetUp ? undefined : { settings: known.settings, secrets: "{}", isRemoved: true };
    });
    return !found.isSetUp;
  }

  /** Removes an account, with its secrets. */
  async retire(credentialId: string): Promise<void> {
    await this.#book.write(credentialId, (known) =>
      known === undefined ? undefined : { settings: known.settings, secrets: "{}", isRemoved: true },
    );
  }
}

function contentOf({ settings, sealed }: KeptAccount): AccountContent {
  return { settings: JSON.stringify(settings), secrets: JSON.stringify(sealed), isRemoved: false };
}
