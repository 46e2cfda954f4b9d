/**
 * What a page key may be, none of which is documented: `lasting` is a place in the list. The others are good for one use
 * and answer a second one so, but for the last, where the one key that all pages have stands for whoever reads.
 */
export const KEY_READINGS = [
  "lasting",
  "refused",
  "gone",
  "not found",
  "goes on",
  "first page",
  "empty",
  "one for all",
] as const;
export type KeyReading = (typeof KEY_READINGS)[number];

const REFUSALS: Readonly<Partial<Record<KeyReading, number>>> = { refused: 400, gone: 410, "not found": 404 };

/** Gives lists out in pages, with keys of one of these kinds. */
export class KeyedPages {
  reading: KeyReading = "lasting";
  readonly #path: string;
  readonly #size: number;
  /** The place that each key stands for, and the keys that have been used. */
  readonly #places = new Map<string, number>();
  readonly #used = new Set<string>();

  constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
  }

  /** The answer to a request for a page of these rows, or the status that refuses it. */
  answer(key: string | null, rows: readonly unknown[]): Record<string, unknown> | number {
    if (key === null) return this.#pageAt(0, rows);
    const place = this.#places.get(key) ?? 0;
    if (this.reading === "one for all" || this.reading === "lasting" || !this.#used.has(key)) {
      this.#used.add(key);
      return this.#pageAt(place, rows);
    }
    switch (this.reading) {
      case "empty":
        return { data: [], meta: {} };
      case "first page":
        return this.#pageAt(0, rows);
      case "goes on":
        this.#places.set(key, place + this.#size);
        return this.#pageAt(place + this.#size, rows);
      default:
        return REFUSALS[this.reading] ?? 400;
    }
  }

  #pageAt(from: number, rows: readonly unknown[]): Record<string, unknown> {
    const to = from + this.#size;
    const data = rows.slice(from, to);
    if (to >= rows.length) return { data, meta: {} };
    const next = this.reading === "one for all" ? "cursor" : `k${this.#places.size}`;
    this.#places.set(next, to);
    return { data, meta: { next: `${this.#path}?pageKey=${next}` } };
  }
}
