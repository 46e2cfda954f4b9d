import { credentialOf } from "../config/credential-index.ts";
import { type CredentialConfig, type RelayConfig } from "../config/relay-config.ts";
import { type StoredSettings } from "../config/stored-settings.ts";
import { webhookUrl } from "../config/webhook-url.ts";
import { optionalSecret } from "./account-input.ts";
import { AccountProblem } from "./account-problem.ts";
import { whyDeclaredOnly } from "./attention.ts";

/** A credential that can be changed here. @throws AccountProblem when there is none */
export function storedCredential(config: RelayConfig, credentialId: string): CredentialConfig {
  refuseDeclared(config, credentialId);
  const credential = credentialOf(config, credentialId);
  if (credential === undefined) throw new AccountProblem("not_found", "There is no such credential.");
  return credential;
}

/** @throws AccountProblem when the configuration declares it */
export function refuseDeclared(config: RelayConfig, credentialId: string): void {
  const credential = credentialOf(config, credentialId);
  if (credential === undefined || credential.stored !== undefined) return;
  throw new AccountProblem(
    "conflict",
    `${credential.name} is declared in the relay's configuration. Change it there; that needs no restart.`,
  );
}

/** @throws AccountProblem when there is no key to seal secrets with */
export function needKey(config: RelayConfig): void {
  const reason = whyDeclaredOnly(config);
  if (reason !== undefined) throw new AccountProblem("conflict", reason);
}

/** The address at which Dixa reaches the relay. @throws AccountProblem when the configuration has none */
export function neededAddress({ publicUrl }: RelayConfig, credentialId: string): string {
  const address = webhookUrl(publicUrl, credentialId);
  if (address !== null) return address;
  throw new AccountProblem(
    "conflict",
    "public_url is missing in the relay's configuration. It is the address at which Dixa reaches the relay, such as https://relay.example.com.",
  );
}

/** The API token of Dixa that is given, or else the one that is kept. @throws AccountProblem when there is neither */
export function neededToken(given: string | undefined, { dixaApiToken }: CredentialConfig): string {
  const token = optionalSecret(given, "dixa_token") ?? dixaApiToken;
  if (token !== undefined) return token;
  throw new AccountProblem(
    "conflict",
    "This needs an API token of Dixa, and none is kept for this account. Give one (dixa_token); it is forgotten afterwards.",
  );
}

/** @throws AccountProblem when the relay is to switch webhooks on in Dixa without a token that it keeps */
export function needKeptToken(wanted: boolean | undefined, keepsToken: boolean): void {
  if (wanted !== true || keepsToken) return;
  throw new AccountProblem(
    "conflict",
    "dixa_switch_on is true, but the relay keeps no API token of Dixa for this account. Give one (dixa_token), and have it kept (keep_token).",
  );
}

/** @throws AccountProblem when an account that was there before is not the one that is asked for */
export function refuseOther(
  { auth, stored }: CredentialConfig,
  settings: StoredSettings,
  secret: string | undefined,
): void {
  const isSame = JSON.stringify(chosen(stored?.settings)) === JSON.stringify(chosen(settings));
  const isOther = auth.mode === "signature" && secret !== undefined && !auth.secrets.includes(secret);
  if (isSame && !isOther) return;
  throw new AccountProblem(
    "conflict",
    "There is an account with this credential_id, and it is not the same. Change it (PATCH), or leave credential_id out.",
  );
}

function chosen(settings: StoredSettings | undefined): unknown[] {
  return [
    settings?.name,
    settings?.connections,
    settings?.events,
    settings?.timings,
    settings?.max_staleness,
    settings?.dixa_switch_on === true,
  ];
}
