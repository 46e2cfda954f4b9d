import { createHmac } from "node:crypto";

import { type PersonalKind } from "../../dixa/personal.ts";

/** 32 hex digits are 128 bits: no two values of any account meet. */
const DIGITS = 32;
/** Names and addresses of agents come again and again; so many pseudonyms are remembered before all are forgotten. */
const REMEMBERED = 10_000;
const ADDRESS = /<([^<>]+@[^<>]+)>\s*$/;
const PHONE_NUMBER = /^[+()\d\s./-]*\d[+()\d\s./-]*$/;

/**
 * Makes the same pseudonym of the same value in every stream and sync, for as long as the secret is the same: the first
 * 32 hex digits of HMAC-SHA-256 over `<kind>:<normalised value>`.
 */
export class Pseudonyms {
  readonly #secret: string | undefined;
  readonly #remembered = new Map<readonly PersonalKind[], Map<string, Buffer>>();
  #count = 0;

  /** @param secret undefined where nothing is pseudonymized */
  constructor(secret: string | undefined) {
    this.#secret = secret;
  }

  /**
   * @param kinds of the field; if they are several, the value's own looks tell which it is
   * @param json the value, a text or a number, as JSON
   * @returns the pseudonym as JSON; undefined for a blank text, which tells nothing about anybody
   */
  of(kinds: readonly PersonalKind[], json: string): Buffer | undefined {
    const known = this.#remembered.get(kinds)?.get(json);
    if (known !== undefined) return known;
    const value = String(JSON.parse(json)).trim();
    if (value === "") return undefined;
    if (this.#secret === undefined) throw new Error("pseudonyms need a secret");
    const kind = kindOf(kinds, value);
    const digest = createHmac("sha256", this.#secret)
      .update(`${kind}:${normalized(kind, value)}`)
      .digest("hex");
    return this.#remember(kinds, json, Buffer.from(`"${digest.slice(0, DIGITS)}"`));
  }

  #remember(kinds: readonly PersonalKind[], json: string, pseudonym: Buffer): Buffer {
    if (this.#count++ === REMEMBERED) {
      this.#remembered.clear();
      this.#count = 1;
    }
    let ofKinds = this.#remembered.get(kinds);
    if (ofKinds === undefined) this.#remembered.set(kinds, (ofKinds = new Map<string, Buffer>()));
    ofKinds.set(json, pseudonym);
    return pseudonym;
  }
}

function kindOf(kinds: readonly PersonalKind[], value: string): PersonalKind {
  if (kinds.includes("email_addresses") && value.includes("@")) return "email_addresses";
  if (kinds.includes("phone_numbers") && PHONE_NUMBER.test(value)) return "phone_numbers";
  return kinds.includes("names") ? "names" : (kinds[0] ?? "names");
}

/** The forms in which one person's name, address or number is written become one, so that joins still work. */
function normalized(kind: PersonalKind, value: string): string {
  switch (kind) {
    case "email_addresses":
      return (ADDRESS.exec(value)?.[1] ?? value).trim().toLowerCase();
    case "phone_numbers":
      // What only sometimes is a number, such as the target of a transfer, keeps its letters.
      return PHONE_NUMBER.test(value) ? value.replace(/\D/g, "") : value;
    default:
      return value;
  }
}
