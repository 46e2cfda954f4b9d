/** How a text might stand somewhere without being readable at once. */
function spellingsOf(secret: string): Map<string, Buffer> {
  const bytes = Buffer.from(secret);
  const spellings = new Map([
    ["as it is", secret],
    ["in hex", bytes.toString("hex")],
    ["in upper-case hex", bytes.toString("hex").toUpperCase()],
    ["URL-encoded", encodeURIComponent(secret)],
    ["as a form", new URLSearchParams({ s: secret }).toString().slice(2)],
    ["as JSON", JSON.stringify(secret).slice(1, -1)],
    ["as HTML", secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")],
  ]);
  // What stands before it shifts its bits; what doesn't depend on its neighbours is looked for.
  for (const shift of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    const from = shift === 0 ? 0 : shift + 1;
    const to = Math.floor(shifted.length / 3) * 4;
    for (const alphabet of ["base64", "base64url"] as const) {
      spellings.set(`in ${alphabet}, shifted by ${shift}`, shifted.toString(alphabet).slice(from, to));
    }
  }
  return new Map(Array.from(spellings, ([name, text]) => [name, Buffer.from(text)]));
}

export interface Trace {
  place: string;
  spelling: string;
  /** Which of the secrets. */
  index: number;
}

/** Where any of the secrets stands, in whatever spelling. The secrets themselves are not part of what is returned. */
export function tracesOf(
  secrets: readonly string[],
  places: Readonly<Record<string, Buffer | string>>,
): Trace[] {
  const wanted = secrets.map(spellingsOf);
  return Object.entries(places).flatMap(([place, content]) => {
    const bytes = Buffer.from(content);
    return wanted.flatMap((spellings, index) =>
      Array.from(spellings)
        .filter(([, spelling]) => bytes.includes(spelling))
        .map(([spelling]) => ({ place, spelling, index })),
    );
  });
}
