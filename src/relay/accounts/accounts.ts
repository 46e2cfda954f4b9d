import { randomUUID } from "node:crypto";

import { type Clock } from "../../http/clock.ts";
import { isLost } from "../coalescer/connection-state.ts";
import { credentialOf } from "../config/credential-index.ts";
import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { type StoredSettings } from "../config/stored-settings.ts";
import { type Store } from "../store/store.ts";
import { type AccountBook } from "./account-book.ts";
import { changeAccount } from "./account-change.ts";
import {
  neededAddress,
  neededToken,
  needKeptToken,
  needKey,
  refuseDeclared,
  refuseOther,
  storedCredential,
} from "./account-guards.ts";
import { checkedId, checkedSettings, optionalSecret } from "./account-input.ts";
import { AccountProblem, isAccountProblem } from "./account-problem.ts";
import { AccountQueue } from "./account-queue.ts";
import {
  type AccountChanges,
  type AccountOutcome,
  type NewAccount,
  OVERLAP_MS,
  type Removal,
  type Rotation,
} from "./account-requests.ts";
import { AccountWebhook } from "./account-webhook.ts";
import { AccountWriter } from "./account-writer.ts";
import { whyDeclaredOnly } from "./attention.ts";
import { type CurrentConfig } from "./current-config.ts";
import { type DixaAccount } from "./dixa-account.ts";

export interface AccountsOptions {
  book: AccountBook;
  current: CurrentConfig;
  store: Pick<Store, "apply" | "connections" | "ensureCredentials">;
  dixa: DixaAccount;
  clock: Clock;
}

/**
 * Credentials that people make, change and remove while the relay runs. What the configuration declares can be read here,
 * and is changed there alone.
 *
 * All methods that change something throw AccountProblem, and StoreUnavailableError.
 */
