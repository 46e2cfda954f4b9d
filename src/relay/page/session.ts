import { createHmac, randomBytes } from "node:crypto";

import { isSameSecret } from "../http/token.ts";

const LIFE_MS = 12 * 3_600_000;

export interface Session {
  /** What forms must bring along, so that no other site can send them. */
  readonly csrf: string;
}

/**
 * Sessions without a table: the cookie carries its end and a signature, so every replica knows every session. A new
 * admin token ends them all.
 */
export class Sessions {
  readonly #key: Buffer;
  readonly #isSecure: boolean;

  /** @param isSecure the page is reached by https only */
  constructor(adminToken: string, isSecure: boolean) {
    this.#key = createHmac("sha256", adminToken).update("dixa-relay session").digest();
    this.#isSecure = isSecure;
  }

  /** @returns the Set-Cookie header of a new session */
  open(now: number): string {
    const content = `${now + LIFE_MS}.${randomBytes(16).toString("base64url")}`;
    return this.#cookie(`${content}.${this.#sign("cookie", content)}`, LIFE_MS / 1000);
  }

  /** @returns the Set-Cookie header that ends the session in this browser */
  close(): string {
    return this.#cookie("", 0);
  }

  /** The session of a request's Cookie header, if it has one that holds. */
  read(cookies: string | undefined, now: number): Session | undefined {
    for (const cookie of (cookies ?? "").split(";")) {
      const [name, value = ""] = cookie.trim().split("=", 2);
      if (name !== this.#name) continue;
      const [, content, end, signature] = /^((\d{1,16})\.[\w-]{22})\.([\w-]{43})$/.exec(value) ?? [];
      if (content === undefined || signature === undefined) continue;
      if (!isSameSecret(signature, this.#sign("cookie", content))) continue;
      if (Number(end) > now) return { csrf: this.#sign("csrf", content) };
    }
    return undefined;
  }

  /** With this prefix, browsers take the cookie over https only, and from nobody but this very host. */
  get #name(): string {
    return this.#isSecure ? "__Host-dixa_relay" : "dixa_relay";
  }

  #cookie(value: string, seconds: number): string {
    const secure = this.#isSecure ? "; Secure" : "";
    return `${this.#name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
  }

  #sign(purpose: string, content: string): string {
    return createHmac("sha256", this.#key).update(`${purpose} ${content}`).digest("base64url");
  }
}
