import { randomUUID } from "node:crypto";

import { type Clock } from "../../http/clock.ts";
import { isLost } from "../coalescer/connection-state.ts";
import { credentialOf } from "../config/credential-index.ts";
import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { type StoredSettings } from "../config/stored-settings.ts";
import { type Connection, type Store } from "../store/store.ts";
import { type AccountBook } from "./account-book.ts";
import { checkedId, checkedSecret, checkedSettings, type SettingsInput } from "./account-input.ts";
import { AccountProblem, isAccountProblem } from "./account-problem.ts";
import { type AccountSettings, parseSettings } from "./account-record.ts";
import { parseSealed, type SealedSecrets, type WebhookSecret } from "./account-secrets.ts";
import { whyDeclaredOnly } from "./attention.ts";
import { type CurrentConfig } from "./current-config.ts";
import { type DixaAccount } from "./dixa-account.ts";
import { withSecret } from "./webhook-secrets.ts";

export interface AccountsOptions {
  book: AccountBook;
  current: CurrentConfig;
  store: Pick<Store, "apply" | "connections" | "ensureCredentials">;
  dixa: DixaAccount;
  clock: Clock;
}

export interface NewAccount extends SettingsInput {
  /** Default: a new one. */
  credentialId?: string | undefined;
  name: string;
  /** By hand: from the webhook's page in Dixa. May follow later. */
  webhookSecret?: string | undefined;
  /** An API token of Dixa, with which the relay makes the webhook and fetches its secret. */
  dixaToken?: string | undefined;
  /** Whether to keep the token, so that deliveries can be watched. Default false: it is forgotten. */
  keepToken?: boolean | undefined;
}

export interface AccountChanges extends SettingsInput {
  webhookSecret?: string | undefined;
  dixaToken?: string | undefined;
  /** True: keeps the token that is given; false: forgets the one that is kept. */
  keepToken?: boolean | undefined;
  /** How long the secret of before still counts, ms. Default: a day. */
  overlapMs?: number | undefined;
}

export interface Rotation {
  /** Default: the one that is kept. */
  dixaToken?: string | undefined;
  overlapMs?: number | undefined;
}

export interface AccountOutcome {
  readonly credential: CredentialConfig;
  /** False: it was there before. */
  readonly isNew: boolean;
  /** What the person should know, in sentences. */
  readonly notes: readonly string[];
}

export interface Removal {
  readonly credential: CredentialConfig;
  /** The connections that are synced by the relay no more. */
  readonly stopped: readonly Connection[];
  /** Webhooks taken away in Dixa; undefined: nobody asked for it. */
  readonly webhooksRemoved: number | undefined;
}

/** Within a day, whoever changes a secret at two places has done so. */
export const OVERLAP_MS = 86_400_000;

/**
 * Credentials that people make, change and remove while the relay runs. What the configuration declares can be read here,
 * and is changed there alone.
 *
 * All methods that change something throw AccountProblem, and StoreUnavailableError.
 */
