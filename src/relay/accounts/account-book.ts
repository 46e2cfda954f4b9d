import { EventFilter } from "../../dixa/webhooks/events.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { type AccountContent, type AccountRecord } from "../store/account.ts";
import { type Store } from "../store/store.ts";
import { openAccount, type OpenedAccount } from "./account-record.ts";
import { AccountSecrets } from "./account-secrets.ts";
import { type CurrentConfig } from "./current-config.ts";
import { SecretBox } from "./secret-box.ts";

export interface AccountBookOptions {
  store: Pick<Store, "accounts" | "accountsVersion" | "writeAccount">;
  current: CurrentConfig;
  /** Learns each secret before anything else does. */
  hide: (secrets: readonly string[]) => void;
}

/** The accounts that the store holds, as this replica has read them last, opened with the keys of the configuration. */
export class AccountBook {
  readonly #options: AccountBookOptions;
  #box: SecretBox;
  #records: readonly AccountRecord[] = [];
  #version = -1;
  #looking: Promise<boolean> | undefined;

  constructor(options: AccountBookOptions) {
    this.#options = options;
    this.#box = boxOf(options.current.declared);
  }

  /** Whether there is a key, without which no secret is written. */
  get canSeal(): boolean {
    return this.#box.canSeal;
  }

  secretsOf(credentialId: string): AccountSecrets {
    return new AccountSecrets(this.#box, credentialId);
  }

  /** What is kept of an account; undefined: there is none, or it is removed. */
  record(credentialId: string): AccountRecord | undefined {
    return this.#records.find((record) => record.credentialId === credentialId && record.removedAt === null);
  }

  /** Reads the accounts anew if any has changed. One statement if not. @returns whether they have */
  look(): Promise<boolean> {
    return (this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    }));
  }

  /** Changes an account, for all replicas. See {@link Store.writeAccount}. */
  async write(
    credentialId: string,
    change: (known: AccountRecord | undefined) => AccountContent | undefined,
  ): Promise<AccountRecord | undefined> {
    const record = await this.#options.store.writeAccount(credentialId, change);
    await this.#read();
    return record;
  }

  /** Takes a new configuration, with its keys. */
  declare(config: RelayConfig): void {
    this.#box = boxOf(config);
    this.#options.current.declare(config, ...this.#opened(config));
  }

  /** Seals anew what an old key has sealed, so that the old key is needed no more. @returns how many accounts */
  async renew(): Promise<number> {
    let count = 0;
    for (const { credentialId, removedAt } of this.#records) {
      if (removedAt !== null) continue;
      const secrets = this.secretsOf(credentialId);
      const isStale = (record: AccountRecord) => secrets.renewed(record.secrets) !== undefined;
      const known = this.record(credentialId);
      if (known === undefined || !isStale(known)) continue;
      await this.#options.store.writeAccount(credentialId, (record) => {
        const renewed = record === undefined ? undefined : secrets.renewed(record.secrets);
        if (record?.removedAt !== null || renewed === undefined) return undefined;
        return { settings: record.settings, secrets: renewed, isRemoved: false };
      });
      count++;
    }
    if (count > 0) await this.#read();
    return count;
  }

  async #look(): Promise<boolean> {
    if ((await this.#options.store.accountsVersion()) === this.#version) return false;
    await this.#read();
    return true;
  }

  async #read(): Promise<void> {
    const { version, accounts } = await this.#options.store.accounts();
    // What was asked for earlier may be answered later.
    if (version < this.#version) return;
    this.#version = version;
    this.#records = accounts;
    const { current } = this.#options;
    current.store(...this.#opened(current.declared));
  }

  #opened(config: RelayConfig): [stored: OpenedAccount[], removed: string[]] {
    const live = this.#records.filter(({ removedAt }) => removedAt === null);
    const opened = live.map((record) => this.#open(record, config));
    this.#options.hide(opened.flatMap(({ secrets }) => secrets));
    const removed = this.#records.filter(({ removedAt }) => removedAt !== null);
    return [opened, removed.map(({ credentialId }) => credentialId)];
  }

  #open(record: AccountRecord, { dixaApiUrl }: RelayConfig): OpenedAccount {
    const { credentialId: id, createdAt } = record;
    try {
      return openAccount(record, this.secretsOf(id), dixaApiUrl);
    } catch {
      // Written by a later version, or by a hand. Its webhooks must not be taken for those of nobody.
      const settings = { name: id, connections: "auto", events: ["all"], timings: {} };
      return {
        credential: {
          id,
          name: id,
          auth: { mode: "waiting", why: "sealed" },
          connections: { by: "credential_id" },
          events: new EventFilter(settings.events),
          dixaApiToken: undefined,
          dixaApiUrl,
          secretsFile: undefined,
          stored: { settings, createdAt, subscriptionId: undefined, keepsToken: false, isTokenSealed: false },
        },
        timings: { id, timings: {}, connectionTimings: {} },
        secrets: [],
      };
    }
  }
}

function boxOf({ secretKey, oldSecretKeys }: RelayConfig): SecretBox {
  return new SecretBox(secretKey, oldSecretKeys);
}
