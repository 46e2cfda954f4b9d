import { type HostName } from "./host-name.ts";

export const DEFAULT_TOKEN = "sim-token-0123456789";
/** A token of the retired Integrations API: opens the exports, not the Dixa API. */
export const LEGACY_TOKEN = "legacy-token-0123456789";
/** A token that is known and may read nothing. */
export const POWERLESS_TOKEN = "powerless-token-0123456789";

/**
 * The forms of the Authorization header that a host takes. The Exports API's reference shows `Bearer`, Dixa's older
 * help article Basic with the user "bearer"; the Dixa API's own clients send the bare token, its guide says `Bearer`.
 */
function forms(host: HostName, token: string): readonly string[] {
  return host === "exports"
    ? [`Bearer ${token}`, `Basic ${Buffer.from(`bearer:${token}`).toString("base64")}`]
    : [token, `Bearer ${token}`];
}

/** The token behind an Authorization header, or the status that refuses it. */
export function authorize(
  host: HostName,
  header: string | undefined,
  token: string,
): { token: string } | { refusal: 401 | 403 } {
  const opens = (candidate: string) => forms(host, candidate).includes(header ?? "");
  if (opens(POWERLESS_TOKEN)) return { refusal: 403 };
  if (opens(token)) return { token };
  return host === "exports" && opens(LEGACY_TOKEN) ? { token: LEGACY_TOKEN } : { refusal: 401 };
}
