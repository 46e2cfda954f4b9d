import { type Clock } from "../../http/clock.ts";
import { type RelayConfig } from "../config/relay-config.ts";
import { type Store } from "../store/store.ts";
import { AccountBook } from "./account-book.ts";
import { Accounts } from "./accounts.ts";
import { type CurrentConfig } from "./current-config.ts";
import { DixaAccount, type OpenDixa } from "./dixa-account.ts";

export interface OpenAccountsOptions {
  current: CurrentConfig;
  store: Pick<
    Store,
    "accounts" | "accountsVersion" | "apply" | "connections" | "ensureCredentials" | "writeAccount"
  >;
  clock: Clock;
  /** Learns each secret before anything else does. */
  hide: (secrets: readonly string[]) => void;
  openDixa?: OpenDixa | undefined;
}

export interface OpenedAccounts {
  readonly accounts: Accounts;
  /** Takes a changed configuration. */
  readonly declare: (config: RelayConfig) => void;
  /** Seals under the key of now what an old one has sealed. @returns how many accounts */
  readonly renew: () => Promise<number>;
}

/** The accounts of a store. Nothing is read before {@link Accounts.look}. */
export function openAccounts({ current, store, clock, hide, openDixa }: OpenAccountsOptions): OpenedAccounts {
  const book = new AccountBook({ store, current, hide });
  const dixa = new DixaAccount(clock, openDixa);
  return {
    accounts: new Accounts({ book, current, store, dixa, clock }),
    declare: (config) => {
      book.declare(config);
    },
    renew: () => book.renew(),
  };
}
