import { type WebhookSecret } from "./account-secrets.ts";

/** More than two only count while several webhooks are exchanged at once. */
const MOST_SECRETS = 5;

/**
 * Puts a secret before those that were there.
 *
 * @param until when the others end, ms UTC; null: they stay
 */
export function withSecret(
  known: readonly WebhookSecret[],
  secret: string,
  until: number | null,
  now: number,
): WebhookSecret[] {
  const others = known
    .filter((each) => each.secret !== secret && (each.until === null || each.until > now))
    .map((each) => ({ ...each, until: until === null ? each.until : Math.min(each.until ?? until, until) }));
  return [{ secret, until: null }, ...others].slice(0, MOST_SECRETS);
}
