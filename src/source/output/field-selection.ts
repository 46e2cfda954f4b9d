type Schema = Readonly<Record<string, unknown>>;

/**
 * Which members of a value the connection has ticked. What a user unticks is missing from the configured catalog's
 * schema, and must not leave Dixa's network path.
 *
 * Airbyte's own page and API untick top-level fields only (its server refuses nested ones); other programs that write a
 * catalog can leave members out at any depth. An object from which nothing is missing passes whole, with what the
 * schema does not know; one from which something is missing passes with its listed members alone.
 */
export class FieldSelection {
  /** Whether something that `discover` lists is missing here, so that only what is listed leaves. */
  readonly isThinned: boolean;
  readonly #configured: Schema | undefined;
  readonly #discovered: Schema | undefined;

  private constructor(configured: Schema | undefined, discovered: Schema | undefined) {
    this.#configured = configured;
    this.#discovered = discovered;
    const listed = propertiesOf(configured);
    this.isThinned =
      listed !== undefined && Object.keys(propertiesOf(discovered) ?? {}).some((name) => !(name in listed));
  }

  /**
   * @param configured the schema of the configured catalog; one that lists no field at the top ticks all of them
   * @param discovered the schema that `discover` prints
   */
  static of(configured: Schema | undefined, discovered: Schema): FieldSelection {
    const isEmpty = Object.keys(propertiesOf(configured) ?? {}).length === 0;
    return new FieldSelection(isEmpty ? undefined : configured, discovered);
  }

  /** Members that are listed. */
  get listed(): string[] {
    return Object.keys(propertiesOf(this.#configured) ?? {});
  }

  leaves(member: string): boolean {
    return !this.isThinned || member in (propertiesOf(this.#configured) ?? {});
  }

  /** Paths of what `discover` lists and this selection lacks. */
  *missing(path = ""): Generator<string, void, undefined> {
    if (this.#configured === undefined) return;
    for (const name of Object.keys(propertiesOf(this.#discovered) ?? {})) {
      const own = path === "" ? name : `${path}.${name}`;
      if (this.leaves(name)) yield* this.member(name).missing(own);
      else yield own;
    }
    if (this.#discovered?.["items"] !== undefined) yield* this.elements.missing(path);
  }

  /** The selection within a member. */
  member(name: string): FieldSelection {
    return new FieldSelection(
      schemaOf(propertiesOf(this.#configured)?.[name]),
      schemaOf(propertiesOf(this.#discovered)?.[name]),
    );
  }

  /** The selection within each element of a list. */
  get elements(): FieldSelection {
    return new FieldSelection(schemaOf(this.#configured?.["items"]), schemaOf(this.#discovered?.["items"]));
  }
}

function propertiesOf(schema: Schema | undefined): Schema | undefined {
  return schemaOf(schema?.["properties"]);
}

/** The value if it can be a schema; other programs may have put anything there, or null. */
function schemaOf(value: unknown): Schema | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;
}
