/** Where Dixa sends the webhooks of a credential; null: the configuration doesn't say how the relay is reached. */
export function webhookUrl(publicUrl: string | undefined, credentialId: string): string | null {
  return publicUrl === undefined ? null : `${publicUrl}/webhooks/dixa/${credentialId}`;
}
