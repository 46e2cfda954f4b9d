import { createHmac, randomBytes } from "node:crypto";

/** Issues access tokens that end, and knows its own. */
export class Tokens {
  readonly #key = randomBytes(32);
  readonly #ttlMs: number;
  readonly #now: () => number;
  #revokedBefore = 0;
  #count = 0;

  constructor(ttlMs: number, now: () => number) {
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  /** @returns a JWT as Airbyte makes them: `iat` and `exp` in whole seconds */
  issue(): string {
    const seconds = this.#now() / 1000;
    const claims = {
      iss: "airbyte-simulator",
      sub: "application",
      jti: ++this.#count,
      iat: Math.floor(seconds),
      exp: Math.floor(seconds + this.#ttlMs / 1000),
      ms: this.#now(),
    };
    const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return `${text}.${this.#sign(text)}`;
  }

  isValid(token: string): boolean {
    const [head, payload, signature] = token.split(".");
    if (head === undefined || payload === undefined) return false;
    if (signature !== this.#sign(`${head}.${payload}`)) return false;
    const { jti, ms } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as {
      jti: number;
      ms: number;
    };
    return jti > this.#revokedBefore && this.#now() < ms + this.#ttlMs;
  }

  /** Ends all tokens issued so far, as a server that restarts with new keys does. */
  revokeAll(): void {
    this.#revokedBefore = this.#count;
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
