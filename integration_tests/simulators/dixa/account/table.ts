export type Row = Record<string, unknown>;

/** A list of the account. Its rows can come and go while somebody reads it page by page. */
export class Table {
  readonly #rows: Row[];

  constructor(rows: readonly Row[]) {
    this.#rows = [...rows];
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Puts a row in at a place; all rows from there on move by one. */
  insert(row: Row, at = 0): void {
    this.#rows.splice(at, 0, row);
  }

  /** Takes the row at a place out; all rows behind it move by one. */
  remove(at = 0): Row | undefined {
    return this.#rows.splice(at, 1)[0];
  }
}
