import { verifySignature } from "../../dixa/webhooks/signature.ts";
import { type WebhookAuth } from "../config/auth.ts";
import { basicCredentials, bearerToken, isSameSecret } from "./token.ts";

export interface WebhookHeaders {
  readonly authorization?: string | undefined;
  readonly "x-dixa-signature"?: string | string[] | undefined;
}

/** Whether the headers alone rule a webhook out, so that its body need not be read. */
export function isRefusedByHeaders(auth: WebhookAuth, headers: WebhookHeaders): boolean {
  switch (auth.mode) {
    case "signature":
      return signatureOf(headers) === undefined;
    case "basic": {
      const given = basicCredentials(headers.authorization);
      // Both are compared whatever the first comparison says.
      const isUser = isSameSecret(given?.username ?? "", auth.username);
      const isPassword = isSameSecret(given?.password ?? "", auth.password);
      return given === undefined || !isUser || !isPassword;
    }
    case "bearer": {
      const given = bearerToken(headers.authorization);
      return given === undefined || !isSameSecret(given, auth.token);
    }
    case "none":
    case "waiting":
      return false;
  }
}

/**
 * Whether a webhook whose headers have been let pass is refused now that its body is here.
 *
 * @param now ms UTC
 * @returns the reason in a word; undefined: it is genuine
 */
export function refusalOf(
  auth: WebhookAuth,
  headers: WebhookHeaders,
  body: Uint8Array,
  now: number,
): string | undefined {
  if (auth.mode !== "signature") return undefined;
  const { maxAgeMs, expiring = [] } = auth;
  const secrets = [
    ...auth.secrets,
    ...expiring.filter(({ until }) => until > now).map(({ secret }) => secret),
  ];
  const verdict = verifySignature({ header: signatureOf(headers), body, secrets, now, maxAgeMs });
  return verdict.valid ? undefined : verdict.fault;
}

function signatureOf(headers: WebhookHeaders): string | undefined {
  const header = headers["x-dixa-signature"];
  return typeof header === "string" ? header : undefined;
}
