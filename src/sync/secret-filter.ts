const MASK = "****";
/** A shorter secret would blot out ordinary words. */
const SHORTEST_SECRET = 4;

/** Replaces secrets by `****` wherever they stand in a text, in each form in which they could leave. */
export class SecretFilter {
  #forms: string[] = [];

  /** From now on these values are hidden: as they are, escaped for JSON or a URL, and in Basic credentials. */
  hide(secrets: readonly string[]): void {
    const forms = new Set(this.#forms);
    for (const secret of secrets) {
      if (secret.length < SHORTEST_SECRET) continue;
      forms.add(secret);
      forms.add(JSON.stringify(secret).slice(1, -1));
      forms.add(encodeURIComponent(secret));
      forms.add(Buffer.from(secret).toString("base64"));
      forms.add(Buffer.from(`bearer:${secret}`).toString("base64"));
    }
    // Longest first: a secret that contains another one must not leave a remainder.
    this.#forms = [...forms].sort((a, b) => b.length - a.length);
  }

  apply(text: string): string {
    let filtered = text;
    for (const form of this.#forms) filtered = filtered.replaceAll(form, MASK);
    return filtered;
  }
}
