/**
 * Which top-level fields of a stream leave the connector. What a user unticks in the connection is missing from the
 * configured catalog's schema, and must not leave Dixa's network path.
 */
export class FieldSelection {
  readonly #fields: ReadonlySet<string>;
  /** Decisions by key bytes as they stand in the JSON, so that a key is decoded once a stream and not once a row. */
  readonly #decisions = new Map<string, boolean>();

  private constructor(fields: ReadonlySet<string>) {
    this.#fields = fields;
  }

  /**
   * @param configured top-level properties of the configured catalog's schema; undefined if it has none
   * @param discovered the properties that `discover` lists
   * @param always key and cursor
   * @returns undefined if nothing is left out
   */
  static of(
    configured: readonly string[] | undefined,
    discovered: readonly string[],
    always: readonly string[],
  ): FieldSelection | undefined {
    if (configured === undefined) return undefined;
    const listed = new Set(configured);
    if (discovered.every((field) => listed.has(field))) return undefined;
    return new FieldSelection(new Set([...configured, ...always]));
  }

  /** Whether the field whose key stands at these bytes (quotes included) leaves. */
  keeps(buffer: Buffer, start: number, end: number): boolean {
    const raw = buffer.toString("latin1", start, end);
    let decision = this.#decisions.get(raw);
    if (decision === undefined) {
      decision = this.#fields.has(JSON.parse(buffer.toString("utf8", start, end)) as string);
      this.#decisions.set(raw, decision);
    }
    return decision;
  }
}
