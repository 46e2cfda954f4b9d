import { type SeenRows } from "./page-reader.ts";
import { RowSet } from "./row-set.ts";

/** The rows of a list of any length, at 16 bytes a row and more. */
export class ManySeenRows implements SeenRows {
  readonly #rows = new RowSet(0);

  add(key: string): boolean {
    const bytes = Buffer.from(key);
    return this.#rows.addBytes(bytes, 0, bytes.length, 0);
  }
}

/** The rows of a short list. */
export class FewSeenRows implements SeenRows {
  readonly #rows = new Set<string>();

  add(key: string): boolean {
    const { size } = this.#rows;
    return this.#rows.add(key).size > size;
  }
}
