import { type CurrentConfig } from "../accounts/current-config.ts";
import { type OpenedAccounts } from "../accounts/open-accounts.ts";
import { type Store } from "../store/store.ts";
import { type Logger } from "../telemetry/log.ts";
import { AccountNotices } from "./account-notices.ts";
import { mappingRequest } from "./mapping-request.ts";

export interface AccountWatchOptions {
  accounts: OpenedAccounts;
  current: CurrentConfig;
  store: Pick<Store, "ensureCredentials">;
  logger: Logger;
  /** The connections that are wanted have changed. */
  remap: () => void;
}

/** Follows the accounts that the store holds, whichever replica changes them. */
export class AccountWatch {
  readonly #options: AccountWatchOptions;

  constructor(options: AccountWatchOptions) {
    const { current, logger, remap } = options;
    this.#options = options;
    const notices = new AccountNotices(logger);
    let mapped = JSON.stringify(mappingRequest(current).credentials);
    current.onChange(() => {
      notices.tell(current);
      const now = JSON.stringify(mappingRequest(current).credentials);
      if (now !== mapped) remap();
      mapped = now;
    });
  }

  /**
   * Reads all, and encrypts under a new secret_key what an old one opens. To be called before the first webhook: those of
   * accounts that the store holds must not be taken for nobody's. And whenever the configuration has changed.
   */
  async read(): Promise<void> {
    const { accounts, logger } = this.#options;
    await accounts.accounts.look();
    const renewed = await accounts.renew();
    if (renewed > 0) logger.info({ accounts: renewed }, "secrets are encrypted under the new secret_key");
    await this.#ensureCredentials();
  }

  /** Learns what other replicas have changed. */
  async look(): Promise<void> {
    if (await this.#options.accounts.accounts.look()) await this.#ensureCredentials();
  }

  /** Makes the store know all credentials. New timings count from now on. */
  async #ensureCredentials(): Promise<void> {
    const { current, store } = this.#options;
    await store.ensureCredentials(current.value.credentials.map(({ id }) => id));
  }
}