export class Accounts {
  readonly #options: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#options = options;
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
    const { book, store } = this.#options;
    this.#needKey();
    const credentialId = request.credentialId === undefined ? randomUUID() : checkedId(request.credentialId);
    this.#refuseDeclared(credentialId);
    const settings = checkedSettings(request, undefined, this.#config);
    const secret = optionalSecret(request.webhookSecret, "webhook_secret");
    const token = optionalSecret(request.dixaToken, "dixa_token");
    if (token !== undefined) this.#needPublicUrl();
    const secrets = book.secretsOf(credentialId);
    const found = { isNew: true };
    await book.write(credentialId, (known) => {
      found.isNew = known?.removedAt !== null;
      if (!found.isNew) return undefined;
      const webhook = secret === undefined ? undefined : secrets.sealWebhook([{ secret, until: null }]);
      return contentOf(settings, { webhook });
    });
    const { isNew } = found;
    if (!isNew) await this.#goOn(credentialId, settings, secret);
    await store.ensureCredentials([credentialId]);
    if (token === undefined) return { credential: this.#stored(credentialId), isNew, notes: [] };
    try {
      const notes = await this.#setUp(credentialId, token, request.keepToken === true);
      return { credential: this.#stored(credentialId), isNew, notes };
    } catch (error) {
      throw await this.#notSetUp(error, credentialId, isNew);
    }
  }

  /** Renames it, changes its settings, or its secret: the one before still counts for a while. */
  async change(credentialId: string, changes: AccountChanges): Promise<AccountOutcome> {
    const { book, clock } = this.#options;
    await book.look();
    const before = this.#stored(credentialId);
    const secret = optionalSecret(changes.webhookSecret, "webhook_secret");
    const token = optionalSecret(changes.dixaToken, "dixa_token");
    if (secret !== undefined || token !== undefined) this.#needKey();
    if (token !== undefined) this.#needPublicUrl();
    if (changes.keepToken === true && token === undefined && before.stored?.keepsToken !== true) {
      throw new AccountProblem(
        "invalid",
        "keep_token is true, but no dixa_token is given, and none is kept.",
      );
    }
    const secrets = book.secretsOf(credentialId);
    await book.write(credentialId, (known) => {
      if (known?.removedAt !== null) return undefined;
      const settings = parseSettings(known.settings);
      const sealed = parseSealed(known.secrets);
      const now = clock.now();
      const until = now + (changes.overlapMs ?? OVERLAP_MS);
      const kept = opened(sealed, (text) => secrets.openWebhook(text));
      return contentOf(
        { ...settings, ...checkedSettings(changes, settings, this.#config) },
        {
          webhook:
            secret === undefined ? sealed.webhook : secrets.sealWebhook(withSecret(kept, secret, until, now)),
          token: changes.keepToken === false ? undefined : sealed.token,
        },
      );
    });
    const after = this.#stored(credentialId);
    const isListening = before.events.apiEvents.join() === after.events.apiEvents.join();
    const known = changes.keepToken === false ? undefined : after.dixaApiToken;
    const toTell = token ?? (isListening ? undefined : known);
    const notes: string[] = [];
    if (toTell !== undefined) {
      const keep = token === undefined ? undefined : changes.keepToken === true;
      notes.push(...(await this.#setUp(credentialId, toTell, keep, changes.overlapMs)));
    } else if (!isListening) {
      notes.push("Tick the same events on the webhook's page in Dixa: the relay has no token to do so.");
    }
    return { credential: this.#stored(credentialId), isNew: false, notes };
  }

  /** Has Dixa sign with a new secret: a new webhook takes the place of the old one, and nothing is missed between them. */
  async rotate(
    credentialId: string,
    { dixaToken, overlapMs = OVERLAP_MS }: Rotation,
  ): Promise<AccountOutcome> {
    const { book, clock, dixa } = this.#options;
    await book.look();
    const credential = this.#stored(credentialId);
    this.#needKey();
    this.#needPublicUrl();
    const token = optionalSecret(dixaToken, "dixa_token") ?? credential.dixaApiToken;
    if (token === undefined) throw new AccountProblem("invalid", NO_TOKEN);
    const secrets = book.secretsOf(credentialId);
    const put = async (secret: string, subscriptionId: string, endsOthers: boolean) => {
      await book.write(credentialId, (known) => {
        if (known?.removedAt !== null) return undefined;
        const sealed = parseSealed(known.secrets);
        const now = clock.now();
        const kept = opened(sealed, (text) => secrets.openWebhook(text));
        const webhook = withSecret(kept, secret, endsOthers ? now + overlapMs : null, now);
        const settings = endsOthers
          ? { ...parseSettings(known.settings), subscriptionId }
          : parseSettings(known.settings);
        return contentOf(settings, { ...sealed, webhook: secrets.sealWebhook(webhook) });
      });
    };
    let made: { subscriptionId: string; secret: string } | undefined;
    const notes = await dixa.exchange(this.#config, credential, token, async (fresh) => {
      made = fresh;
      await put(fresh.secret, fresh.subscriptionId, false);
    });
    // Only now does Dixa sign with it alone.
    if (made !== undefined) await put(made.secret, made.subscriptionId, true);
    return { credential: this.#stored(credentialId), isNew: false, notes };
  }

  /**
   * Removes an account. Its webhooks are refused from now on, and its connections no longer synced.
   *
   * @param options.takeWebhook whether to take its webhook away in Dixa, too, which comes first: if it fails, nothing has changed
   * @param options.dixaToken default: the one that is kept
   */
  async remove(
    credentialId: string,
    options: { takeWebhook: boolean; dixaToken?: string | undefined },
  ): Promise<Removal> {
    const { book, store, dixa } = this.#options;
    await book.look();
    const credential = this.#stored(credentialId);
    let webhooksRemoved: number | undefined;
    if (options.takeWebhook) {
      const token = optionalSecret(options.dixaToken, "dixa_token") ?? credential.dixaApiToken;
      if (token === undefined) throw new AccountProblem("invalid", NO_TOKEN);
      webhooksRemoved = await dixa.takeAway(this.#config, credential, token);
    }
    await this.#retire(credentialId);
    const stopped = (await store.connections(credentialId)).filter(({ state }) => !isLost(state));
    for (const { connectionId, state } of stopped) {
      const isHeld = state.phase.name === "PARKED" && state.phase.reason === "held";
      if (!isHeld) await store.apply(connectionId, { type: "lost", reason: "unmapped" });
    }
    return { credential, stopped, webhooksRemoved };
  }

  get #config(): RelayConfig {
    return this.#options.current.value;
  }

  /** A repeated request: the same again, or what was left to do. */
  async #goOn(credentialId: string, settings: StoredSettings, secret: string | undefined): Promise<void> {
    const { auth, stored } = this.#stored(credentialId);
    const isSame = JSON.stringify(chosen(stored?.settings)) === JSON.stringify(chosen(settings));
    const isOther = auth.mode === "signature" && secret !== undefined && !auth.secrets.includes(secret);
    if (!isSame || isOther) {
      throw new AccountProblem(
        "conflict",
        "There is an account with this credential_id, and it is not the same. Change it (PATCH), or leave credential_id out.",
      );
    }
    if (auth.mode === "waiting" && secret !== undefined) {
      await this.change(credentialId, { webhookSecret: secret });
    }
  }

  async #setUp(
    credentialId: string,
    token: string,
    keepToken: boolean | undefined,
    overlapMs = OVERLAP_MS,
  ): Promise<readonly string[]> {
    const { book, clock, dixa } = this.#options;
    const made = await dixa.setUp(this.#config, this.#stored(credentialId), token);
    const { secret, subscriptionId, notes } = made;
    const secrets = book.secretsOf(credentialId);
    await book.write(credentialId, (known) => {
      if (known?.removedAt !== null) return undefined;
      const sealed = parseSealed(known.secrets);
      const now = clock.now();
      const kept = opened(sealed, (text) => secrets.openWebhook(text));
      return contentOf(
        { ...parseSettings(known.settings), subscriptionId },
        {
          webhook:
            secret === undefined
              ? sealed.webhook
              : secrets.sealWebhook(withSecret(kept, secret, now + overlapMs, now)),
          token: keepToken === undefined ? sealed.token : keepToken ? secrets.sealToken(token) : undefined,
        },
      );
    });
    return notes;
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
    await this.#retire(credentialId);
    return new AccountProblem(error.kind, `${error.message} No account was made.`, { cause: error });
  }

  async #retire(credentialId: string): Promise<void> {
    await this.#options.book.write(credentialId, (known) =>
      known === undefined ? undefined : { settings: known.settings, secrets: "{}", isRemoved: true },
    );
  }

  /** @throws AccountProblem when there is none that can be changed here */
  #stored(credentialId: string): CredentialConfig {
    this.#refuseDeclared(credentialId);
    const credential = this.get(credentialId);
    if (credential === undefined) throw new AccountProblem("not_found", "There is no such credential.");
    return credential;
  }

  #refuseDeclared(credentialId: string): void {
    const credential = this.get(credentialId);
    if (credential === undefined || credential.stored !== undefined) return;
    throw new AccountProblem(
      "conflict",
      `${credential.name} is declared in the relay's configuration. Change it there; that needs no restart.`,
    );
  }

  #needKey(): void {
    const reason = this.whyNot;
    if (reason !== undefined) throw new AccountProblem("conflict", reason);
  }

  #needPublicUrl(): void {
    if (this.#config.publicUrl !== undefined) return;
    throw new AccountProblem(
      "conflict",
      "public_url is missing in the relay's configuration. It is the address at which Dixa reaches the relay, such as https://relay.example.com.",
    );
  }
}

const NO_TOKEN =
  "This needs an API token of Dixa, and none is kept for this account. Give one (dixa_token); it is forgotten afterwards.";

function optionalSecret(given: string | undefined, field: string): string | undefined {
  return given === undefined ? undefined : checkedSecret(given, field);
}

function contentOf(settings: AccountSettings, sealed: SealedSecrets) {
  return { settings: JSON.stringify(settings), secrets: JSON.stringify(sealed), isRemoved: false };
}

/** What can't be opened any more is given up when a new secret is entered. */
function opened(
  { webhook }: SealedSecrets,
  open: (text: string) => WebhookSecret[] | undefined,
): readonly WebhookSecret[] {
  return webhook === undefined ? [] : (open(webhook) ?? []);
}

function chosen(settings: StoredSettings | undefined): unknown[] {
  return [settings?.name, settings?.connections, settings?.events, settings?.timings];
}
