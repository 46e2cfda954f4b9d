import { type CredentialConfig, type RelayConfig } from "./relay-config.ts";

/** By the list, which is a new one whenever a credential has changed. */
const INDEXES = new WeakMap<readonly CredentialConfig[], ReadonlyMap<string, CredentialConfig>>();

/** The credential of this id, whatever the number of credentials. */
export function credentialOf(
  { credentials }: Pick<RelayConfig, "credentials">,
  id: string,
): CredentialConfig | undefined {
  let index = INDEXES.get(credentials);
  if (index === undefined) {
    index = new Map(credentials.map((credential) => [credential.id, credential]));
    INDEXES.set(credentials, index);
  }
  return index.get(id);
}
