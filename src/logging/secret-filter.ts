const MASK = "****";
/** A shorter secret would blot out ordinary words. */
const SHORTEST_SECRET = 4;
/** Of a secret that is twice as long, so many first characters are hidden too: quoted answers are cut anywhere. */
const TELLING_START = 8;

/** Replaces secrets by `****` wherever they stand in a text, in each form in which they could leave. */
export class SecretFilter {
  readonly #forms = new Set<string>();

  /** From now on these values are hidden: as they are, escaped for JSON or a URL, and in Basic credentials. */
  hide(secrets: readonly string[]): void {
    for (const secret of secrets) {
      if (secret.length < SHORTEST_SECRET) continue;
      this.#forms.add(secret);
      this.#forms.add(JSON.stringify(secret).slice(1, -1));
      this.#forms.add(encodeURIComponent(secret.toWellFormed()));
      this.#forms.add(Buffer.from(secret).toString("base64"));
      this.#forms.add(Buffer.from(`bearer:${secret}`).toString("base64"));
    }
  }

  apply(text: string): string {
    // All places first, then the masks: secrets that overlap must not leave each other's rest.
    const places = [...this.#forms].flatMap((form) => placesOf(form, text)).sort(([a], [b]) => a - b);
    let filtered = "";
    let at = 0;
    for (const [lo, hi] of places) {
      // A place that touches the one before is hidden by the same mask.
      if (lo > at || filtered === "") filtered += text.slice(at, lo) + MASK;
      at = Math.max(at, hi);
    }
    return filtered + text.slice(at);
  }
}

/** Where the secret stands in the text, or as much of its start as is there. */
function placesOf(secret: string, text: string): [lo: number, hi: number][] {
  const start = secret.length < 2 * TELLING_START ? secret : secret.slice(0, TELLING_START);
  const places: [number, number][] = [];
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + 1)) {
    let length = start.length;
    while (length < secret.length && text[at + length] === secret[length]) length++;
    places.push([at, at + length]);
  }
  return places;
}
