import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const FORM = "v1";
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 8;

/**
 * Encrypts what the store keeps of secrets (AES-256-GCM). A sealed text names its key, so a key that was changed is told
 * from a text that was, and belongs to one place: moved to another row or field, it doesn't open.
 */
export class SecretBox {
  readonly #current: string | undefined;
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  /**
   * @param key of 32 bytes; undefined: nothing can be sealed
   * @param oldKeys open what was sealed before
   */
  constructor(key: Uint8Array | undefined, oldKeys: readonly Uint8Array[] = []) {
    this.#keys = new Map(
      [...oldKeys, ...(key === undefined ? [] : [key])].map((each) => [keyId(each), each]),
    );
    this.#current = key === undefined ? undefined : keyId(key);
  }

  get canSeal(): boolean {
    return this.#current !== undefined;
  }

  /** @param place where the text is kept, never the same for two */
  seal(text: string, place: string): string {
    const id = this.#current ?? "";
    const key = this.#keys.get(id);
    if (key === undefined) throw new Error("there is no secret_key to encrypt with");
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return [FORM, id, iv.toString("base64url"), body.toString("base64url")].join(".");
  }

  /** The text; undefined: none of the keys opens it, or it isn't what was sealed for this place. */
  open(sealed: string, place: string): string | undefined {
    const [form, id = "", iv = "", encoded = ""] = sealed.split(".");
    const key = this.#keys.get(id);
    const body = Buffer.from(encoded, "base64url");
    if (form !== FORM || key === undefined || body.length < TAG_BYTES) return undefined;
    try {
      const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, "base64url"), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(body.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]).toString(
        "utf8",
      );
    } catch {
      return undefined;
    }
  }

  /** Whether the current key has sealed it. */
  isCurrent(sealed: string): boolean {
    return this.#current !== undefined && sealed.split(".")[1] === this.#current;
  }
}

/** Tells keys apart, and nothing else about them. */
function keyId(key: Uint8Array): string {
  return createHmac("sha256", key)
    .update("dixa-relay key id")
    .digest()
    .subarray(0, KEY_ID_BYTES)
    .toString("base64url");
}