export class Accounts {
  readonly #options: AccountsOptions;
  readonly #queue = new AccountQueue();
  readonly #writer: AccountWriter;
  readonly #webhook: AccountWebhook;

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.#writer = new AccountWriter(options.book, options.clock);
    this.#webhook = new AccountWebhook({ ...options, writer: this.#writer });
  }

  /** Why none can be made; undefined: they can. */
  get whyNot(): string | undefined {
    return whyDeclaredOnly(this.#config);
  }

  /** All credentials, declared and stored. */
  list(): readonly CredentialConfig[] {
    return this.#config.credentials;
  }

  get(credentialId: string): CredentialConfig | undefined {
    return credentialOf(this.#config, credentialId);
  }

  /** Learns what other replicas have changed. @returns whether there was anything */
  look(): Promise<boolean> {
    return this.#options.book.look();
  }

  /**
   * Makes an account, and with a Dixa token its webhook. Asked for a second time with the same id and settings, it goes on
   * where the first time ended.
   */
  async create(request: NewAccount): Promise<AccountOutcome> {
    needKey(this.#config);
    const credentialId = request.credentialId === undefined ? randomUUID() : checkedId(request.credentialId);
    return this.#queue.run(credentialId, () => this.#create(credentialId, request));
  }

  /** Renames it, changes its settings, or its secret: the one before still counts for a while. */
  change(credentialId: string, changes: AccountChanges): Promise<AccountOutcome> {
    return this.#queue.run(credentialId, () => this.#change(credentialId, changes));
  }

  /** Has Dixa sign with a new secret: a new webhook takes the place of the old one, and nothing is missed between them. */
  rotate(credentialId: string, rotation: Rotation): Promise<AccountOutcome> {
    return this.#queue.run(credentialId, () => this.#rotate(credentialId, rotation));
  }

  /**
   * Removes an account. Its webhooks are refused from now on, and its connections no longer synced.
   *
   * @param options.takeWebhook whether to take its webhook away in Dixa, too, which comes first: if it fails, nothing has changed
   * @param options.dixaToken default: the one that is kept
   */
  remove(
    credentialId: string,
    options: { takeWebhook: boolean; dixaToken?: string | undefined },
  ): Promise<Removal> {
    return this.#queue.run(credentialId, () => this.#remove(credentialId, options));
  }

  get #config(): RelayConfig {
    return this.#options.current.value;
  }

  async #create(credentialId: string, request: NewAccount): Promise<AccountOutcome> {
    refuseDeclared(this.#config, credentialId);
    const settings = checkedSettings(request, undefined, this.#config);
    const secret = optionalSecret(request.webhookSecret, "webhook_secret");
    const token = optionalSecret(request.dixaToken, "dixa_token");
    if (token !== undefined) neededAddress(this.#config, credentialId);
    needKeptToken(request.dixa_switch_on, token !== undefined && request.keepToken === true);
    const isNew = await this.#writer.create(credentialId, settings, secret);
    if (!isNew) await this.#goOn(credentialId, settings, secret);
    await this.#options.store.ensureCredentials([credentialId]);
    if (token === undefined) return { credential: this.#stored(credentialId), isNew, notes: [] };
    try {
      const notes = await this.#webhook.setUp(
        this.#stored(credentialId),
        token,
        request.keepToken === true,
        OVERLAP_MS,
      );
      return { credential: this.#stored(credentialId), isNew, notes };
    } catch (error) {
      throw await this.#notSetUp(error, credentialId, isNew);
    }
  }

  async #change(credentialId: string, changes: AccountChanges): Promise<AccountOutcome> {
    await this.look();
    const parts = { config: this.#config, writer: this.#writer, webhook: this.#webhook };
    const notes = await changeAccount(parts, this.#stored(credentialId), changes);
    return { credential: this.#stored(credentialId), isNew: false, notes };
  }

  async #rotate(
    credentialId: string,
    { dixaToken, overlapMs = OVERLAP_MS }: Rotation,
  ): Promise<AccountOutcome> {
    await this.look();
    const credential = this.#stored(credentialId);
    needKey(this.#config);
    neededAddress(this.#config, credentialId);
    const token = neededToken(dixaToken, credential);
    const notes = await this.#webhook.exchange(credential, token, overlapMs);
    return { credential: this.#stored(credentialId), isNew: false, notes };
  }

  async #remove(
    credentialId: string,
    options: { takeWebhook: boolean; dixaToken?: string | undefined },
  ): Promise<Removal> {
    const { store, dixa } = this.#options;
    await this.look();
    const credential = this.#stored(credentialId);
    let webhooksRemoved: number | undefined;
    if (options.takeWebhook) {
      const token = neededToken(options.dixaToken, credential);
      webhooksRemoved = await dixa.takeAway(this.#config, credential, token);
    }
    await this.#writer.retire(credentialId);
    const stopped = (await store.connections(credentialId)).filter(({ state }) => !isLost(state));
    for (const { connectionId, state } of stopped) {
      const isHeld = state.phase.name === "PARKED" && state.phase.reason === "held";
      if (!isHeld) await store.apply(connectionId, { type: "lost", reason: "unmapped" });
    }
    return { credential, stopped, webhooksRemoved };
  }

  /** A repeated request: the same again, or what was left to do. */
  async #goOn(credentialId: string, settings: StoredSettings, secret: string | undefined): Promise<void> {
    const credential = this.#stored(credentialId);
    refuseOther(credential, settings, secret);
    if (credential.auth.mode === "waiting" && secret !== undefined) {
      await this.#change(credentialId, { webhookSecret: secret });
    }
  }

  /** What to tell of a set-up in Dixa that failed. What was made for it is taken back, if Dixa surely did nothing. */
  async #notSetUp(error: unknown, credentialId: string, isNew: boolean): Promise<unknown> {
    if (!isAccountProblem(error) || !isNew) return error;
    if (error.kind === "unanswered") {
      return new AccountProblem(
        "unanswered",
        `${error.message} The account ${credentialId} is made, but it isn't known whether its webhook is. Ask for the same again with this credential_id.`,
        { cause: error },
      );
    }
    const isTakenBack = await this.#writer.takeBack(credentialId);
    const outcome = isTakenBack
      ? "No account was made."
      : `Another replica has set up the account ${credentialId} meanwhile.`;
    return new AccountProblem(error.kind, `${error.message} ${outcome}`, { cause: error });
  }

  #stored(credentialId: string): CredentialConfig {
    return storedCredential(this.#config, credentialId);
  }
}
