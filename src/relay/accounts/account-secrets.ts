import { z } from "zod";

import { type SecretBox } from "./secret-box.ts";

/** A secret of a webhook. */
export interface WebhookSecret {
  readonly secret: string;
  /** Until when it counts, ms UTC; null: until another takes its place. */
  readonly until: number | null;
}

/** The secrets of an account as they are kept, each sealed for itself. */
export interface SealedSecrets {
  readonly webhook?: string | undefined;
  readonly token?: string | undefined;
}

const sealedSchema = z.object({ webhook: z.string().optional(), token: z.string().optional() });
const webhookSchema = z.array(z.object({ secret: z.string(), until: z.number().nullable() }));

export function parseSealed(text: string): SealedSecrets {
  return sealedSchema.parse(JSON.parse(text));
}

/** Seals and opens the secrets of one account. */
export class AccountSecrets {
  readonly #box: SecretBox;
  readonly #credentialId: string;

  constructor(box: SecretBox, credentialId: string) {
    this.#box = box;
    this.#credentialId = credentialId;
  }

  sealWebhook(secrets: readonly WebhookSecret[]): string {
    return this.#box.seal(JSON.stringify(secrets), this.#place("webhook"));
  }

  sealToken(token: string): string {
    return this.#box.seal(token, this.#place("token"));
  }

  /** Undefined: it can't be opened with the keys of now. */
  openWebhook(sealed: string): WebhookSecret[] | undefined {
    const text = this.#box.open(sealed, this.#place("webhook"));
    return text === undefined ? undefined : webhookSchema.parse(JSON.parse(text));
  }

  openToken(sealed: string): string | undefined {
    return this.#box.open(sealed, this.#place("token"));
  }

  /** What is kept, sealed under the key of now; undefined: it is already. What no key opens stays as it is. */
  renewed(text: string): string | undefined {
    const sealed = parseSealed(text);
    const webhook = this.#stale(sealed.webhook) ? this.openWebhook(sealed.webhook) : undefined;
    const token = this.#stale(sealed.token) ? this.openToken(sealed.token) : undefined;
    if (webhook === undefined && token === undefined) return undefined;
    return JSON.stringify({
      webhook: webhook === undefined ? sealed.webhook : this.sealWebhook(webhook),
      token: token === undefined ? sealed.token : this.sealToken(token),
    });
  }

  #stale(sealed: string | undefined): sealed is string {
    return sealed !== undefined && this.#box.canSeal && !this.#box.isCurrent(sealed);
  }

  #place(field: keyof SealedSecrets): string {
    return `${this.#credentialId}\0${field}`;
  }
}
