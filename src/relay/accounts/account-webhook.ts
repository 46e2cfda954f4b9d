import { type CredentialConfig } from "../config/relay-config.ts";
import { type AccountWriter } from "./account-writer.ts";
import { type CurrentConfig } from "./current-config.ts";
import { type DixaAccount } from "./dixa-account.ts";

export interface AccountWebhookOptions {
  current: CurrentConfig;
  dixa: DixaAccount;
  writer: AccountWriter;
}

/** Sets up the webhooks of accounts in Dixa, and keeps what Dixa signs them with. */
export class AccountWebhook {
  readonly #options: AccountWebhookOptions;

  constructor(options: AccountWebhookOptions) {
    this.#options = options;
  }

  /**
   * @param keepToken undefined: what is kept stays
   * @param overlapMs how long the secret of before still counts
   * @returns what the person should know, in sentences
   * @throws AccountProblem, StoreUnavailableError
   */
  async setUp(
    credential: CredentialConfig,
    token: string,
    keepToken: boolean | undefined,
    overlapMs: number,
  ): Promise<readonly string[]> {
    const { current, dixa, writer } = this.#options;
    const { secret, subscriptionId, notes } = await dixa.setUp(current.value, credential, token);
    await writer.change(credential.id, ({ settings, sealed, sealWebhookWith, sealToken }) => ({
      settings: { ...settings, subscriptionId },
      sealed: {
        webhook: secret === undefined ? sealed.webhook : sealWebhookWith(secret, overlapMs),
        token: keepToken === undefined ? sealed.token : keepToken ? sealToken(token) : undefined,
      },
    }));
    return notes;
  }

  /**
   * Has a new webhook take the place of the old one, with a new secret.
   *
   * @param overlapMs how long the secret of before still counts
   * @returns what the person should know, in sentences
   * @throws AccountProblem, StoreUnavailableError
   */
  async exchange(credential: CredentialConfig, token: string, overlapMs: number): Promise<readonly string[]> {
    const { current, dixa, writer } = this.#options;
    const put = (secret: string, subscriptionId: string, endsOthers: boolean) =>
      writer.change(credential.id, ({ settings, sealed, sealWebhookWith }) => ({
        settings: endsOthers ? { ...settings, subscriptionId } : settings,
        sealed: { ...sealed, webhook: sealWebhookWith(secret, endsOthers ? overlapMs : null) },
      }));
    let made: { subscriptionId: string; secret: string } | undefined;
    const notes = await dixa.exchange(current.value, credential, token, async (fresh) => {
      made = fresh;
      await put(fresh.secret, fresh.subscriptionId, false);
    });
    // Only now does Dixa sign with it alone.
    if (made !== undefined) await put(made.secret, made.subscriptionId, true);
    return notes;
  }
}
