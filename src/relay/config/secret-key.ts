import { z } from "zod";

const KEY_BYTES = 32;
const HEX = /^[0-9a-fA-F]{64}$/;
/** Both alphabets, with or without the sign at the end. */
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

const WANTED =
  `must be ${KEY_BYTES} random bytes, as 64 hexadecimal digits or as base64: make one with \`openssl rand -hex 32\`. ` +
  "A password is no key";

/** The key of AES-256 under which the store keeps secrets. Nothing is derived, so a weak password can't be one. */
export const secretKey = z
  .string({ error: WANTED })
  .trim()
  .transform((text, context): Buffer => {
    const bytes = HEX.test(text)
      ? Buffer.from(text, "hex")
      : BASE64.test(text)
        ? Buffer.from(text, "base64")
        : undefined;
    if (bytes?.length === KEY_BYTES) return bytes;
    context.issues.push({ code: "custom", message: WANTED, input: text });
    return z.NEVER;
  });
