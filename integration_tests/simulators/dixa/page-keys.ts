/**
 * What a page key is good for. Those in Dixa's documents look like places in a list, which could be asked for again and
 * again (`lasting`); that they are is not said. The others are good for one use, and answer a second one so.
 */
export const PAGE_KEYS = ["lasting", "refused", "empty", "next page"] as const;
export type PageKeyKind = (typeof PAGE_KEYS)[number];

/** Makes the keys of pages: their parameters in base64, as the example in Dixa's documents decodes. */
export class PageKeys {
  readonly #kind: PageKeyKind;
  /** How often each key was used. */
  readonly #uses = new Map<string, number>();
  #count = 0;

  constructor(kind: PageKeyKind) {
    this.#kind = kind;
  }

  /** @param parameters of the request, with the number of the page as `page` */
  make(parameters: URLSearchParams): string {
    const own = new URLSearchParams(parameters);
    if (this.#kind !== "lasting") own.set("use", String(++this.#count));
    return Buffer.from(own.toString()).toString("base64");
  }

  /** The parameters that a key stands for now, or how it is answered instead. */
  open(key: string): URLSearchParams | "refused" | "empty" {
    const parameters = new URLSearchParams(Buffer.from(key, "base64").toString("utf8"));
    const page = Number(parameters.get("page") ?? Number.NaN);
    if (!Number.isInteger(page) || page < 0) return "refused";
    parameters.delete("use");
    const uses = this.#uses.get(key) ?? 0;
    if (this.#kind === "lasting" || uses === 0) {
      this.#uses.set(key, 1);
      return parameters;
    }
    if (this.#kind !== "next page") return this.#kind;
    this.#uses.set(key, uses + 1);
    parameters.set("page", String(page + uses));
    return parameters;
  }
}
