import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";

/** Why a signature does not hold. */
export type SignatureFault = "missing" | "malformed" | "future" | "expired" | "mismatch";

export type SignatureVerdict =
  | { valid: true; /** When Dixa signed, ms UTC. */ signedAt: number }
  | { valid: false; fault: SignatureFault };

export interface SignatureCheck {
  /** The `X-DIXA-SIGNATURE` header. */
  header: string | undefined;
  /** The body exactly as it arrived: one changed byte, even between two spellings of the same JSON, ends it. */
  body: Uint8Array;
  /** Every secret that counts; more than one while a secret is being exchanged. */
  secrets: readonly string[];
  /** ms UTC */
  now: number;
  /**
   * How old a signature may be, ms. Without it age does not count: Dixa does not say whether a redelivery is signed
   * anew, and a webhook that comes twice changes nothing.
   */
  maxAgeMs?: number | undefined;
}

/** How far the clocks of both sides may disagree, ms. */
const FUTURE_SKEW_MS = 300_000;

const HEX = /^(?:[0-9a-f]{2})+$/i;
/** Fifteen digits reach the year 33658, and stay exact as a number. */
const TIMESTAMP = /^\d{1,15}$/;
const SIGNATURE = /^[0-9a-f]{64}$/i;
/** Each one costs a comparison per secret; nobody sends more. */
const MOST_SIGNATURES = 5;

/**
 * Whether Dixa signed this body with one of the secrets.
 *
 * The header is `t=<ms>,v1=<hex>`; `v1` is the HMAC-SHA256 of `<t>.<body>` under the hex-decoded secret
 * (docs.dixa.io, "Webhooks security"). A secret that is not hexadecimal is taken by its characters.
 */
export function verifySignature(check: SignatureCheck): SignatureVerdict {
  if (check.header === undefined || check.header === "") return { valid: false, fault: "missing" };
  const parsed = parseHeader(check.header);
  if (parsed === undefined) return { valid: false, fault: "malformed" };
  if (!check.secrets.some((secret) => isSignedWith(secret, parsed, check.body)))
    return { valid: false, fault: "mismatch" };
  const signedAt = Number(parsed.timestamp);
  if (signedAt > check.now + FUTURE_SKEW_MS) return { valid: false, fault: "future" };
  if (check.maxAgeMs !== undefined && signedAt < check.now - check.maxAgeMs)
    return { valid: false, fault: "expired" };
  return { valid: true, signedAt };
}

/**
 * The header with which Dixa would send this body.
 *
 * @param signedAt ms UTC
 */
export function sign(secret: string, body: Uint8Array, signedAt: number): string {
  const timestamp = String(signedAt);
  return `t=${timestamp},v1=${digest(secret, timestamp, body).toString("hex")}`;
}

interface ParsedHeader {
  /** As it stands in the header, since it is part of what is signed. */
  timestamp: string;
  signatures: Buffer[];
}

function parseHeader(header: string): ParsedHeader | undefined {
  let timestamp: string | undefined;
  const signatures: Buffer[] = [];
  for (const part of header.split(",", MOST_SIGNATURES + 1)) {
    const [name, value = ""] = part.trim().split("=", 2);
    if (name === "t" && timestamp === undefined && TIMESTAMP.test(value)) timestamp = value;
    // Another scheme than v1 may stand beside it one day.
    else if (name === "v1" && SIGNATURE.test(value)) signatures.push(Buffer.from(value, "hex"));
    else if (name === "t" || name === "v1") return undefined;
  }
  return timestamp === undefined || signatures.length === 0 ? undefined : { timestamp, signatures };
}

function isSignedWith(secret: string, { timestamp, signatures }: ParsedHeader, body: Uint8Array): boolean {
  const expected = digest(secret, timestamp, body);
  return signatures.some((signature) => timingSafeEqual(signature, expected));
}

function digest(secret: string, timestamp: string, body: Uint8Array): Buffer {
  return createHmac("sha256", keyOf(secret)).update(`${timestamp}.`).update(body).digest();
}

/** A configuration has a few secrets; whoever has more only pays for making their keys again. */
const MOST_KEYS = 1000;
const keys = new Map<string, KeyObject>();

/** Made once per secret: to sign a webhook with bytes takes Node five times as long as with a finished key. */
function keyOf(secret: string): KeyObject {
  const known = keys.get(secret);
  if (known !== undefined) return known;
  const key = createSecretKey(HEX.test(secret) ? Buffer.from(secret, "hex") : Buffer.from(secret));
  if (keys.size >= MOST_KEYS) keys.clear();
  keys.set(secret, key);
  return key;
}
